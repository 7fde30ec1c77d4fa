import {
  CONFIG_MAPS,
  DAEMON_SETS,
  ENVOY_CONFIGS,
  GATEWAY_CLASSES,
  GATEWAYS,
  NODES,
  PODS,
  type Resource,
  SERVICES,
} from '../../src/kube/resources.ts';
import type { ObjectRef, RawObject } from '../../src/kube/types.ts';
import { type CiliumOperator, startCiliumOperator } from '../fake-api/cilium-operator.ts';
import { type KubeObject, listAt, numberAt, objectAt, objectsAt, stringAt } from '../fake-api/json.ts';
import { HTTP_ROUTES } from '../fake-api/kinds.ts';
import type { RecordedRequest } from '../fake-api/requests.ts';
import type { FakeApi } from '../fake-api/server.ts';
import type { Random } from '../random.ts';
import { agentPod, cceNode, ROUTE_TAINT } from '../taints/fixture.ts';

/** A cluster with many Gateways, each with its entrypoint, and nodes that carry CCE's taint. */

const CLOUD = { manager: 'cloud-controller-manager', subresource: 'status' } as const;
const KUBE_SYSTEM = 'kube-system';
/** What the program looks at. */
const ALL = [SERVICES, NODES, ENVOY_CONFIGS, GATEWAYS, GATEWAY_CLASSES, PODS, DAEMON_SETS, CONFIG_MAPS];
/** NodePorts that changes give out, where they are free. */
const FIRST_NODE_PORT = 32_000;

export interface Wishes {
  readonly gateways: number;
  /** Nodes that are to be freed. */
  readonly nodes: number;
}

/** What happens in the cluster, done by others than the program. */
export interface Cluster {
  readonly api: FakeApi;
  readonly operator: CiliumOperator;
  /** Names of the Gateways that exist. */
  gateways(): readonly string[];
  /** Each value that a Gateway's NodePort ever had: what a targetPort may become. */
  nodePortsEver(gateway: string): ReadonlySet<number>;
  /** Each address that a Gateway's entrypoint ever had: what may be published. */
  addressesEver(gateway: string): ReadonlySet<string>;
  addGateway(): string;
  removeGateway(gateway: string): void;
  /** As when its Service is made anew. */
  changeNodePort(gateway: string): void;
  changeAddress(gateway: string): void;
  /** Its entrypoint is deleted, and made anew with the same address. What it owned goes with the first one. */
  remakeEntrypoint(gateway: string): void;
  /** A new route: Cilium's CiliumEnvoyConfig changes, and its copy has to follow. */
  changeRoute(gateway: string): void;
  /** Somebody sets the entrypoint's targetPort by hand. At most once each, or it is a second writer. */
  spoilTargetPort(gateway: string): void;
  addTaintedNode(): void;
  /** Somebody changes something else of the object that a request is about: its precondition may not hold any more. */
  touch(request: RecordedRequest): void;
  /** The same with every object that the program looks at. */
  touchAll(): void;
  /** One of the above. Returns its name. */
  changeAnything(random: Random): string;
  stop(): void;
}

function gatewayRef(gateway: string): ObjectRef {
  return { namespace: 'default', name: gateway };
}

function serviceRef(gateway: string): ObjectRef {
  return { namespace: 'default', name: `cilium-gateway-${gateway}` };
}

export function entrypointRef(gateway: string): ObjectRef {
  return { namespace: KUBE_SYSTEM, name: `entry-${gateway}` };
}

