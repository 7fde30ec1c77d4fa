import { ENVOY_CONFIGS, SERVICES } from '../kube/resources.ts';
import { describeTarget, finding, targetOf } from '../plan/make.ts';
import type { Action, Finding, Json } from '../plan/plan.types.ts';
import type { EnvoyConfigModel, ServiceListener } from './models/envoy-config.ts';
import type { ServiceModel } from './models/service.ts';
import type { GatewayObservation, Seen } from './observation.ts';
import type { PortPair } from './ports.ts';
import {
  type CopyFrame,
  copyFrame,
  copyIsCurrent,
  copyName,
  copySkeleton,
  describeServices,
  isCopy,
  SUBJECT_ANNOTATION,
} from './redirect-copy.ts';
import type { Subject } from './subjects.ts';

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
 * @param follow whether somebody will follow the source's changes: the controller does, a lone `--once` does not
 */
export function planRedirect(
  subject: Subject,
  service: ServiceModel,
  entrypoint: ServiceModel,
  pairs: readonly PortPair[],
  envoyConfigs: Seen<EnvoyConfigModel>,
  follow: boolean,
  parts: Pick<Action, 'key' | 'related' | 'pausedBy'>,
): RedirectPlan {
  const none = (findings: readonly Finding[]): RedirectPlan => ({ ...NONE, findings });
  if (!envoyConfigs.served) return none([notServed(subject, entrypoint)]);
  if (!envoyConfigs.complete) return none([unreadable(entrypoint, envoyConfigs.why)]);
  const copy = findCopy(entrypoint, envoyConfigs.items);
  const foreign = findForeign(entrypoint, envoyConfigs.items);
  if (foreign !== undefined) return none([foreignConfig(entrypoint, foreign)]);
  const source = findSource(subject, service, envoyConfigs.items);
  if (source === undefined) return none([noSource(subject, service, entrypoint)]);
  if (source.hostListener) return none([hostListener(subject, entrypoint, source)]);
  if (entrypoint.sessionAffinity === 'ClientIP') return none([sessionAffinity(subject, entrypoint)]);
  const entries = matchEntries(service, source, pairs);
  const covered = new Set(entries.flatMap(({ ports }) => ports));
  if (covered.size === 0) return none([]);
  const frame = copyFrame(subject, entrypoint, source, entries);
  const current = copy !== undefined && copyIsCurrent(copy, frame, source);
  if (!follow) return frozen(subject, entrypoint, copy, current, covered);
  const action = current ? undefined : copyAction(subject, frame, source, copy, parts);
  return { covered, action, findings: [], copyUid: copy?.meta.uid };
}

/** The CiliumEnvoyConfig whose `spec.services` names the Gateway Service; Cilium's own before any other. */
export function findSource(
  subject: Subject,
  service: ServiceModel,
  configs: readonly EnvoyConfigModel[],
): EnvoyConfigModel | undefined {
  const candidates = configs.filter(
    (config) => !isCopy(config) && !config.meta.deleting && namesService(config, service) && config.hasListener,
  );
  const owned = candidates.filter((config) => config.meta.owners.some((owner) => owner.uid === subject.meta.uid));
  const inNamespace = candidates.filter((config) => config.meta.namespace === service.meta.namespace);
  return owned[0] ?? inNamespace[0];
}

function namesService(config: EnvoyConfigModel, service: ServiceModel): boolean {
  return config.services.some(
    (entry) => entry.name === service.meta.name && entry.namespace === service.meta.namespace,
  );
}

function findCopy(entrypoint: ServiceModel, configs: readonly EnvoyConfigModel[]): EnvoyConfigModel | undefined {
  const name = copyName(entrypoint.meta);
  return configs.find(
    (config) => isCopy(config) && config.meta.namespace === entrypoint.meta.namespace && config.meta.name === name,
  );
}

