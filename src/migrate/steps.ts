import type { Exposure, SubjectState } from '../gateway/plan-subject.types.ts';
import type { ClassFacts } from './facts.ts';

/** Where a Gateway is on its way to another class. All of it is read from the cluster, so that any run can go on. */
export type Stage =
  /** The Gateway names another class still. */
  | 'switch-class'
  /** Cilium has not seen the new class yet. */
  | 'await-class'
  /** Its Service has the loadBalancerClass of before, which nobody can change. */
  | 'recreate-service'
  /** The old Service is gone, or going; Cilium has not made the new one. */
  | 'await-service'
  /** The new Service is there: NodePorts, targetPorts and address are due. */
  | 'publish'
  /** All is written; Cilium has not taken the address over. */
  | 'await-programmed'
  | 'done';

/** One step as people are told of it. */
export interface MigrationStep {
  readonly id: 'switch-class' | 'recreate-service' | 'publish' | 'check';
  readonly what: string;
  /** What it costs those who connect, as measured (docs/migrate.md). */
  readonly outage: string;
  readonly state: 'done' | 'todo';
}

/** The stages in which each step is still to be done. */
const OPEN: Readonly<Record<MigrationStep['id'], readonly Stage[]>> = {
  'switch-class': ['switch-class', 'await-class'],
  'recreate-service': ['switch-class', 'await-class', 'recreate-service', 'await-service'],
  publish: ['switch-class', 'await-class', 'recreate-service', 'await-service', 'publish'],
  check: ['switch-class', 'await-class', 'recreate-service', 'await-service', 'publish', 'await-programmed'],
};

/** The steps of a move, with what is done of them. */
export function stepsOf(stage: Stage, from: string, to: ClassFacts, state: SubjectState | undefined): MigrationStep[] {
  const exposure = state?.exposure;
  const service = `Service ${state?.subject.namespace ?? ''}/${state?.subject.serviceName ?? ''}`;
  const loadBalancerClass = to.service?.loadBalancerClass ?? '';
  const wanted =
    loadBalancerClass === '' ? 'without a loadBalancerClass' : `with loadBalancerClass ${loadBalancerClass}`;
  const parts: readonly Omit<MigrationStep, 'state'>[] = [
    {
      id: 'switch-class',
      what: `The Gateway names the GatewayClass ${to.name}${from === to.name ? '' : ` instead of ${from}`}. Its Service stays as it is.`,
      outage: 'none',
    },
    {
      id: 'recreate-service',
      what: `${service} is deleted, and Cilium makes it anew ${wanted}. It gets another ClusterIP.`,
      outage: recreationOutage(exposure),
    },
    {
      id: 'publish',
      what: `The new Service gets its NodePorts back (${nodePortsOf(state)}), and its address.`,
      outage: 'none more; until then the Gateway is not Programmed',
    },
    { id: 'check', what: 'Cilium takes the address over: the Gateway is Programmed.', outage: 'none' },
  ];
  return parts.map((part) => ({ ...part, state: OPEN[part.id].includes(stage) ? 'todo' : 'done' }));
}

function recreationOutage(exposure: Exposure | undefined): string {
  const callers = 'Pods that call the Gateway by the name of its Service fail until their DNS shows the new ClusterIP';
  switch (exposure) {
    case 'redirect':
      return `none at the load balancer: the redirect does not need that Service; ${callers}`;
    case 'node-port':
    case 'pod-ip':
    case 'host-network':
    case undefined:
      return `new connections fail for about a second: the way in leads through that Service's NodePort; ${callers}`;
  }
}

function nodePortsOf(state: SubjectState | undefined): string {
  const ports = state?.subject.service?.ports ?? [];
  // Of a Service that is new already: those that it is about to get.
  const pin = state?.actions.find(({ kind }) => kind === 'pin-node-port');
  const due = new Map(pin?.changes.map(({ field, after }) => [field, Number(after)]));
  return ports.length === 0
    ? 'those that the entrypoint leads to'
    : ports.map(({ port, nodePort }) => `${port}: ${due.get(`spec.ports[${port}].nodePort`) ?? nodePort}`).join(', ');
}
