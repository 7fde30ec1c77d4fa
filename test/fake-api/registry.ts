import { randomUUID } from 'node:crypto';
import type { Admission } from './admission.ts';
import {
  ApiError,
  alreadyExists,
  badRequest,
  conflict,
  type FieldError,
  forbidden,
  invalid,
  invalidResource,
  invalidValue,
  notFound,
  undecodable,
  unmetPrecondition,
} from './api-error.ts';
import { apiVersionOf } from './catalog.ts';
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
import { afterApply, afterUpdate, sameButTimes, type Writer } from './managed-fields.ts';
import { metadataErrors, tidyMetadata } from './metadata.ts';
import { strategyOf, withoutNulls } from './strategies.ts';
import type { Environment, Strategy } from './strategy.ts';
import { DecodeError } from './times.ts';

/** Who writes what, and how. */
export interface WriteContext {
  readonly manager: string;
  readonly subresource: '' | 'status';
  readonly dryRun: boolean;
  readonly user: string;
  /** False for the tests' own writes, which no webhook and no namespace check may refuse. */
  readonly admitted: boolean;
}

export interface DeleteRules {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation?: string;
  readonly gracePeriodSeconds?: number;
}

/** Creates, updates and deletes as the API server's generic registry does, one write at a time. */
export class Registry {
  readonly #env: Environment;
  readonly #admission: Admission;

  constructor(env: Environment, admission: Admission) {
    this.#env = env;
    this.#admission = admission;
  }

  get(kind: Kind, namespace: string, name: string): KubeObject {
    const object = this.#env.store.get(kind, namespace, name);
    if (object === undefined) {
      throw notFound(kind, name);
    }
    return object;
  }

