import { isIP } from 'node:net';
import { renderCopy } from '../../src/gateway/redirect-copy.ts';
import type { PatchBody } from '../../src/kube/client.types.ts';
import { at } from '../../src/kube/read.ts';
import type { ObjectRef, RawObject } from '../../src/kube/types.ts';
import type { Action, WriteRequest } from '../../src/plan/plan.types.ts';
import { isObject, type Json, type JsonObject, objectAt, parseJson } from '../fake-api/json.ts';
import { applyJsonPatch } from '../fake-api/json-patch.ts';
import { applyMergePatch } from '../fake-api/merge-patch.ts';
import { OURS } from './build.ts';

/** How the API server of a simulated world behaves. */
export interface Server {
  readonly keepsIpMode?: boolean;
  readonly manager?: string;
}

/** What became of a plan's writes. */
export interface Applied {
  readonly objects: readonly RawObject[];
  /** Writes whose precondition did not hold: planned anew by the next look. */
  readonly conflicts: readonly Action[];
}

/** A write that a real API server answers with 422. In a perfect world no plan contains one. */
class Invalid extends Error {}

/**
 * Applies a plan's requests to raw objects as the API server would: preconditions, patches, the effects on NodePorts,
 * `ipMode`, versions and field owners. Pure.
 */
export function applyActions(objects: readonly RawObject[], actions: readonly Action[], server: Server = {}): Applied {
  let world = objects.map(toJson);
  const conflicts: Action[] = [];
  for (const action of actions) {
    const next = carryOut(world, action.request, server);
    if (next === undefined) conflicts.push(action);
    else world = next;
  }
  return { objects: world, conflicts };
}

function toJson(object: RawObject): JsonObject {
  const json = parseJson(JSON.stringify(object));
  if (!isObject(json)) throw new Error('not an object');
  return json;
}

/** Undefined: a conflict. */
function carryOut(world: readonly JsonObject[], request: WriteRequest, server: Server): JsonObject[] | undefined {
  switch (request.verb) {
    case 'create':
      return create(world, toJson(request.object), server);
    case 'delete': {
      const live = find(world, request.resource.kind, request.ref);
      if (live === undefined || !matches(live, request.uid, request.resourceVersion)) return undefined;
      return world.filter((object) => object !== live);
    }
    case 'patch': {
      const live = find(world, request.resource.kind, request.ref);
      if (live === undefined) return undefined;
      const patched = patch(live, request.patch, request.subresource, server);
      if (patched === undefined) return undefined;
      const stored = request.subresource === 'status' ? changed(live, patched) : settle(world, live, patched);
      return world.map((object) => (object === live ? stored : object));
    }
    case 'copy': {
      const source = find(world, request.resource.kind, request.source);
      const live = find(world, request.resource.kind, request.ref);
      if (source === undefined || (live === undefined) !== (request.existing === undefined)) return undefined;
      const copy = toJson(renderCopy(request.skeleton, source));
      if (live === undefined) return create(world, copy, server);
      const metadata = { ...objectAt(live, 'metadata'), ...objectAt(copy, 'metadata'), resourceVersion: bump(live) };
      return world.map((object) => (object === live ? { ...copy, metadata } : object));
    }
  }
}

function find(world: readonly JsonObject[], kind: string, ref: ObjectRef): JsonObject | undefined {
  return world.find(
    (object) =>
      object.kind === kind &&
      (at(object, 'metadata', 'namespace') ?? '') === ref.namespace &&
      at(object, 'metadata', 'name') === ref.name,
  );
}

function matches(live: JsonObject, uid: unknown, resourceVersion: unknown): boolean {
  return (
    (uid === undefined || at(live, 'metadata', 'uid') === uid) &&
    (resourceVersion === undefined || at(live, 'metadata', 'resourceVersion') === resourceVersion)
  );
}

function create(world: readonly JsonObject[], object: JsonObject, server: Server): JsonObject[] | undefined {
  const name = String(at(object, 'metadata', 'name'));
  const namespace = String(at(object, 'metadata', 'namespace'));
  const kind = String(object.kind);
  if (find(world, kind, { namespace, name }) !== undefined) return undefined;
  const metadata: JsonObject = {
    creationTimestamp: '2026-03-01T00:00:00Z',
    ...objectAt(object, 'metadata'),
    uid: `uid-${kind}-${namespace}-${name}-${world.length}`,
    resourceVersion: '1',
  };
  const created = { ...object, metadata, ...(kind === 'Service' ? { status: { loadBalancer: {} } } : {}) };
  if (server.manager === '') throw new Error('a write without a field manager');
  return [...world, settle(world, undefined, created)];
}