export function createCluster(api: FakeApi, wishes: Wishes): Cluster {
  const operator = startCiliumOperator(api, { lbIpam: false });
  const nodePorts = new Map<string, Set<number>>();
  const addresses = new Map<string, Set<string>>();
  const spoiled = new Set<string>();
  const live = new Set<string>();
  let made = 0;
  let nodes = 0;
  let address = 0;
  let touched = 0;
  let nodePort = FIRST_NODE_PORT;

  function note<T>(history: Map<string, Set<T>>, key: string, values: readonly T[]): void {
    history.set(key, new Set([...(history.get(key) ?? []), ...values]));
  }

  const stopListening = api.onChange(SERVICES, ({ object }) => {
    const { name } = object.metadata;
    if (name.startsWith('cilium-gateway-')) {
      note(
        nodePorts,
        name.replace('cilium-gateway-', ''),
        objectsAt(object, 'spec', 'ports').map((port) => numberAt(port, 'nodePort')),
      );
    } else if (name.startsWith('entry-')) {
      note(addresses, name.replace('entry-', ''), ingressOf(object));
    }
  });

  function setAddress(gateway: string): void {
    address += 1;
    const ip = `203.0.${113 + Math.floor(address / 250)}.${1 + (address % 250)}`;
    api.update(
      SERVICES,
      entrypointRef(gateway),
      (service) => {
        service.status = { loadBalancer: { ingress: [{ ip }] } };
      },
      CLOUD,
    );
  }

  function addGateway(): string {
    const gateway = `gw-${made}`;
    made += 1;
    live.add(gateway);
    api.apply(gatewayObject(gateway));
    api.apply(routeObject(gateway, ['/']));
    api.apply(entrypointObject(gateway));
    setAddress(gateway);
    return gateway;
  }

  function remakeEntrypoint(gateway: string): void {
    api.remove(SERVICES, entrypointRef(gateway));
    api.apply(entrypointObject(gateway));
    setAddress(gateway);
  }

  function addNode(agentReady: boolean): void {
    const name = `node-${nodes}`;
    nodes += 1;
    const set = api.get(DAEMON_SETS, { namespace: KUBE_SYSTEM, name: 'cilium' });
    api.apply(cceNode(name));
    api.update(NODES, { namespace: '', name }, (node) => {
      objectAt(node, 'spec').taints = [{ ...ROUTE_TAINT }]; // the API server adds not-ready to a node that is made
    });
    api.apply(agentPod(name, { ready: agentReady, ownerUid: stringAt(set, 'metadata', 'uid') }));
  }

  function changeRoute(gateway: string): void {
    const paths = objectsAt(api.get(HTTP_ROUTES, gatewayRef(gateway)), 'spec', 'rules').length;
    api.apply(routeObject(gateway, ['/', ...Array.from({ length: paths }, (_, index) => `/path-${made}-${index}`)]));
  }

  function changeNodePort(gateway: string): void {
    const taken = new Set(api.list(SERVICES).map((service) => portOf(service, 'nodePort')));
    do nodePort += 1;
    while (taken.has(nodePort));
    const value = nodePort;
    api.update(SERVICES, serviceRef(gateway), (service) => {
      const [port] = objectsAt(service, 'spec', 'ports');
      if (port !== undefined) port.nodePort = value;
    });
  }

  function spoilTargetPort(gateway: string): void {
    if (spoiled.has(gateway)) return;
    spoiled.add(gateway);
    api.update(SERVICES, entrypointRef(gateway), (service) => {
      const [port] = objectsAt(service, 'spec', 'ports');
      if (port !== undefined) port.targetPort = 31_999;
    });
  }

  function touch(resource: Resource, ref: ObjectRef): void {
    if (api.get(resource, ref) === undefined) return;
    touched += 1;
    api.update(resource, ref, ({ metadata }) => {
      metadata.annotations = { ...objectAt(metadata, 'annotations'), touched: String(touched) };
    });
  }

  function removeGateway(gateway: string): void {
    live.delete(gateway);
    api.remove(GATEWAYS, gatewayRef(gateway));
    api.remove(HTTP_ROUTES, gatewayRef(gateway));
  }

  api.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: KUBE_SYSTEM, name: 'cilium-config' },
    data: { 'enable-gateway-api': 'true', 'routing-mode': 'tunnel', 'kube-proxy-replacement': 'true' },
  });
  api.apply(ciliumDaemonSet());
  api.apply({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'cilium' },
    spec: { controllerName: 'io.cilium/gateway-controller' },
  });
  for (let index = 0; index < wishes.gateways; index += 1) addGateway();
  for (let index = 0; index < wishes.nodes; index += 1) addNode(true);
  addNode(false); // this one is never freed

  return {
    api,
    operator,
    gateways: () => [...live],
    nodePortsEver: (gateway) => nodePorts.get(gateway) ?? new Set(),
    addressesEver: (gateway) => addresses.get(gateway) ?? new Set(),
    addGateway,
    removeGateway,
    changeNodePort,
    changeAddress: setAddress,
    remakeEntrypoint,
    changeRoute,
    spoilTargetPort,
    addTaintedNode: () => addNode(true),
    touch: ({ group, resource: plural, namespace, name }) => {
      const resource = ALL.find((one) => one.group === group && one.plural === plural);
      if (resource !== undefined) touch(resource, { namespace, name });
    },
    touchAll: () => {
      for (const resource of ALL) {
        for (const { metadata } of api.list(resource)) {
          touch(resource, { namespace: stringAt(metadata, 'namespace'), name: metadata.name });
        }
      }
    },
    changeAnything: (random) => {
      const gateway = random.pick([...live]);
      const changes: Readonly<Record<string, () => void>> = {
        [`a new NodePort of ${gateway}`]: () => changeNodePort(gateway),
        [`a new address of ${gateway}`]: () => setAddress(gateway),
        [`a new route of ${gateway}`]: () => changeRoute(gateway),
        [`the targetPort of ${gateway} by hand`]: () => spoilTargetPort(gateway),
        'a new node': () => addNode(true),
        'a new Gateway': addGateway,
        ...(live.size > 2 ? { [`${gateway} removed`]: () => removeGateway(gateway) } : {}),
      };
      const what = random.pick(Object.keys(changes));
      changes[what]?.();
      return what;
    },
    stop: () => {
      stopListening();
      operator.stop();
    },
  };
}