/** A CiliumEnvoyConfig that is not ours and has our copy's name, or redirects the entrypoint already. */
function findForeign(entrypoint: ServiceModel, configs: readonly EnvoyConfigModel[]): EnvoyConfigModel | undefined {
  const name = copyName(entrypoint.meta);
  return configs.find(
    (config) =>
      !isCopy(config) &&
      (namesService(config, entrypoint) ||
        (config.meta.namespace === entrypoint.meta.namespace && config.meta.name === name)),
  );
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
  const services = describeServices(frame.services);
  const before = copy === undefined ? undefined : describeServices(copy.services);
  return {
    ...parts,
    kind: 'write-redirect-copy',
    target:
      copy === undefined
        ? { apiVersion: 'cilium.io/v2', kind: ENVOY_CONFIGS.kind, ...ref, uid: '' }
        : targetOf(ENVOY_CONFIGS, copy.meta),
    targetVersion: copy?.meta.resourceVersion ?? '',
    changes: [
      {
        field: `content (copied from ${source.meta.namespace}/${source.meta.name})`,
        before: copy === undefined ? undefined : describeContent(copy),
        after: describeContent(source),
      },
      ...(before === services ? [] : [{ field: 'spec.services', before, after: services satisfies Json }]),
    ],
    reason: copy === undefined ? 'RedirectCopyCreated' : 'RedirectCopyUpdated',
    message:
      copy === undefined
        ? `Send the entrypoint of ${subject.key} straight to Envoy, so that no connection is refused.`
        : `Let the redirect of the entrypoint of ${subject.key} follow the Gateway's routes.`,
    mayFail: true,
    request: {
      verb: 'copy',
      resource: ENVOY_CONFIGS,
      ref,
      source: { namespace: source.meta.namespace, name: source.meta.name },
      sourceServices: describeServices(source.services),
      skeleton: copySkeleton(frame),
      existing: copy === undefined ? undefined : { uid: copy.meta.uid, resourceVersion: copy.meta.resourceVersion },
    },
  };
}

/** `sha256:1b2c3d4e5f60, 12 KiB`. */
function describeContent({ contentHash, contentBytes }: EnvoyConfigModel): string {
  return `sha256:${contentHash.slice(0, 12)}, ${Math.max(1, Math.round(contentBytes / 1024))} KiB`;
}

/**
 * Copies that no entrypoint needs any more: removed at once, but only where everything that could want them was read
 * (rules 12 and 14).
 */
export function planOrphans(observation: GatewayObservation, isInUse: (copy: EnvoyConfigModel) => boolean): Action[] {
  const { envoyConfigs, services, gateways, gatewayClasses, ingresses } = observation;
  if (envoyConfigs === undefined || !envoyConfigs.complete || !services.complete) return [];
  const gatewaysKnown = gateways.complete && gatewayClasses.complete;
  return envoyConfigs.items
    .filter((config) => isCopy(config) && !config.meta.deleting && !isInUse(config))
    .filter(({ meta }) =>
      meta.annotations[SUBJECT_ANNOTATION]?.startsWith('Ingress') === true ? ingresses.complete : gatewaysKnown,
    )
    .map(deleteCopy);
}

function deleteCopy(copy: EnvoyConfigModel): Action {
  const { namespace, name } = copy.meta;
  return {
    kind: 'delete-redirect-copy',
    key: `CiliumEnvoyConfig ${namespace}/${name}`,
    target: targetOf(ENVOY_CONFIGS, copy.meta),
    targetVersion: copy.meta.resourceVersion,
    changes: [{ field: 'spec.services', before: describeServices(copy.services), after: undefined }],
    reason: 'RedirectCopyDeleted',
    message: `Remove the redirect of ${copy.meta.annotations[SUBJECT_ANNOTATION] ?? 'a Gateway'}: its Gateway, entrypoint or choice is gone.`,
    request: {
      verb: 'delete',
      resource: ENVOY_CONFIGS,
      ref: { namespace, name },
      uid: copy.meta.uid,
      resourceVersion: copy.meta.resourceVersion,
    },
    related: [],
  };
}