function patch(
  live: JsonObject,
  body: PatchBody,
  subresource: 'status' | undefined,
  server: Server,
): JsonObject | undefined {
  const patched = body.type === 'json' ? jsonPatched(live, body.body) : mergePatched(live, body.body);
  if (patched === undefined) return undefined;
  if (subresource === undefined) return { ...patched, status: live.status };
  if (at(live, 'spec', 'type') !== 'LoadBalancer') throw new Invalid('may only be used when `type` is LoadBalancer');
  const status = objectAt(patched, 'status');
  const entries = at(status, 'loadBalancer', 'ingress');
  const ingress = Array.isArray(entries) ? entries.map((entry: Json) => stored(entry, server)) : undefined;
  const metadata: JsonObject = {
    ...objectAt(live, 'metadata'),
    managedFields: ingress === undefined ? [] : [ownership(server.manager ?? OURS)],
  };
  return { ...live, metadata, status: { ...status, loadBalancer: ingress === undefined ? {} : { ingress } } };
}

function ownership(manager: string): JsonObject {
  const fieldsV1 = { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } };
  return { manager, operation: 'Update', subresource: 'status', time: '2026-03-01T00:00:00Z', fieldsV1 };
}

/** The ingress entry as the server keeps it. */
function stored(entry: Json, { keepsIpMode = true }: Server): JsonObject {
  if (!isObject(entry)) throw new Invalid('an ingress entry is no object');
  const { ipMode, ...rest } = entry;
  const { ip, hostname } = entry;
  if (ip === undefined && hostname === undefined) throw new Invalid('an empty ingress entry');
  if (ip !== undefined && (typeof ip !== 'string' || isIP(ip) === 0)) throw new Invalid(`no IP: ${String(ip)}`);
  if (ip === undefined && ipMode !== undefined) throw new Invalid('ipMode without ip');
  return keepsIpMode && ip !== undefined ? { ...rest, ipMode: ipMode ?? 'VIP' } : rest;
}

function mergePatched(live: JsonObject, body: RawObject): JsonObject | undefined {
  if (!matches(live, at(body, 'metadata', 'uid'), at(body, 'metadata', 'resourceVersion'))) return undefined;
  const merged = applyMergePatch(live, toJson(body));
  return isObject(merged) ? merged : undefined;
}

function jsonPatched(live: JsonObject, operations: readonly unknown[]): JsonObject | undefined {
  try {
    const patched = applyJsonPatch(live, parseJson(JSON.stringify(operations)));
    return isObject(patched) ? patched : undefined;
  } catch {
    return undefined;
  }
}

function bump(live: JsonObject): string {
  return String(Number(at(live, 'metadata', 'resourceVersion')) + 1);
}

/** Validation and allocation of what is about to be stored; a write that changes nothing leaves the version alone. */
function settle(world: readonly JsonObject[], live: JsonObject | undefined, object: JsonObject): JsonObject {
  const valid = object.kind === 'Service' ? allocate(world, live, object) : object;
  return live === undefined ? valid : changed(live, valid);
}

function changed(live: JsonObject, valid: JsonObject): JsonObject {
  if (JSON.stringify(valid) === JSON.stringify(live)) throw new Invalid('a write that changes nothing');
  return { ...valid, metadata: { ...objectAt(valid, 'metadata'), resourceVersion: bump(live) } };
}

function allocate(world: readonly JsonObject[], live: JsonObject | undefined, object: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec');
  const ports = Array.isArray(spec.ports) ? spec.ports.filter(isObject) : [];
  if (ports.length === 0) throw new Invalid('spec.ports: Required value');
  const others = world.filter((other) => other !== live);
  const taken = new Set(others.flatMap(nodePortsOf));
  const own = new Set(nodePortsOf(object));
  const allocates = spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false;
  const allocated = ports.map((port) => {
    const { port: number, targetPort = number, protocol = 'TCP' } = port;
    for (const value of [number, targetPort]) {
      if (typeof value !== 'string' && !isPort(value)) throw new Invalid(`no port: ${String(value)}`);
    }
    const asked = port.nodePort ?? (allocates ? firstFree(new Set([...taken, ...own])) : undefined);
    if (asked === undefined || asked === 0) return { ...port, protocol, targetPort };
    if (!isPort(asked)) throw new Invalid(`no nodePort: ${String(asked)}`);
    if (taken.has(asked)) throw new Invalid(`nodePort ${String(asked)} is allocated`);
    taken.add(asked);
    return { ...port, protocol, targetPort, nodePort: asked };
  });
  return { ...object, spec: { ...spec, ports: allocated } };
}

function isPort(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function nodePortsOf(object: JsonObject): number[] {
  const ports = at(object, 'spec', 'ports');
  return Array.isArray(ports) ? ports.map((port: unknown) => at(port, 'nodePort')).filter(isNumber) : [];
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function firstFree(taken: ReadonlySet<number>): number {
  let candidate = 40_000;
  while (taken.has(candidate)) candidate += 1;
  return candidate;
}
