import { ENVOY_CONFIGS, SERVICES } from '../../src/kube/resources.ts';
import { type KubeObject, objectsAt } from '../fake-api/json.ts';
import type { Random } from '../random.ts';
import { ENTRYPOINT_NAMESPACE, INVENTED, type SoakCluster, type Subject } from './cluster.ts';
import { configsOf } from './expected.ts';

const STALE_TARGET_PORT = 32_546;
const BY_HAND = { manager: 'kubectl-edit' } as const;

interface Kind {
  readonly name: string;
  readonly weight: number;
  /** `choice`: 0 ≤ x < 1. False: there was nothing to change. */
  run(cluster: SoakCluster, subject: Subject, choice: number): boolean;
}

const KINDS: readonly [Kind, ...Kind[]] = [
  { name: 'route', weight: 30, run: (cluster, subject) => alter(cluster, subject, { route: subject.route + 1 }) },
  {
    name: 'listener',
    weight: 8,
    run: (cluster, subject) =>
      subject.kind === 'Gateway' && alter(cluster, subject, { ports: subject.ports.length === 1 ? [80, 8080] : [80] }),
  },
  {
    name: 'Gateway or Ingress removed',
    weight: 6,
    run: (cluster, subject) => subject.exists && alter(cluster, subject, { exists: false }),
  },
  {
    name: 'entrypoint removed',
    weight: 5,
    run: (cluster, subject) => subject.wantsEntrypoint && alter(cluster, subject, { wantsEntrypoint: false }),
  },
  {
    name: 'what was removed made anew',
    weight: 30,
    run: (cluster, subject) =>
      !(subject.exists && subject.wantsEntrypoint) && alter(cluster, subject, { exists: true, wantsEntrypoint: true }),
  },
  {
    name: 'exposure',
    weight: 4,
    run: (cluster, subject) =>
      alter(cluster, subject, { exposure: subject.exposure === 'auto' ? 'node-port' : 'auto' }),
  },
  {
    name: 'paused, or no longer',
    weight: 4,
    run: (cluster, subject, choice) => alter(cluster, subject, { paused: choice < 0.25 }),
  },
  { name: 'address of the load balancer', weight: 7, run: bindOther },
  { name: 'stale targetPort by hand', weight: 6, run: staleTargetPort },
  { name: 'invented address by hand', weight: 5, run: inventAddress },
  { name: 'redirect copy removed or altered', weight: 5, run: meddleWithCopy },
  { name: 'node joins or leaves', weight: 12, run: moveNode },
  { name: 'Service that nobody asked about', weight: 7, run: touchStranger },
];

/**
 * Makes one random change.
 * @param random of this change alone
 * @returns what it was; undefined where there was nothing to change
 */
export function changeSomething(cluster: SoakCluster, random: Random): string | undefined {
  const kind = random.weighted(KINDS);
  const subject = random.pick(cluster.subjects);
  return kind.run(cluster, subject, random.next()) ? kind.name : undefined;
}

/** The last changes: nothing is paused, so that everything must come into sync. */
export function unpauseAll(cluster: SoakCluster): void {
  for (const subject of cluster.subjects) {
    if (subject.paused) alter(cluster, subject, { paused: false });
  }
}

function alter(cluster: SoakCluster, subject: Subject, change: Partial<Subject>): boolean {
  Object.assign(subject, change);
  cluster.show(subject);
  return true;
}

function bindOther(cluster: SoakCluster, { loadBalancer }: Subject, choice: number): boolean {
  const ip = `203.0.114.${1 + Math.floor(choice * 250)}`;
  const addresses = choice < 0.15 ? [] : choice < 0.5 ? [{ ip }] : [{ ip }, { ip: `192.168.0.${ip.split('.')[3]}` }];
  cluster.bind(loadBalancer, addresses);
  return true;
}

function staleTargetPort({ api }: SoakCluster, { entrypoint }: Subject): boolean {
  if (api.get(SERVICES, entrypoint) === undefined) return false;
  const spoil = (service: KubeObject): void => {
    for (const port of objectsAt(service, 'spec', 'ports').slice(0, 1)) port.targetPort = STALE_TARGET_PORT;
  };
  api.update(SERVICES, entrypoint, spoil, BY_HAND);
  return true;
}

function inventAddress({ api }: SoakCluster, { service }: Subject): boolean {
  if (api.get(SERVICES, service) === undefined) return false;
  const invent = (object: KubeObject): void => {
    object.status = { loadBalancer: { ingress: [{ ip: INVENTED }] } };
  };
  api.update(SERVICES, service, invent, { ...BY_HAND, subresource: 'status' });
  return true;
}

function meddleWithCopy({ api }: SoakCluster, subject: Subject, choice: number): boolean {
  const [copy] = configsOf(api, subject.entrypoint);
  if (copy === undefined) return false;
  const ref = { namespace: ENTRYPOINT_NAMESPACE, name: copy.metadata.name };
  if (choice < 0.5) {
    api.remove(ENVOY_CONFIGS, ref);
  } else {
    const empty = (object: KubeObject): void => {
      object.spec = { services: objectsAt(object, 'spec', 'services'), resources: [] };
    };
    api.update(ENVOY_CONFIGS, ref, empty, BY_HAND);
  }
  return true;
}

function moveNode(cluster: SoakCluster, _: Subject, choice: number): boolean {
  const node = cluster.nodes[Math.floor(choice * cluster.nodes.length)] ?? cluster.nodes[0];
  node.exists = !node.exists;
  node.boot += 1;
  cluster.showNode(node);
  return true;
}

function touchStranger({ api }: SoakCluster, _: Subject, choice: number): boolean {
  const name = `stranger-${Math.floor(choice * 10)}`;
  const annotations = { 'example.com/touched': String(choice) };
  api.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name, annotations },
    spec: { ports: [{ port: 80 }] },
  });
  return true;
}
