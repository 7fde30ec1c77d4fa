import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAEMON_SETS, GATEWAYS, INGRESSES, NODES, PODS, type Resource, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef, RawObject } from '../../src/kube/types.ts';
import { createSender } from '../control-plane/http.ts';
import { ciliumObjects } from '../demo/cilium.ts';
import { type Ccm, type CloudAddress, startCcm } from '../emulators/ccm.ts';
import { type CiliumOperator, startCiliumOperator } from '../fake-api/cilium-operator.ts';
import { stringAt } from '../fake-api/json.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { agentPod, cceNode } from '../taints/fixture.ts';

/*
 * The cluster of a soak: a fake API server in this process with models of Cilium's operator and of the cloud's
 * controller, Gateways and Ingresses with entrypoints, and nodes that come with a taint and go.
 */

const NAMESPACES = ['default', 'team-a', 'team-b', 'team-c'];
const ADOPTED = 28;
const MANAGED = 8;
const INGRESS_COUNT = 4;
const NODE_SLOTS = 40;
const CCM_TOKEN = 'cloud';
const CCM_EVERY_MS = 200;
export const ENTRYPOINT_NAMESPACE = 'kube-system';
/** What no cloud gave: an address that a person wrote by hand. */
export const INVENTED = '198.18.0.1';

/** A Gateway or Ingress as it is wanted now, and what its users said of its entrypoint. */
export interface Subject {
  readonly kind: 'Gateway' | 'Ingress';
  readonly ref: ObjectRef;
  /** The Service that Cilium makes for it. */
  readonly service: ObjectRef;
  /** Adopted: the user's Service. Managed: the program makes one when it is asked to. */
  readonly adopted: boolean;
  readonly entrypoint: ObjectRef;
  readonly loadBalancer: string;
  exists: boolean;
  /** Of an adopted one: whether the user has it; of a managed one: whether it is asked for. */
  wantsEntrypoint: boolean;
  exposure: 'auto' | 'node-port';
  paused: boolean;
  ports: readonly number[];
  /** Rises with each change of its route. */
  route: number;
}

export interface NodeSlot {
  readonly name: string;
  exists: boolean;
  /** Rises with each time it joins. */
  boot: number;
}

export interface SoakCluster {
  readonly api: FakeApi;
  readonly operator: CiliumOperator;
  readonly subjects: readonly [Subject, ...(readonly Subject[])];
  readonly nodes: readonly [NodeSlot, ...(readonly NodeSlot[])];
  readonly kubeconfigPath: string;
  readonly dir: string;
  /** Makes the API server's objects of a subject as it says. */
  show(subject: Subject): void;
  showNode(node: NodeSlot): void;
  bind(loadBalancer: string, addresses: readonly CloudAddress[]): void;
  /** A new token for the program; the old one is no longer good. */
  rotateToken(): void;
  stop(): Promise<void>;
}

/** Configuration of the program for this cluster: what people do to it on purpose is no fight between two writers. */
export const SOAK_CONFIG = {
  gateway: {
    managed: {
      enabled: true,
      allowedNamespaces: NAMESPACES,
      allowedAnnotations: ['kubernetes.io/elb.*'],
      allowedLoadBalancerIds: Array.from({ length: MANAGED }, (_, index) => `elb-m${index}`),
      removeAfter: '5s',
    },
  },
  taints: { grace: '1s', confirmAfter: '1s', maxPercent: 100, removalsPerBoot: 100 },
  holdOff: { reverts: 100 },
};