/** What is not as it should be, in one line each; computed from the objects alone, not by the program's planning. */
export function problemsOf({ api, gateways }: Cluster): string[] {
  const copies = api.list(ENVOY_CONFIGS).filter(isCopy);
  const inUse = new Set<KubeObject>();
  const problems = gateways().flatMap((gateway) => {
    const service = api.get(SERVICES, serviceRef(gateway));
    const entrypoint = api.get(SERVICES, entrypointRef(gateway));
    const mine = copies.filter((copy) => serves(copy, entrypointRef(gateway).name));
    for (const copy of mine) inUse.add(copy);
    return [
      ...differs(`${gateway}: addresses`, entriesOf(service), wantedEntries(entrypoint)),
      ...differs(`${gateway}: Gateway's addresses`, gatewayAddresses(api, gateway), ingressOf(entrypoint)),
      ...differs(`${gateway}: targetPort`, portOf(entrypoint, 'targetPort'), portOf(service, 'nodePort')),
      ...differs(`${gateway}: copies`, mine.length, 1),
      ...mine.flatMap((copy) =>
        differs(`${gateway}: content of the copy`, contentOf(copy), contentOf(source(api, gateway))),
      ),
      ...mine.flatMap((copy) => differs(`${gateway}: owner of the copy`, ownerOf(copy), entrypoint?.metadata.uid)),
    ];
  });
  const orphans = copies.filter((copy) => !inUse.has(copy)).map((copy) => `orphan ${copy.metadata.name}`);
  return [...problems, ...orphans, ...nodeProblems(api)];
}

function nodeProblems(api: FakeApi): string[] {
  return api.list(NODES).flatMap((node) => {
    const { name } = node.metadata;
    const agent = api.get(PODS, { namespace: KUBE_SYSTEM, name: `cilium-${name}` });
    const ready = objectsAt(agent, 'status', 'conditions').some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );
    const tainted = objectsAt(node, 'spec', 'taints').some(({ key }) => key === ROUTE_TAINT.key);
    return differs(`${name}: tainted`, tainted, !ready);
  });
}

function differs(what: string, is: unknown, wanted: unknown): string[] {
  const [left, right] = [JSON.stringify(is), JSON.stringify(wanted)];
  return left === right ? [] : [`${what}: ${short(left)} instead of ${short(right)}`];
}

function short(text: string | undefined): string {
  return text === undefined || text.length < 200 ? String(text) : `${text.length} characters`;
}

function isCopy({ metadata }: KubeObject): boolean {
  return metadata.name.startsWith('ccb-');
}

function serves(copy: KubeObject, entrypoint: string): boolean {
  return objectsAt(copy, 'spec', 'services').some(({ name }) => name === entrypoint);
}

function source(api: FakeApi, gateway: string): KubeObject | undefined {
  return api.get(ENVOY_CONFIGS, serviceRef(gateway));
}

function contentOf(config: KubeObject | undefined): unknown {
  const backends = objectsAt(config, 'spec', 'backendServices').map(({ name, namespace }) => [namespace, name]);
  return [listAt(config, 'spec', 'resources'), backends];
}

function ownerOf(copy: KubeObject): string {
  return stringAt(objectsAt(copy, 'metadata', 'ownerReferences')[0], 'uid');
}

function ingressOf(service: KubeObject | undefined): string[] {
  return objectsAt(service, 'status', 'loadBalancer', 'ingress').map((entry) => stringAt(entry, 'ip'));
}

function entriesOf(service: KubeObject | undefined): unknown {
  return objectsAt(service, 'status', 'loadBalancer', 'ingress').map(({ ip, ipMode }) => ({ ip, ipMode }));
}

function wantedEntries(entrypoint: KubeObject | undefined): unknown {
  return ingressOf(entrypoint).map((ip) => ({ ip, ipMode: 'Proxy' }));
}

function gatewayAddresses(api: FakeApi, gateway: string): string[] {
  return objectsAt(api.get(GATEWAYS, gatewayRef(gateway)), 'status', 'addresses').map((entry) =>
    stringAt(entry, 'value'),
  );
}

function portOf(service: KubeObject | undefined, field: 'nodePort' | 'targetPort'): number {
  return numberAt(objectsAt(service, 'spec', 'ports')[0], field);
}

function gatewayObject(gateway: string): RawObject {
  const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }];
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: gatewayRef(gateway),
    spec: { gatewayClassName: 'cilium', listeners },
  };
}

function routeObject(gateway: string, paths: readonly string[]): RawObject {
  const rules = paths.map((value) => ({
    matches: [{ path: { type: 'PathPrefix', value } }],
    backendRefs: [{ name: 'web', port: 8080 }],
  }));
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: gatewayRef(gateway),
    spec: { parentRefs: [{ name: gateway }], rules },
  };
}

function entrypointObject(gateway: string): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...entrypointRef(gateway),
      annotations: { 'cilium-cloud-bridge.io/gateway': `default/${gateway}`, 'kubernetes.io/elb.id': `elb-${gateway}` },
    },
    spec: {
      type: 'LoadBalancer',
      selector: { 'k8s-app': 'cilium' },
      ports: [{ name: 'http', port: 80, targetPort: 31_999, protocol: 'TCP' }],
    },
  };
}

function ciliumDaemonSet(): RawObject {
  const labels = { 'k8s-app': 'cilium' };
  const containers = [{ name: 'cilium-agent', image: 'quay.io/cilium/cilium:v1.19.1' }];
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: KUBE_SYSTEM, name: 'cilium', labels },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}
