import { ApiError, badRequest, conflict, forbidden, invalid, invalidValue, unmetPrecondition } from './api-error.ts';
import {
  clone,
  equal,
  isObject,
  type Json,
  type JsonObject,
  type KubeObject,
  listAt,
  numberAt,
  stringAt,
} from './json.ts';
import { type Kind, kindKey } from './kinds.ts';

export interface DeleteRules {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: string;
  readonly gracePeriodSeconds?: number;
}

export function asObject(kind: Kind, value: Json): KubeObject {
  const copy = clone(value);
  if (!isObject(copy) || !isObject(copy.metadata)) {
    throw badRequest(`the body is no ${kind.kind}`);
  }
  const { name } = copy.metadata;
  const metadata = { ...copy.metadata, name: typeof name === 'string' ? name : '' };
  return { ...copy, apiVersion: stringAt(copy, 'apiVersion'), kind: stringAt(copy, 'kind'), metadata };
}

export function checkIdentity(kind: Kind, live: KubeObject, object: KubeObject, isPut: boolean): void {
  const { name, namespace, uid } = object.metadata;
  if (name !== live.metadata.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${live.metadata.name})`);
  }
  if (kind.namespaced && namespace !== undefined && namespace !== live.metadata.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (uid !== undefined && uid !== live.metadata.uid && !isPut) {
    throw invalid(kind, name, [invalidValue('metadata.uid', uid, 'field is immutable')]);
  }
  if (uid !== undefined && uid !== live.metadata.uid) {
    const precondition = `UID in precondition: ${String(uid)}, UID in object meta: ${String(live.metadata.uid)}`;
    throw conflict(kind, name, `Precondition failed: ${precondition}`);
  }
}

export function checkPreconditions(kind: Kind, live: KubeObject, rules: DeleteRules): void {
  for (const member of ['uid', 'resourceVersion'] as const) {
    const wanted = rules[member];
    if (wanted !== undefined && wanted !== live.metadata[member]) {
      throw unmetPrecondition(kind, live.metadata.name, member, wanted, String(live.metadata[member]));
    }
  }
}

/** Pods on a node wait for their kubelet, which isn't here: as on the real server they stay until a forced delete. */
export function gracePeriod(kind: Kind, live: KubeObject, rules: DeleteRules): number {
  if (kindKey(kind) !== 'pods' || stringAt(live, 'spec', 'nodeName') === '') {
    return 0;
  }
  const phase = stringAt(live, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') {
    return 0;
  }
  return rules.gracePeriodSeconds ?? numberAt(live, 'spec', 'terminationGracePeriodSeconds');
}

const SYSTEM_MEMBERS = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

export function keepSystemMetadata(live: KubeObject, object: KubeObject): void {
  const { labels, annotations, ownerReferences, finalizers, managedFields } = object.metadata;
  const kept: [string, Json | undefined][] = SYSTEM_MEMBERS.map((member) => [member, live.metadata[member]]);
  const own = { labels, annotations, ownerReferences, finalizers, managedFields };
  const all = [...kept, ...Object.entries(own)].filter(([, value]) => value !== undefined);
  object.metadata = { ...Object.fromEntries(all), name: live.metadata.name };
}

/** On `/status` the rest is the live object's; custom resources keep their metadata too. */
export function keepAllButStatus(kind: Kind, live: KubeObject, object: KubeObject): void {
  for (const member of new Set([...Object.keys(live), ...Object.keys(object)])) {
    if (member === 'metadata' && kind.custom) {
      object.metadata = { ...live.metadata, managedFields: object.metadata.managedFields };
    } else if (member !== 'status' && member !== 'metadata') {
      object[member] = live[member];
    }
  }
}

export function raiseGeneration(kind: Kind, live: KubeObject, object: KubeObject): void {
  if (!kind.generation) {
    return;
  }
  const essence = (of: KubeObject): JsonObject => {
    const { metadata: _metadata, status: _status, ...rest } = of;
    return kind.statusSubresource || !kind.custom ? rest : { ...rest, status: of.status };
  };
  if (!equal(essence(live), essence(object))) {
    object.metadata.generation = numberAt(live, 'metadata', 'generation') + 1;
  }
}

export function refuseNewFinalizers(kind: Kind, live: KubeObject, object: KubeObject): void {
  const before = listAt(live, 'metadata', 'finalizers');
  const added = listAt(object, 'metadata', 'finalizers').filter((finalizer) => !before.includes(finalizer));
  if (added.length > 0) {
    throw invalid(kind, live.metadata.name, [
      {
        field: 'metadata.finalizers',
        reason: 'FieldValueForbidden',
        message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
      },
    ]);
  }
}

const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

export function generatedName(prefix: string): string {
  if (prefix === '') {
    return '';
  }
  const letters = Array.from({ length: 5 }, () => SUFFIX_LETTERS[Math.floor(Math.random() * SUFFIX_LETTERS.length)]);
  return prefix + letters.join('');
}

/** A create in a namespace that isn't there. */
export function missingNamespace(kind: Kind, namespace: string): ApiError {
  return namespace === ''
    ? forbidden(kind, '', 'an empty namespace may not be set during creation')
    : new ApiError(404, 'NotFound', `namespaces "${namespace}" not found`, { name: namespace, kind: 'namespaces' });
}