/** @param managedNameOf the name of a managed entrypoint, by namespace and name of its Gateway */
export async function startSoakCluster(
  managedNameOf: (namespace: string, name: string) => string,
): Promise<SoakCluster> {
  const api = await startFakeApi();
  const dir = mkdtempSync(join(tmpdir(), 'ccb-soak-'));
  const kubeconfigPath = join(dir, 'kubeconfig');
  let generation = 0;
  const rotateToken = (): void => {
    const former = `program-${generation}`;
    generation += 1;
    api.access.addToken(`program-${generation}`);
    api.writeKubeconfig(kubeconfigPath, { token: `program-${generation}` });
    api.access.revokeToken(former);
  };
  rotateToken();
  api.access.addToken(CCM_TOKEN);
  for (const object of initialObjects()) api.apply(object);
  const operator = startCiliumOperator(api);
  const sender = createSender({ server: api.url, ca: '' }, CCM_TOKEN);
  const subjects = makeSubjects(managedNameOf);
  const nodes = Array.from(
    { length: NODE_SLOTS },
    (_, index): NodeSlot => ({ name: `node-${index}`, exists: false, boot: 0 }),
  );
  const ccm: Ccm = startCcm({ send: sender.send, dialect: 'huawei', manner: 'holds', everyMs: CCM_EVERY_MS });
  for (const [index, { loadBalancer }] of subjects.entries()) {
    ccm.setAddresses(loadBalancer, [{ ip: `203.0.113.${index + 1}` }]);
  }
  for (const subject of subjects) showSubject(api, subject);
  await operator.settled();
  return {
    api,
    operator,
    subjects: nonEmpty(subjects),
    nodes: nonEmpty(nodes),
    kubeconfigPath,
    dir,
    show: (subject) => showSubject(api, subject),
    showNode: (node) => showNode(api, node),
    bind: ccm.setAddresses,
    rotateToken,
    async stop() {
      await ccm.stop();
      operator.stop();
      sender.close();
      await api.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function nonEmpty<T>([first, ...rest]: readonly T[]): readonly [T, ...T[]] {
  if (first === undefined) throw new Error('an empty list');
  return [first, ...rest];
}

function initialObjects(): RawObject[] {
  return [
    ...ciliumObjects({ version: '1.19.5', nodes: { 'first-1': '10.2.0.11', 'first-2': '10.2.0.12' } }),
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'cilium' },
      spec: { controllerName: 'io.cilium/gateway-controller' },
    },
    ...NAMESPACES.map((namespace) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name: 'backend' },
      spec: { ports: [{ port: 80 }] },
    })),
  ];
}

function makeSubjects(managedNameOf: (namespace: string, name: string) => string): Subject[] {
  const gateways = Array.from({ length: ADOPTED + MANAGED }, (_, index): Subject => {
    const adopted = index < ADOPTED;
    const ref = { namespace: NAMESPACES[index % NAMESPACES.length] ?? '', name: `gw-${index}` };
    const name = adopted ? `entry-${ref.name}` : managedNameOf(ref.namespace, ref.name);
    return {
      ...fresh,
      kind: 'Gateway',
      ref,
      service: { ...ref, name: `cilium-gateway-${ref.name}` },
      adopted,
      entrypoint: { namespace: ENTRYPOINT_NAMESPACE, name },
      loadBalancer: adopted ? `elb-${index}` : `elb-m${index - ADOPTED}`,
    };
  });
  const ingresses = Array.from({ length: INGRESS_COUNT }, (_, index): Subject => {
    const ref = { namespace: NAMESPACES[index % NAMESPACES.length] ?? '', name: `in-${index}` };
    return {
      ...fresh,
      kind: 'Ingress',
      ref,
      service: { ...ref, name: `cilium-ingress-${ref.name}` },
      adopted: true,
      entrypoint: { namespace: ENTRYPOINT_NAMESPACE, name: `entry-${ref.name}` },
      loadBalancer: `elb-i${index}`,
    };
  });
  return [...gateways, ...ingresses];
}

const fresh = { exists: true, wantsEntrypoint: true, exposure: 'auto', paused: false, ports: [80], route: 0 } as const;
const PREFIX = 'cilium-cloud-bridge.io/';

