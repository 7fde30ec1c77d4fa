import { ENVOY_CONFIGS } from '../kube/resources.ts';
import type { ObjectRef } from '../kube/types.ts';
import { targetOf } from '../plan/make.ts';
import type { Action, Change, Finding } from '../plan/plan.types.ts';
import { compareAge } from './claims.ts';
import { indexOf } from './envoy-config-index.ts';
import type { EnvoyConfigModel, ServiceListener } from './models/envoy-config.ts';
import type { ServiceModel } from './models/service.ts';
import { provesAbsence, type Seen } from './observation.ts';
import type { PortPair } from './ports.ts';
import {
  type CopyFrame,
  contentField,
  copyFrame,
  copyIsCurrent,
  copyName,
  copySkeleton,
  describeContent,
  describeServices,
  isCopy,
} from './redirect-copy.ts';
import {
  foreignConfig,
  hostListener,
  noSource,
  notServed,
  sessionAffinity,
  staleCopy,
  staticCopy,
  unreadable,
} from './redirect-findings.ts';
import type { Subject } from './subjects.ts';

/**
 * What becomes of redirect copies after this pass.
 * - `followed`: the controller, or a live leader beside `--once`, follows every change
 * - `static`: nobody does, and the user said that it need not be
 * - `frozen`: nobody does; copies that exist stay as they are
 */
export type CopyPolicy = 'followed' | 'static' | 'frozen';

/** How one entrypoint is sent straight to Envoy. */
export interface RedirectPlan {
  /** Entrypoint ports that the redirect answers for, once its action is done. */
  readonly covered: ReadonlySet<number>;
  readonly action: Action | undefined;
  /** Why not, or not for all ports. */
  readonly findings: readonly Finding[];
  /** Uid of the copy that is in use, or will be replaced: not an orphan. */
  readonly copyUid: string | undefined;
}

const NONE = { covered: new Set<number>(), action: undefined, copyUid: undefined } as const;

/**
 * Plans the redirect copy of one entrypoint (design rule 12): the Gateway's own CiliumEnvoyConfig, with the entrypoint
 * in `services`. Never overwrites what is not ours; where it is not possible, the findings say why.
 */
export function planRedirect(
  subject: Subject,
  service: ServiceModel,
  entrypoint: ServiceModel,
  pairs: readonly PortPair[],
  envoyConfigs: Seen<EnvoyConfigModel>,
  policy: CopyPolicy,
  parts: Pick<Action, 'key' | 'related' | 'pausedBy'>,
): RedirectPlan {
  const none = (findings: readonly Finding[]): RedirectPlan => ({ ...NONE, findings });
  if (!envoyConfigs.served) return none([notServed(subject, entrypoint)]);
  const copy = findCopy(entrypoint, envoyConfigs.items);
  if (!envoyConfigs.complete) {
    const findings = [unreadable(entrypoint, envoyConfigs.why)];
    return { covered: portsOf(copy, pairs), action: undefined, findings, copyUid: copy?.meta.uid };
  }
  const foreign = findForeign(entrypoint, envoyConfigs.items);
  if (foreign !== undefined) return none([foreignConfig(entrypoint, foreign)]);
  const source = findSource(subject, service, envoyConfigs.items);
  if (source === undefined && copy !== undefined && !provesAbsence(envoyConfigs)) {
    const findings = [unreadable(entrypoint, envoyConfigs.doubt?.why ?? '')];
    return { covered: portsOf(copy, pairs), action: undefined, findings, copyUid: copy.meta.uid };
  }
  if (source === undefined) return none([noSource(subject, service, entrypoint)]);
  if (source.hostListener) return none([hostListener(subject, entrypoint, source)]);
  if (entrypoint.sessionAffinity === 'ClientIP') return none([sessionAffinity(subject, entrypoint)]);
  const entries = matchEntries(service, source, pairs);
  const covered = new Set(entries.flatMap(({ ports }) => ports));
  const missing = pairs.filter(({ entrypoint: { protocol, port } }) => protocol === 'TCP' && !covered.has(port));
  const lacking = missing.length === 0 ? [] : [noSource(subject, service, entrypoint, missing)];
  if (covered.size === 0) return none(lacking);
  const frame = copyFrame(subject, entrypoint, source, entries);
  const current = copy !== undefined && copyIsCurrent(copy, frame, source);
  const lasting = staticCopy(subject, entrypoint);
  if (policy === 'frozen') {
    if (copy === undefined) return none(lacking);
    const findings = [...lacking, current ? lasting : staleCopy(subject, entrypoint, copy)];
    return { covered: portsOf(copy, pairs), action: undefined, findings, copyUid: copy.meta.uid };
  }
  const action = current ? undefined : copyAction(subject, frame, source, copy, parts);
  return { covered, action, findings: policy === 'static' ? [...lacking, lasting] : lacking, copyUid: copy?.meta.uid };
}

/** The CiliumEnvoyConfig whose `spec.services` names the Gateway Service; Cilium's own before any other. */
function findSource(
  subject: Subject,
  service: ServiceModel,
  configs: readonly EnvoyConfigModel[],
): EnvoyConfigModel | undefined {
  const candidates = indexOf(configs)
    .naming(service.meta)
    .filter((config) => !isCopy(config) && !config.meta.deleting && config.hasListener)
    .sort((a, b) => compareAge(a.meta, b.meta));
  const owned = candidates.filter((config) => config.meta.owners.some((owner) => owner.uid === subject.meta.uid));
  const inNamespace = candidates.filter((config) => config.meta.namespace === service.meta.namespace);
  return owned[0] ?? inNamespace[0];
}

