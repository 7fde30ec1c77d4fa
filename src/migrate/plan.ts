import type { Config } from '../config/config.types.ts';
import type { ServiceModel } from '../gateway/models/service.ts';
import type { GatewayObservation } from '../gateway/observation.ts';
import type { GatewayPlan } from '../gateway/plan.ts';
import type { SubjectState } from '../gateway/plan-subject.types.ts';
import { GATEWAYS, SERVICES } from '../kube/resources.ts';
import { targetOf } from '../plan/make.ts';
import type { Action, Finding } from '../plan/plan.types.ts';
import type { ClassFacts, GatewayFacts } from './facts.ts';
import { chooseClass, refusalsOf } from './refusals.ts';
import type { Stage } from './steps.ts';

/** What was read. */
export interface MigrationInput {
  readonly gateway: GatewayFacts;
  readonly classes: readonly ClassFacts[];
  /** The API server knows CiliumGatewayClassConfig (Cilium 1.18 and newer). */
  readonly configsServed: boolean;
  /** What planning says of all Gateways as they are. */
  readonly look: GatewayPlan;
  readonly state: SubjectState | undefined;
  readonly observation: GatewayObservation;
  readonly config: Config;
  /** The class that was asked for; undefined: the one of ours. */
  readonly toClass: string | undefined;
  /** Also a Gateway that is not Programmed now. */
  readonly force: boolean;
}

/** What is to be done next on a Gateway's way to another class. */
export interface MigrationPlan {
  readonly to: ClassFacts | undefined;
  /** Undefined: refused. */
  readonly stage: Stage | undefined;
  /** Why not. Nothing is written. */
  readonly refusals: readonly Finding[];
  /** What is written now; none while others have to act. */
  readonly actions: readonly Action[];
  /** What will be written, as far as that can be said now. */
  readonly preview: readonly Action[];
}

/**
 * Plans the next step. Pure. Where the Gateway stands is told by the cluster alone: by the class that it names, by the
 * loadBalancerClass of its Service, by what is published.
 */
export function planMigration(input: MigrationInput): MigrationPlan {
  const { gateway, state } = input;
  const chosen = chooseClass(input);
  if (chosen.to === undefined) return refused(undefined, chosen.refusals);
  const { to } = chosen;
  if (state === undefined) return refused(to, chosen.refusals);
  const wanted = to.service?.loadBalancerClass ?? '';
  const stage = stageOf(gateway, to, wanted, input);
  const refusals = refusalsOf(stage, to, input);
  if (refusals.length > 0) return refused(to, refusals);
  const { service } = state.subject;
  const parts = { key: state.subject.key, related: [state.subject.target] };
  const toSwitch = gateway.className === to.name ? [] : [switchAction(gateway, to, parts)];
  const toRecreate =
    service === undefined || service.loadBalancerClass === wanted ? [] : [recreateAction(service, wanted, parts)];
  return {
    to,
    stage,
    refusals: [],
    actions: actionsOf(stage, toSwitch, toRecreate, state),
    preview: [...toSwitch, ...toRecreate],
  };
}

function refused(to: ClassFacts | undefined, refusals: readonly Finding[]): MigrationPlan {
  return { to, stage: undefined, refusals, actions: [], preview: [] };
}

function stageOf(gateway: GatewayFacts, to: ClassFacts, wanted: string, { state, look }: MigrationInput): Stage {
  const service = state?.subject.service;
  if (gateway.className !== to.name) return 'switch-class';
  // An operator that has not seen the new class would make the Service as it was, and it would have to go once more.
  if (service !== undefined && service.loadBalancerClass !== wanted) {
    return gateway.observed ? 'recreate-service' : 'await-class';
  }
  if (service === undefined) return 'await-service';
  if ((state?.actions ?? []).length > 0) return 'publish';
  const programmed = look.findings.some(
    ({ check, verdict, target }) => check === 'programmed' && verdict === 'pass' && target === state?.subject.target,
  );
  return programmed ? 'done' : 'await-programmed';
}

function actionsOf(
  stage: Stage,
  toSwitch: readonly Action[],
  toRecreate: readonly Action[],
  state: SubjectState,
): readonly Action[] {
  switch (stage) {
    case 'switch-class':
      return toSwitch;
    case 'recreate-service':
      return toRecreate;
    case 'publish':
      return nextWrites(state.actions);
    case 'await-class':
    case 'await-service':
    case 'await-programmed':
    case 'done':
      return [];
  }
}

/** What is written after a NodePort was given back rests on the Service as it is then. */
function nextWrites(actions: readonly Action[]): readonly Action[] {
  const pin = actions.findIndex(({ kind }) => kind === 'pin-node-port');
  return pin < 0 ? actions : actions.slice(0, pin + 1);
}

function switchAction(
  { meta, className }: GatewayFacts,
  to: ClassFacts,
  parts: Pick<Action, 'key' | 'related'>,
): Action {
  return {
    ...parts,
    kind: 'switch-class',
    target: targetOf(GATEWAYS, meta),
    targetVersion: meta.resourceVersion,
    changes: [{ field: 'spec.gatewayClassName', before: className, after: to.name }],
    reason: 'GatewayClassSwitched',
    message: `Let ${parts.key} name the GatewayClass ${to.name}; Cilium keeps its Service as it is.`,
    request: {
      verb: 'patch',
      resource: GATEWAYS,
      ref: { namespace: meta.namespace, name: meta.name },
      patch: {
        type: 'json',
        body: [
          { op: 'test', path: '/metadata/uid', value: meta.uid },
          { op: 'test', path: '/spec/gatewayClassName', value: className },
          { op: 'replace', path: '/spec/gatewayClassName', value: to.name },
        ],
      },
    },
  };
}

/** Rule 4's one exception: loadBalancerClass cannot be changed, so Cilium has to make the Service anew. */
function recreateAction(service: ServiceModel, wanted: string, parts: Pick<Action, 'key' | 'related'>): Action {
  const { meta, loadBalancerClass } = service;
  return {
    ...parts,
    kind: 'recreate-service',
    target: targetOf(SERVICES, meta),
    targetVersion: meta.resourceVersion,
    changes: [
      {
        field: 'spec.loadBalancerClass',
        before: loadBalancerClass === '' ? undefined : loadBalancerClass,
        after: wanted === '' ? undefined : wanted,
      },
    ],
    reason: 'GatewayServiceRecreated',
    message: `Delete the Service of ${parts.key}; Cilium makes it anew, ${wanted === '' ? 'without a loadBalancerClass' : `with loadBalancerClass ${wanted}`}.`,
    request: {
      verb: 'delete',
      resource: SERVICES,
      ref: { namespace: meta.namespace, name: meta.name },
      uid: meta.uid,
      resourceVersion: meta.resourceVersion,
    },
  };
}
