import { randomUUID } from 'node:crypto';
import type { Admission } from './admission.ts';
import {
  ApiError,
  alreadyExists,
  badRequest,
  conflict,
  type FieldError,
  invalid,
  invalidResource,
  notFound,
  undecodable,
} from './api-error.ts';
import { apiVersionOf } from './catalog.ts';
import { clone, type Json, type KubeObject, listAt, numberAt, stringAt } from './json.ts';
import { type Kind, kindKey } from './kinds.ts';
import { afterApply, afterUpdate, sameButTimes, type Writer } from './managed-fields.ts';
import { metadataErrors, tidyMetadata } from './metadata.ts';
import {
  asObject,
  checkIdentity,
  checkPreconditions,
  type DeleteRules,
  generatedName,
  gracePeriod,
  keepAllButStatus,
  keepSystemMetadata,
  raiseGeneration,
  refuseNewFinalizers,
} from './object-rules.ts';
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

function refuse(kind: Kind, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) {
    throw invalid(kind, name, errors);
  }
}