/** A pass that nobody follows up (`--once` without a controller): what is there stays as it is. */
function frozen(
  subject: Subject,
  entrypoint: ServiceModel,
  copy: EnvoyConfigModel | undefined,
  current: boolean,
  covered: ReadonlySet<number>,
): RedirectPlan {
  if (copy === undefined) return { ...NONE, findings: [] };
  const stale = finding('redirect', 'warn', {
    reason: 'RedirectCopyStale',
    target: targetOf(ENVOY_CONFIGS, copy.meta),
    message: `The entrypoint of ${subject.key} is sent to Envoy by a copy that is older than the Gateway's configuration: it answers by old routes.`,
    fix: 'Run the controller, which follows every change; or bring the copy up to date once with --once --allow-static-redirect.',
    evidence: { entrypoint: describeTarget(targetOf(SERVICES, entrypoint.meta)) },
  });
  return { covered, action: undefined, findings: current ? [] : [stale], copyUid: copy.meta.uid };
}

function redirectFinding(reason: string, entrypoint: ServiceModel, message: string, fix: string): Finding {
  return finding('redirect', 'warn', { reason, target: targetOf(SERVICES, entrypoint.meta), message, fix });
}

function notServed(subject: Subject, entrypoint: ServiceModel): Finding {
  return redirectFinding(
    'EnvoyConfigNotServed',
    entrypoint,
    `The entrypoint of ${subject.key} cannot be sent straight to Envoy: the API server does not know CiliumEnvoyConfig.`,
    "Switch it on in Cilium's Helm values: envoyConfig.enabled=true (gatewayAPI.enabled=true does it, too), and restart cilium-operator.",
  );
}

function unreadable(entrypoint: ServiceModel, why: string): Finding {
  return finding('redirect', 'unknown', {
    reason: 'EnvoyConfigNotReadable',
    target: targetOf(SERVICES, entrypoint.meta),
    message: `CiliumEnvoyConfigs could not be read, so the redirect stays as it is: ${why}.`,
    fix: 'Allow list and watch of ciliumenvoyconfigs.cilium.io, as the chart does.',
  });
}

function foreignConfig(entrypoint: ServiceModel, config: EnvoyConfigModel): Finding {
  const { namespace, name } = config.meta;
  return finding('redirect', 'fail', {
    reason: 'ForeignEnvoyConfig',
    target: targetOf(ENVOY_CONFIGS, config.meta),
    message: `CiliumEnvoyConfig ${namespace}/${name}, which is not ours, stands in the way of the redirect of Service ${entrypoint.meta.namespace}/${entrypoint.meta.name}; it is left alone.`,
    fix: `Remove it, if nothing needs it (kubectl -n ${namespace} delete ciliumenvoyconfig ${name}); or choose node-port for this entrypoint.`,
  });
}

function noSource(subject: Subject, service: ServiceModel, entrypoint: ServiceModel): Finding {
  return redirectFinding(
    'NoSourceEnvoyConfig',
    entrypoint,
    `The entrypoint of ${subject.key} cannot be sent straight to Envoy: no CiliumEnvoyConfig names Service ${service.meta.namespace}/${service.meta.name}.`,
    'Cilium makes it with the first valid listener or route; see: kubectl -n kube-system logs deploy/cilium-operator',
  );
}

function hostListener(subject: Subject, entrypoint: ServiceModel, source: EnvoyConfigModel): Finding {
  return redirectFinding(
    'SourceHasHostListener',
    entrypoint,
    `The entrypoint of ${subject.key} is not sent to Envoy by a redirect: Envoy listens on the nodes themselves (CiliumEnvoyConfig ${source.meta.namespace}/${source.meta.name}).`,
    'Choose the exposure host-network for this entrypoint.',
  );
}

function sessionAffinity(subject: Subject, entrypoint: ServiceModel): Finding {
  const { namespace, name } = entrypoint.meta;
  return redirectFinding(
    'SessionAffinityForbidsRedirect',
    entrypoint,
    `The entrypoint of ${subject.key} has sessionAffinity: ClientIP, with which Cilium rejects a redirected Service.`,
    `kubectl -n ${namespace} patch service ${name} --type=merge -p '{"spec":{"sessionAffinity":"None"}}'`,
  );
}
