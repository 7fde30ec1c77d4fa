import type { GatewayConfig } from '../config/config.types.ts';
import { ENVOY_CONFIGS, SERVICES } from '../kube/resources.ts';
import { targetOf } from '../plan/make.ts';
import type { Action, Target } from '../plan/plan.types.ts';
import type { Claims } from './claims.ts';
import type { EnvoyConfigModel } from './models/envoy-config.ts';
import type { ServiceModel } from './models/service.ts';
import { type GatewayObservation, provesAbsence } from './observation.ts';
import { isPaused } from './paused.ts';
import type { SubjectState } from './plan-subject.types.ts';
import type { CopyPolicy } from './redirect.ts';
import { copyName, describeServices, isCopy, SUBJECT_ANNOTATION } from './redirect-copy.ts';
import { compareText, resourceOf, SHARED_INGRESS_KEY } from './subjects.ts';

/**
 * Copies that no entrypoint needs any more: removed at once, but only where everything that could want them was read
 * and understood (rules 12 and 14). A pass that nobody follows up leaves those whose Gateway exists (design §6).
 */
export function planOrphans(
  observation: GatewayObservation,
  config: GatewayConfig,
  states: readonly SubjectState[],
  claims: Claims,
  policy: CopyPolicy,
): Action[] {
  const { envoyConfigs, services } = observation;
  if (envoyConfigs === undefined || !envoyConfigs.complete || !provesAbsence(services)) return [];
  const isInUse = usersOf(states);
  return envoyConfigs.items
    .filter((config) => isCopy(config) && !config.meta.deleting && !isInUse(config))
    .sort((a, b) => compareText(nameOf(a), nameOf(b)))
    .flatMap((copy) => {
      const key = copy.meta.annotations[SUBJECT_ANNOTATION] ?? '';
      const state = states.find(({ subject }) => subject.key === key);
      if (state === undefined ? !isKnownToBeGone(key, observation) : policy !== 'followed') return [];
      const entrypoint = services.items.find((service) => !service.meta.deleting && isCopyOf(copy, service));
      if (entrypoint !== undefined) {
        // It may be meant for the same Gateway still: the copy waits until that can be told.
        const ambiguous = config.adopt.mode === 'auto' && claims.uncertain.has(key);
        if (ambiguous || claims.unclear.includes(entrypoint)) return [];
      }
      return [deleteCopy(copy, pausedBy(entrypoint, state))];
    });
}

/** A copy is in use by uid, or stays as it is while its entrypoint's plan is not decided. */
function usersOf(states: readonly SubjectState[]): (copy: EnvoyConfigModel) => boolean {
  const uids = new Set(states.flatMap(({ copy }) => (typeof copy === 'string' ? [] : [copy.uid])));
  const undecided = states.flatMap(({ copy, entrypoint }) =>
    copy === 'undecided' && entrypoint !== undefined ? [entrypoint] : [],
  );
  return (copy) => uids.has(copy.meta.uid) || undecided.some((entrypoint) => isCopyOf(copy, entrypoint));
}

function isCopyOf(copy: EnvoyConfigModel, { meta }: ServiceModel): boolean {
  return meta.namespace === copy.meta.namespace && copyName(meta) === copy.meta.name;
}

/** Whether it is certain that nothing of that key exists, given that no plan was made for it. */
function isKnownToBeGone(subjectKey: string, observation: GatewayObservation): boolean {
  const { gateways, gatewayClasses, ingresses, settings } = observation;
  // Only cilium-config tells how the shared Ingress' Service is called.
  if (subjectKey === SHARED_INGRESS_KEY) return settings !== undefined;
  return subjectKey.startsWith('Ingress ')
    ? provesAbsence(ingresses)
    : provesAbsence(gateways) && provesAbsence(gatewayClasses);
}

function pausedBy(
  entrypoint: ServiceModel | undefined,
  state: SubjectState | undefined,
): { readonly pausedBy?: Target } {
  if (entrypoint !== undefined && isPaused(entrypoint.meta, SERVICES, [])) {
    return { pausedBy: targetOf(SERVICES, entrypoint.meta) };
  }
  if (state !== undefined && isPaused(state.subject.meta, resourceOf(state.subject), [])) {
    return { pausedBy: state.subject.target };
  }
  return {};
}

function deleteCopy(copy: EnvoyConfigModel, paused: { readonly pausedBy?: Target }): Action {
  const { namespace, name } = copy.meta;
  const subjectKey = copy.meta.annotations[SUBJECT_ANNOTATION] ?? '';
  return {
    kind: 'delete-redirect-copy',
    // Before whatever else is due for its subject, but nothing rests on it. The same key while the Gateway is away and
    // when it is back: two keys would be two writers of one object.
    key: subjectKey === '' ? `CiliumEnvoyConfig ${namespace}/${name}` : subjectKey,
    mayFail: true,
    target: targetOf(ENVOY_CONFIGS, copy.meta),
    targetVersion: copy.meta.resourceVersion,
    changes: [{ field: 'spec.services', before: describeServices(copy.services), after: undefined }],
    reason: 'RedirectCopyDeleted',
    message: `Remove the redirect of ${subjectKey === '' ? 'a Gateway' : subjectKey}: its Gateway, entrypoint or choice is gone.`,
    request: {
      verb: 'delete',
      resource: ENVOY_CONFIGS,
      ref: { namespace, name },
      uid: copy.meta.uid,
      resourceVersion: copy.meta.resourceVersion,
    },
    related: [],
    ...paused,
  };
}

function nameOf({ meta }: EnvoyConfigModel): string {
  return `${meta.namespace}/${meta.name}`;
}