function findCopy(entrypoint: ServiceModel, configs: readonly EnvoyConfigModel[]): EnvoyConfigModel | undefined {
  const config = indexOf(configs).named(copyRef(entrypoint));
  return config !== undefined && isCopy(config) ? config : undefined;
}

/** A CiliumEnvoyConfig that is not ours and has our copy's name, or redirects the entrypoint already. */
function findForeign(entrypoint: ServiceModel, configs: readonly EnvoyConfigModel[]): EnvoyConfigModel | undefined {
  const index = indexOf(configs);
  const namesake = index.named(copyRef(entrypoint));
  return [...index.naming(entrypoint.meta), ...(namesake === undefined ? [] : [namesake])]
    .filter((config) => !isCopy(config))
    .sort((a, b) => compareAge(a.meta, b.meta))[0];
}

function copyRef({ meta }: ServiceModel): ObjectRef {
  return { namespace: meta.namespace, name: copyName(meta) };
}

/** Entrypoint ports that a copy answers for as it stands. */
function portsOf(copy: EnvoyConfigModel | undefined, pairs: readonly PortPair[]): ReadonlySet<number> {
  const entries = copy?.services ?? [];
  const answered = pairs
    .filter(({ entrypoint }) => entrypoint.protocol === 'TCP')
    .map(({ entrypoint }) => entrypoint.port)
    .filter((port) => entries.some(({ ports }) => ports.length === 0 || ports.includes(port)));
  return new Set(answered);
}

/** The source's entries for the Gateway Service, with the entrypoint ports that lead to their ports. */
function matchEntries(
  service: ServiceModel,
  source: EnvoyConfigModel,
  pairs: readonly PortPair[],
): { readonly entry: ServiceListener; readonly ports: readonly number[] }[] {
  return source.services
    .filter((entry) => entry.name === service.meta.name && entry.namespace === service.meta.namespace)
    .map((entry) => ({
      entry,
      ports: pairs
        .filter(({ gateway }) => gateway.protocol === 'TCP')
        .filter(({ gateway }) => entry.ports.length === 0 || entry.ports.includes(gateway.port))
        .map((pair) => pair.entrypoint.port)
        .sort((a, b) => a - b),
    }))
    .filter(({ ports }) => ports.length > 0);
}

function copyAction(
  subject: Subject,
  frame: CopyFrame,
  source: EnvoyConfigModel,
  copy: EnvoyConfigModel | undefined,
  parts: Pick<Action, 'key' | 'related' | 'pausedBy'>,
): Action {
  const ref = { namespace: frame.namespace, name: frame.name };
  const changes = changesOf(frame, source, copy);
  const onlyContent = changes.every(({ field }) => field === contentField(source.meta));
  return {
    ...parts,
    kind: 'write-redirect-copy',
    target:
      copy === undefined
        ? { apiVersion: 'cilium.io/v2', kind: ENVOY_CONFIGS.kind, ...ref, uid: '' }
        : targetOf(ENVOY_CONFIGS, copy.meta),
    targetVersion: copy?.meta.resourceVersion ?? '',
    changes,
    reason: copy === undefined ? 'RedirectCopyCreated' : 'RedirectCopyUpdated',
    message:
      copy === undefined
        ? `Send the entrypoint of ${subject.key} straight to Envoy, so that no connection is refused.`
        : `Let the redirect of the entrypoint of ${subject.key} follow the Gateway's routes.`,
    mayFail: true,
    beside: true,
    request: {
      verb: 'copy',
      resource: ENVOY_CONFIGS,
      ref,
      source: { namespace: source.meta.namespace, name: source.meta.name },
      sourceServices: describeServices(source.services),
      content: describeContent(source),
      satisfiedBy: copy !== undefined && onlyContent ? describeContent(copy) : undefined,
      skeleton: copySkeleton(frame),
      existing: copy === undefined ? undefined : { uid: copy.meta.uid, resourceVersion: copy.meta.resourceVersion },
    },
  };
}

/** Only what differs: a value that is written again counts as undone by somebody (rule 7). */
function changesOf(frame: CopyFrame, source: EnvoyConfigModel, copy: EnvoyConfigModel | undefined): Change[] {
  const services = { before: copy && describeServices(copy.services), after: describeServices(frame.services) };
  const content = { before: copy && describeContent(copy), after: describeContent(source) };
  const changes: Change[] = [];
  if (copy?.contentHash !== source.contentHash) changes.push({ field: contentField(source.meta), ...content });
  if (services.before !== services.after) changes.push({ field: 'spec.services', ...services });
  if (copy === undefined) return changes;
  const { labels, annotations, owners } = copy.meta;
  for (const [kind, wanted, found] of [
    ['labels', frame.labels, labels],
    ['annotations', frame.annotations, annotations],
  ] as const) {
    for (const [key, after] of Object.entries(wanted)) {
      if (found[key] !== after) changes.push({ field: `metadata.${kind}[${key}]`, before: found[key], after });
    }
  }
  const before = owners.map((owner) => owner.uid).join(', ');
  if (!owners.some((owner) => owner.uid === frame.owner.uid)) {
    changes.push({ field: 'metadata.ownerReferences', before, after: frame.owner.uid });
  }
  return changes;
}