  create(kind: Kind, namespace: string, input: KubeObject, context: WriteContext): KubeObject {
    const object = this.#decoded(kind, clone(input));
    if (stringAt(object, 'metadata', 'resourceVersion') !== '') {
      throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created');
    }
    this.#stampNew(kind, namespace, object);
    const { name } = object.metadata;
    if (context.admitted) {
      this.#admission.mutateNew(kind, object);
    }
    object.metadata.managedFields = afterUpdate(kind, undefined, object, this.#writer(context));
    return this.#storeNew(kind, namespace, name, object, context);
  }

  /**
   * Changes an object: `produce` gets the live one and returns the wanted one. With `needsVersion` (a PUT) kinds
   * that don't allow it are not written without a resourceVersion.
   */
  update(
    kind: Kind,
    namespace: string,
    name: string,
    produce: (live: KubeObject) => Json,
    context: WriteContext,
    needsVersion = false,
  ): KubeObject {
    const live = this.get(kind, namespace, name);
    const object = this.#decoded(kind, asObject(kind, produce(live)), !needsVersion);
    checkIdentity(kind, live, object, needsVersion);
    const version = stringAt(object, 'metadata', 'resourceVersion');
    if (version === '' && needsVersion && !kind.unconditionalUpdate) {
      const message = 'Invalid value: 0x0: must be specified for an update';
      throw invalidResource(kind, name, { field: 'metadata.resourceVersion', reason: 'FieldValueInvalid', message });
    }
    if (version !== '' && version !== live.metadata.resourceVersion) {
      throw conflict(kind, name);
    }
    object.metadata.managedFields = afterUpdate(kind, live, object, this.#writer(context));
    return this.#storeChanged(kind, live, object, context);
  }

  /** Server-side apply; creates what isn't there. */
  apply(
    kind: Kind,
    namespace: string,
    name: string,
    configuration: KubeObject,
    force: boolean,
    context: WriteContext,
  ): { readonly object: KubeObject; readonly created: boolean } {
    if (configuration.metadata.managedFields !== undefined) {
      throw badRequest('metadata.managedFields must be nil');
    }
    const live = this.#env.store.get(kind, namespace, name);
    if (live === undefined && context.subresource === 'status') {
      throw notFound(kind, name);
    }
    const merged = afterApply(kind, live, configuration, this.#writer(context), force);
    const object = this.#decoded(kind, clone(merged), true);
    if (live === undefined) {
      this.#stampNew(kind, namespace, object);
      return { object: this.#storeNew(kind, namespace, name, object, context), created: true };
    }
    const version = stringAt(configuration, 'metadata', 'resourceVersion');
    if (version !== '' && version !== live.metadata.resourceVersion) {
      throw conflict(kind, name);
    }
    return { object: this.#storeChanged(kind, live, object, context), created: false };
  }

  /** Deletes, or marks for deletion while finalizers or a grace period hold it. */
  delete(
    kind: Kind,
    namespace: string,
    name: string,
    rules: DeleteRules,
    context: WriteContext,
  ): { readonly object: KubeObject; readonly gone: boolean } {
    const live = this.get(kind, namespace, name);
    checkPreconditions(kind, live, rules);
    if (context.admitted) {
      this.#admission.review({
        operation: 'DELETE',
        kind,
        subresource: '',
        object: undefined,
        oldObject: live,
        user: context.user,
        dryRun: context.dryRun,
      });
    }
    const finalizers = new Set(listAt(live, 'metadata', 'finalizers'));
    if (rules.propagation === 'Orphan') {
      finalizers.add('orphan');
    } else if (rules.propagation === 'Foreground') {
      finalizers.add('foregroundDeletion');
    }
    const grace = gracePeriod(kind, live, rules);
    const held = finalizers.size > 0 || grace > 0 || kindKey(kind) === 'namespaces';
    if (!held) {
      const removed = context.dryRun ? live : this.#env.store.remove(kind, namespace, name);
      return { object: removed ?? live, gone: true };
    }
    if (
      live.metadata.deletionTimestamp !== undefined &&
      finalizers.size === listAt(live, 'metadata', 'finalizers').length
    ) {
      return { object: live, gone: false };
    }
    const marked: KubeObject = {
      ...live,
      metadata: {
        ...live.metadata,
        ...(kind.generation ? { generation: numberAt(live, 'metadata', 'generation') + 1 } : {}),
        deletionTimestamp: live.metadata.deletionTimestamp ?? this.#env.timestamp(),
        deletionGracePeriodSeconds: grace,
        ...(finalizers.size > 0 ? { finalizers: [...finalizers] } : {}),
      },
    };
    return { object: context.dryRun ? marked : this.#env.store.put(kind, marked), gone: false };
  }

  #writer(context: WriteContext): Writer {
    return { manager: context.manager, subresource: context.subresource, time: this.#env.timestamp() };
  }

  #decoded(kind: Kind, input: KubeObject, patched = false): KubeObject {
    const stripped = kind.custom ? input : asObject(kind, withoutNulls(input));
    const { kind: _kind, apiVersion: _version, metadata, ...rest } = stripped;
    const object: KubeObject = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata: { ...metadata }, ...rest };
    tidyMetadata(object.metadata);
    try {
      this.#strategy(kind).decode?.(object, this.#env);
    } catch (error) {
      if (!(error instanceof DecodeError)) {
        throw error;
      }
      const unusable = `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}`;
      throw patched ? undecodable(error.message) : badRequest(`${unusable}: ${error.message}`);
    }
    return object;
  }

  #strategy(kind: Kind): Strategy {
    return strategyOf(kindKey(kind), kind.custom && kind.statusSubresource);
  }

  #stampNew(kind: Kind, namespace: string, object: KubeObject): void {
    const given = object.metadata;
    const prefix = stringAt(given, 'generateName');
    const name = typeof given.name === 'string' && given.name !== '' ? given.name : generatedName(prefix);
    if (name === '') {
      throw invalid(kind, '', [
        {
          field: 'metadata.name',
          reason: 'FieldValueRequired',
          message: 'Required value: name or generateName is required',
        },
      ]);
    }
    const { managedFields, labels, annotations, ownerReferences, finalizers } = given;
    const kept = { labels, annotations, ownerReferences, finalizers, managedFields };
    object.metadata = {
      name,
      ...(prefix === '' ? {} : { generateName: prefix }),
      ...(kind.namespaced ? { namespace } : {}),
      uid: randomUUID(),
      ...(kind.generation ? { generation: 1 } : {}),
      creationTimestamp: this.#env.timestamp(),
      ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)),
    };
  }

  #storeNew(kind: Kind, namespace: string, name: string, object: KubeObject, context: WriteContext): KubeObject {
    const strategy = this.#strategy(kind);
    strategy.prepareCreate?.(object, this.#env);
    refuse(kind, name, [...metadataErrors(kind, object), ...(strategy.validate?.(object, undefined, this.#env) ?? [])]);
    if (context.admitted) {
      this.#admission.review({
        operation: 'CREATE',
        kind,
        subresource: '',
        object,
        oldObject: undefined,
        user: context.user,
        dryRun: context.dryRun,
      });
    }
    if (this.#env.store.get(kind, namespace, name) !== undefined) {
      throw alreadyExists(kind, name);
    }
    return context.dryRun ? object : this.#env.store.put(kind, object);
  }

  #storeChanged(kind: Kind, live: KubeObject, object: KubeObject, context: WriteContext): KubeObject {
    const strategy = this.#strategy(kind);
    const { name } = live.metadata;
    keepSystemMetadata(live, object);
    if (context.subresource === 'status') {
      keepAllButStatus(kind, live, object);
      strategy.prepareStatus?.(object, live, this.#env);
      refuse(kind, name, strategy.validateStatus?.(object, live, this.#env) ?? []);
    } else {
      if (kind.statusSubresource) {
        object.status = live.status;
      }
      strategy.prepareUpdate?.(object, live, this.#env);
      raiseGeneration(kind, live, object);
      refuse(kind, name, [...metadataErrors(kind, object), ...(strategy.validate?.(object, live, this.#env) ?? [])]);
      if (live.metadata.deletionTimestamp !== undefined) {
        refuseNewFinalizers(kind, live, object);
      }
    }
    if (context.admitted) {
      this.#admission.review({
        operation: 'UPDATE',
        kind,
        subresource: context.subresource,
        object,
        oldObject: live,
        user: context.user,
        dryRun: context.dryRun,
      });
    }
    if (sameButTimes(live, object)) {
      return live;
    }
    if (context.dryRun) {
      return object;
    }
    const released =
      live.metadata.deletionTimestamp !== undefined && listAt(object, 'metadata', 'finalizers').length === 0;
    if (
      released &&
      numberAt(object, 'metadata', 'deletionGracePeriodSeconds') === 0 &&
      kindKey(kind) !== 'namespaces'
    ) {
      return this.#env.store.remove(kind, String(live.metadata.namespace ?? ''), name) ?? object;
    }
    return this.#env.store.put(kind, object);
  }
}

function asObject(kind: Kind, value: Json): KubeObject {
  const copy = clone(value);
  if (!isObject(copy) || !isObject(copy.metadata)) {
    throw badRequest(`the body is no ${kind.kind}`);
  }
  const { name } = copy.metadata;
  const metadata = { ...copy.metadata, name: typeof name === 'string' ? name : '' };
  return { ...copy, apiVersion: stringAt(copy, 'apiVersion'), kind: stringAt(copy, 'kind'), metadata };
}

function refuse(kind: Kind, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) {
    throw invalid(kind, name, errors);
  }
}

function checkIdentity(kind: Kind, live: KubeObject, object: KubeObject, isPut: boolean): void {
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

function checkPreconditions(kind: Kind, live: KubeObject, rules: DeleteRules): void {
  for (const member of ['uid', 'resourceVersion'] as const) {
    const wanted = rules[member];
    if (wanted !== undefined && wanted !== live.metadata[member]) {
      throw unmetPrecondition(kind, live.metadata.name, member, wanted, String(live.metadata[member]));
    }
  }
}

/** Pods on a node wait for their kubelet, which isn't here: as on the real server they stay until a forced delete. */
function gracePeriod(kind: Kind, live: KubeObject, rules: DeleteRules): number {
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

function keepSystemMetadata(live: KubeObject, object: KubeObject): void {
  const { labels, annotations, ownerReferences, finalizers, managedFields } = object.metadata;
  const kept: [string, Json | undefined][] = SYSTEM_MEMBERS.map((member) => [member, live.metadata[member]]);
  const own = { labels, annotations, ownerReferences, finalizers, managedFields };
  const all = [...kept, ...Object.entries(own)].filter(([, value]) => value !== undefined);
  object.metadata = { ...Object.fromEntries(all), name: live.metadata.name };
}

/** On `/status` the rest is the live object's; custom resources keep their metadata too. */
function keepAllButStatus(kind: Kind, live: KubeObject, object: KubeObject): void {
  for (const member of new Set([...Object.keys(live), ...Object.keys(object)])) {
    if (member === 'metadata' && kind.custom) {
      object.metadata = { ...live.metadata, managedFields: object.metadata.managedFields };
    } else if (member !== 'status' && member !== 'metadata') {
      object[member] = live[member];
    }
  }
}

function raiseGeneration(kind: Kind, live: KubeObject, object: KubeObject): void {
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

function refuseNewFinalizers(kind: Kind, live: KubeObject, object: KubeObject): void {
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

function generatedName(prefix: string): string {
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