function showSubject(api: FakeApi, subject: Subject): void {
  const { kind, ref, entrypoint } = subject;
  setObject(api, kind === 'Gateway' ? GATEWAYS : INGRESSES, ref, subject.exists, () => subjectObject(subject));
  if (kind === 'Gateway') api.apply(routeObject(subject));
  if (subject.adopted) {
    setObject(api, SERVICES, entrypoint, subject.wantsEntrypoint, () => entrypointObject(api, subject));
  }
}

function setObject(api: FakeApi, resource: Resource, ref: ObjectRef, wanted: boolean, make: () => RawObject): void {
  if (wanted) api.apply(make());
  else api.remove(resource, ref);
}

function subjectObject(subject: Subject): RawObject {
  const { ref, ports, adopted, wantsEntrypoint, loadBalancer, route } = subject;
  const paused: Record<string, string> = subject.paused ? { [`${PREFIX}paused`]: 'true' } : {};
  if (subject.kind === 'Ingress') {
    const backend = { service: { name: 'backend', port: { number: 80 } } };
    const paths = [{ path: `/v${route}`, pathType: 'Prefix', backend }];
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { ...ref, annotations: { ...paused, 'ingress.cilium.io/loadbalancer-mode': 'dedicated' } },
      spec: { ingressClassName: 'cilium', rules: [{ http: { paths } }] },
    };
  }
  const asking = {
    [`${PREFIX}entrypoint`]: 'managed',
    [`${PREFIX}entrypoint-annotations`]: JSON.stringify({ 'kubernetes.io/elb.id': loadBalancer }),
    [`${PREFIX}exposure`]: subject.exposure,
  };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { ...ref, annotations: { ...paused, ...(adopted || !wantsEntrypoint ? {} : asking) } },
    spec: {
      gatewayClassName: 'cilium',
      listeners: ports.map((port) => ({ name: `port-${port}`, port, protocol: 'HTTP' })),
    },
  };
}

function routeObject({ ref, route }: Subject): RawObject {
  const matches = [{ path: { type: 'PathPrefix', value: `/v${route}` } }];
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: ref.namespace, name: `route-${ref.name}` },
    spec: { parentRefs: [{ name: ref.name }], rules: [{ matches, backendRefs: [{ name: 'backend', port: 80 }] }] },
  };
}

/** Both ports, whatever the Gateway listens to now; what its targetPorts have become stays, as with `kubectl apply`. */
function entrypointObject(api: FakeApi, { kind, ref, entrypoint, loadBalancer, exposure }: Subject): RawObject {
  const present = api.get(SERVICES, entrypoint);
  const ports = [80, kind === 'Gateway' ? 8080 : 443].map((port) => ({ name: `port-${port}`, port, targetPort: port }));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...entrypoint,
      annotations: {
        'kubernetes.io/elb.id': loadBalancer,
        [`${PREFIX}${kind.toLowerCase()}`]: `${ref.namespace}/${ref.name}`,
        [`${PREFIX}exposure`]: exposure,
      },
    },
    spec: present?.spec ?? { type: 'LoadBalancer', selector: { 'k8s-app': 'cilium' }, ports },
  };
}

/** A node joins with the taint of CCE's VPC network and a running agent; it leaves with both. */
function showNode(api: FakeApi, { name, exists, boot }: NodeSlot): void {
  const pod = { namespace: ENTRYPOINT_NAMESPACE, name: `cilium-${name}` };
  if (!exists) {
    api.remove(PODS, pod);
    api.remove(NODES, { namespace: '', name });
    return;
  }
  const set = api.get(DAEMON_SETS, { namespace: ENTRYPOINT_NAMESPACE, name: 'cilium' });
  const ownerUid = stringAt(set, 'metadata', 'uid');
  api.apply(cceNode(name, { bootID: `boot-${boot}-${name}` }));
  api.apply(agentPod(name, { ownerUid, container: `containerd://${name}-${boot}` }));
}
