import { type FieldError, invalid, invalidValue } from './api-error.ts';
import { type JsonObject, type KubeObject, numberAt, objectAt, objectsAt, stringAt } from './json.ts';
import { BUILT_IN_KINDS, type Kind } from './kinds.ts';
import type { Environment } from './strategy.ts';

const SERVICES_KIND = servicesKind();
/** Steps through the whole range before a port comes again, so that a recreated Service gets another one. */
const STRIDE = 1597;
/** `10.96.0.0/16`; .1 is the API server's own. */
const FIRST_CLUSTER_IP = 2;

interface Cursor {
  nodePort: number;
  clusterIp: number;
}

const cursors = new WeakMap<Environment, Cursor>();

export function typeOf(service: JsonObject): string {
  return stringAt(service, 'spec', 'type');
}

/** Whether the ports of the Service get NodePorts. */
function needsNodePorts(service: JsonObject): boolean {
  const type = typeOf(service);
  return (
    type === 'NodePort' ||
    (type === 'LoadBalancer' && objectAt(service, 'spec').allocateLoadBalancerNodePorts !== false)
  );
}

/** Whether the type allows NodePorts at all. */
export function mayHaveNodePorts(service: JsonObject): boolean {
  return typeOf(service) === 'NodePort' || typeOf(service) === 'LoadBalancer';
}

/** Gives the Service its cluster IP, or throws 422 when the wanted one is taken. */
export function allocateClusterIp(service: KubeObject, env: Environment): void {
  const spec = objectAt(service, 'spec');
  if (spec.type === 'ExternalName') {
    delete spec.clusterIP;
    delete spec.clusterIPs;
    return;
  }
  const wanted = stringAt(spec, 'clusterIP');
  if (wanted !== '' && wanted !== 'None' && othersOf(service, env).some((other) => clusterIp(other) === wanted)) {
    const detail = `failed to allocate IP ${wanted}: provided IP is already allocated`;
    throw invalid(SERVICES_KIND, service.metadata.name, [invalidValue('spec.clusterIPs', [wanted], detail)]);
  }
  spec.clusterIP ??= nextClusterIp(env);
  spec.clusterIPs ??= [stringAt(spec, 'clusterIP')];
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
}

/** Gives each port that needs one a NodePort; throws 422 when a wanted one is taken or out of range. */
export function allocateNodePorts(service: KubeObject, live: KubeObject | undefined, env: Environment): void {
  const taken = new Set(othersOf(service, env).flatMap(nodePortsOf));
  const kept = new Set(live === undefined ? [] : nodePortsOf(live));
  const errors: FieldError[] = [];
  const byNumber = new Map<number, number>();
  objectsAt(service, 'spec', 'ports').forEach((port, index) => {
    const wanted = numberAt(port, 'nodePort');
    if (wanted !== 0) {
      const error = kept.has(wanted) ? undefined : refusal(wanted, taken, env);
      if (error !== undefined) {
        errors.push(invalidValue(`spec.ports[${index}].nodePort`, wanted, error));
      }
      taken.add(wanted);
      byNumber.set(numberAt(port, 'port'), wanted);
    } else if (needsNodePorts(service)) {
      const shared = byNumber.get(numberAt(port, 'port'));
      const given = shared ?? nextNodePort(taken, env);
      port.nodePort = given;
      taken.add(given);
      byNumber.set(numberAt(port, 'port'), given);
    }
  });
  const { externalTrafficPolicy, healthCheckNodePort, type } = objectAt(service, 'spec');
  if (type === 'LoadBalancer' && externalTrafficPolicy === 'Local' && healthCheckNodePort === undefined) {
    objectAt(service, 'spec').healthCheckNodePort = nextNodePort(taken, env);
  }
  if (errors.length > 0) {
    throw invalid(SERVICES_KIND, service.metadata.name, errors);
  }
}

function refusal(wanted: number, taken: ReadonlySet<number>, env: Environment): string | undefined {
  const [first, last] = env.settings.nodePortRange;
  if (wanted < first || wanted > last) {
    return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
  }
  return taken.has(wanted) ? 'provided port is already allocated' : undefined;
}

function nextNodePort(taken: ReadonlySet<number>, env: Environment): number {
  const [first, last] = env.settings.nodePortRange;
  const size = last - first + 1;
  const cursor = cursorOf(env);
  for (let tries = 0; tries < size; tries += 1) {
    cursor.nodePort = (cursor.nodePort + STRIDE) % size;
    const candidate = first + cursor.nodePort;
    if (!taken.has(candidate)) {
      return candidate;
    }
  }
  throw new Error('the NodePort range is full');
}

function nextClusterIp(env: Environment): string {
  const cursor = cursorOf(env);
  const inUse = new Set(env.store.list(SERVICES_KIND).map(clusterIp));
  let candidate = '';
  do {
    cursor.clusterIp += 1;
    candidate = `10.96.${(cursor.clusterIp >> 8) & 255}.${cursor.clusterIp & 255}`;
  } while (inUse.has(candidate));
  return candidate;
}

function cursorOf(env: Environment): Cursor {
  let cursor = cursors.get(env);
  if (cursor === undefined) {
    cursor = { nodePort: 0, clusterIp: FIRST_CLUSTER_IP };
    cursors.set(env, cursor);
  }
  return cursor;
}

function othersOf(service: KubeObject, env: Environment): KubeObject[] {
  const { name, namespace } = service.metadata;
  return env.store
    .list(SERVICES_KIND)
    .filter((other) => other.metadata.name !== name || other.metadata.namespace !== namespace);
}

function clusterIp(service: JsonObject): string {
  return stringAt(service, 'spec', 'clusterIP');
}

function nodePortsOf(service: JsonObject): number[] {
  const ports = objectsAt(service, 'spec', 'ports').map((port) => numberAt(port, 'nodePort'));
  return [...ports, numberAt(service, 'spec', 'healthCheckNodePort')].filter((port) => port !== 0);
}

function servicesKind(): Kind {
  const found = BUILT_IN_KINDS.find((kind) => kind.plural === 'services');
  if (found === undefined) {
    throw new Error('services are not in the list of kinds');
  }
  return found;
}
