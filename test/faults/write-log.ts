import { type Json, listAt, objectAt, objectsAt, stringAt } from '../fake-api/json.ts';
import { isWrite, type RecordedRequest } from '../fake-api/requests.ts';
import { ROUTE_TAINT } from '../taints/fixture.ts';
import type { Cluster } from './cluster.ts';

/** The program's own requests, by its user agent. */
export function isOurs({ userAgent }: RecordedRequest): boolean {
  return userAgent.startsWith('cilium-cloud-bridge/');
}

/** Its writes besides Lease and Events, which say something of it and change nothing of anybody. */
export function writesOf(requests: readonly RecordedRequest[]): readonly RecordedRequest[] {
  return requests
    .filter((request) => isOurs(request) && isWrite(request))
    .filter(({ resource }) => resource !== 'leases' && resource !== 'events');
}

/** `patch services/status default/web 200`. */
export function nameOf({ verb, resource, subresource, namespace, name, status }: RecordedRequest): string {
  return `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`} ${namespace}/${name} ${status}`;
}

/**
 * The writes that no plan for this cluster could hold: another object, another field, a value that nobody ever gave, a
 * request without a precondition, or one that was carried out and changed nothing (design rules 1, 4, 5, 6, 8, 12, 15).
 */
export function unplanned(cluster: Cluster): readonly string[] {
  return writesOf(cluster.api.requests).flatMap((request) => {
    const idle = isCarriedOut(request) && !request.changed ? 'changed nothing' : undefined;
    const fault = faultOf(request, cluster) ?? idle;
    return fault === undefined ? [] : [`${nameOf(request)}: ${fault}: ${JSON.stringify(request.body)?.slice(0, 300)}`];
  });
}

/** By the server itself, and not answered by a fault. */
function isCarriedOut({ user, status }: RecordedRequest): boolean {
  return user !== '' && (status === 200 || status === 201);
}

function faultOf(request: RecordedRequest, cluster: Cluster): string | undefined {
  switch (`${request.verb} ${request.resource}/${request.subresource}`) {
    case 'patch services/status':
      return publishes(request, cluster);
    case 'patch services/':
      return leads(request, cluster);
    case 'create ciliumenvoyconfigs/':
      return isCopy(stringAt(request.body, 'metadata', 'name'), request.namespace);
    case 'patch ciliumenvoyconfigs/':
      return (
        isCopy(request.name, request.namespace) ??
        tests(request.body, '/metadata/uid', '/metadata/resourceVersion') ??
        onlyWrites(request.body, /^\/(spec|metadata\/(labels|annotations|ownerReferences))$/)
      );
    case 'delete ciliumenvoyconfigs/': {
      const { uid, resourceVersion } = objectAt(request.body, 'preconditions');
      const bare = uid === undefined || resourceVersion === undefined;
      const needed = cluster.gateways().some((gateway) => request.name.startsWith(`ccb-entry-${gateway}-`));
      const wrong = needed ? 'its Gateway exists' : undefined;
      return isCopy(request.name, request.namespace) ?? (bare ? 'no precondition' : wrong);
    }
    case 'patch nodes/':
      return frees(request);
    default:
      return 'no such write is ever planned';
  }
}

/** The status of a Gateway Service: addresses of its entrypoint. */
function publishes({ namespace, name, body }: RecordedRequest, cluster: Cluster): string | undefined {
  const gateway = name.replace('cilium-gateway-', '');
  const known = cluster.addressesEver(gateway);
  if (namespace !== 'default' || known.size === 0) return 'not the Service of a Gateway';
  const metadata = objectAt(body, 'metadata');
  if (metadata.uid === undefined && metadata.resourceVersion === undefined) return 'no precondition';
  if (!onlyKeys(body, ['metadata', 'status'])) return 'writes more than the status';
  const entries = objectsAt(body, 'status', 'loadBalancer', 'ingress');
  if (entries.length === 0) return 'takes the address back';
  return entries.every((entry) => known.has(stringAt(entry, 'ip')) && entry.ipMode === 'Proxy')
    ? undefined
    : 'an address that the entrypoint never had';
}

/** The targetPort of an entrypoint: a NodePort of its Gateway. */
function leads({ namespace, name, body }: RecordedRequest, cluster: Cluster): string | undefined {
  const known = cluster.nodePortsEver(name.replace('entry-', ''));
  if (namespace !== 'kube-system' || known.size === 0) return 'not an entrypoint';
  const wrong = operations(body).some(({ op, value }) => op === 'replace' && !known.has(Number(value)));
  return (
    tests(body, '/metadata/uid', '/spec/ports/0/targetPort') ??
    onlyWrites(body, /^\/spec\/ports\/0\/targetPort$/) ??
    (wrong ? 'a port that the Gateway never had' : undefined)
  );
}

/** The taints of a node: the route taint goes, all else stays. */
function frees({ name, body }: RecordedRequest): string | undefined {
  const taints = (op: string): Json[] =>
    operations(body).flatMap((one) => (one.op === op && one.path === '/spec/taints' ? listAt(one, 'value') : []));
  const kept = taints('test').filter((taint) => stringAt(taint, 'key') !== ROUTE_TAINT.key);
  return (
    tests(body, '/metadata/uid', '/spec/taints', '/status/nodeInfo/bootID') ??
    onlyWrites(body, /^\/spec\/taints$/) ??
    (JSON.stringify(kept) === JSON.stringify(taints('replace')) ? undefined : `another taint of ${name} goes`)
  );
}

function isCopy(name: string, namespace: string): string | undefined {
  return name.startsWith('ccb-entry-gw-') && namespace === 'kube-system' ? undefined : 'not a redirect copy';
}

function operations(body: Json | undefined): { op: string; path: string; value?: Json | undefined }[] {
  return objectsAt([body ?? null], 0).map((one) => ({ ...one, op: stringAt(one, 'op'), path: stringAt(one, 'path') }));
}

/** Whether a JSON patch tests all of these paths. */
function tests(body: Json | undefined, ...paths: readonly string[]): string | undefined {
  const tested = new Set(operations(body).flatMap(({ op, path }) => (op === 'test' ? [path] : [])));
  return paths.every((path) => tested.has(path)) ? undefined : 'no precondition';
}

function onlyWrites(body: Json | undefined, allowed: RegExp): string | undefined {
  const other = operations(body).find(({ op, path }) => op !== 'test' && !allowed.test(path));
  return other === undefined ? undefined : `writes ${other.path}`;
}

function onlyKeys(body: Json | undefined, allowed: readonly string[]): boolean {
  return Object.keys(objectAt([body ?? null], 0)).every((key) => allowed.includes(key));
}
