import type { GatewayConfig } from '../config/config.types.ts';
import { GATEWAYS, SERVICES } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Action, Finding } from '../plan/plan.types.ts';
import * as annotations from './annotations.ts';
import { compareAge } from './claims.ts';
import { asksToRetain, isManaged } from './managed.ts';
import type { ServiceModel } from './models/service.ts';
import { type GatewayObservation, provesAbsence } from './observation.ts';
import { isPaused } from './paused.ts';
import { gatewayKey } from './subjects.ts';

/** Managed entrypoints that nobody wants any more, and those of them that may be deleted now. */
export interface Removals {
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
  /** Uids of all that are provably unwanted in this observation: the runner measures for how long. */
  readonly unwanted: ReadonlySet<string>;
  /** Milliseconds until the next one is due; undefined: none waits. */
  readonly nextLookMs: number | undefined;
}

/** When more are due than may go at once. */
const NEXT_REMOVAL_MS = 10_000;

/**
 * Rule 14: a managed entrypoint is deleted only when its Gateway is provably gone or asks no more — complete list, kind
 * served — for `removeAfter`, while managed entrypoints are allowed at all, at most `maxRemovalsPerPass` at a time (those that are still being deleted count), and never with the annotation `retain`.
 */
export function planRemovals(observation: GatewayObservation, config: GatewayConfig): Removals {
  const { gateways, services } = observation;
  const findings: Finding[] = [];
  const unwanted = new Set<string>();
  if (!provesAbsence(gateways) || !gateways.served || !services.complete) {
    return { actions: [], findings, unwanted, nextLookMs: undefined };
  }
  const asking = new Set(
    gateways.items
      .filter((gateway) => gateway.meta.annotations[annotations.ENTRYPOINT] !== undefined && !gateway.meta.deleting)
      .map((gateway) => gatewayKey(gateway.meta.namespace, gateway.meta.name)),
  );
  const existing = new Set(gateways.items.map((gateway) => gatewayKey(gateway.meta.namespace, gateway.meta.name)));
  const pausedGateways = new Set(
    gateways.items
      .filter((gateway) => isPaused(gateway.meta, GATEWAYS, []))
      .map((gateway) => gatewayKey(gateway.meta.namespace, gateway.meta.name)),
  );
  const due: { service: ServiceModel; subjectKey: string }[] = [];
  let nextLookMs: number | undefined;
  const managed = services.items.filter((service) => isManaged(service, observation) && !service.meta.deleting);
  for (const service of managed.sort((a, b) => compareAge(a.meta, b.meta))) {
    const parsed = annotations.parseNamespacedName(service.meta.annotations[annotations.GATEWAY] ?? '');
    if (!parsed.ok) continue;
    const subjectKey = gatewayKey(parsed.value.namespace, parsed.value.name);
    if (asking.has(subjectKey)) continue;
    if (asksToRetain(service.meta, SERVICES, findings)) {
      findings.push(retained(service, subjectKey));
      continue;
    }
    // Whoever takes the consent back takes nothing away; once it is given again, the time starts anew.
    if (!config.managed.enabled) {
      const when = 'only while gateway.managed.enabled is true';
      findings.push(waiting(service, subjectKey, existing.has(subjectKey), when));
      continue;
    }
    unwanted.add(service.meta.uid);
    if (isPaused(service.meta, SERVICES, findings) || pausedGateways.has(subjectKey)) {
      findings.push(waiting(service, subjectKey, existing.has(subjectKey), 'not while it is paused'));
      continue;
    }
    const waited = observation.unwantedForMs.get(service.meta.uid) ?? 0;
    const left = config.managed.removeAfterMs - waited;
    if (left > 0) {
      nextLookMs = Math.min(nextLookMs ?? Number.POSITIVE_INFINITY, left);
      const minutes = Math.ceil(left / 60_000);
      findings.push(waiting(service, subjectKey, existing.has(subjectKey), `in about ${minutes} min`));
    } else {
      due.push({ service, subjectKey });
    }
  }
  const underWay = services.items.filter((service) => service.meta.deleting && isManaged(service, observation)).length;
  const now = due.slice(0, Math.max(0, config.managed.maxRemovalsPerPass - underWay));
  if (due.length > now.length) nextLookMs = Math.min(nextLookMs ?? NEXT_REMOVAL_MS, NEXT_REMOVAL_MS);
  return { actions: now.map(deleteAction), findings, unwanted, nextLookMs };
}

function deleteAction({ service, subjectKey }: { service: ServiceModel; subjectKey: string }): Action {
  return {
    kind: 'delete-entrypoint',
    key: subjectKey,
    target: targetOf(SERVICES, service.meta),
    targetVersion: service.meta.resourceVersion,
    changes: [{ field: 'metadata.name', before: service.meta.name, after: undefined }],
    reason: 'EntrypointDeleted',
    message: `Delete the managed entrypoint of ${subjectKey}, which no longer wants it.`,
    request: {
      verb: 'delete',
      resource: SERVICES,
      ref: { namespace: service.meta.namespace, name: service.meta.name },
      uid: service.meta.uid,
      resourceVersion: service.meta.resourceVersion,
    },
    related: [],
  };
}

function retained(service: ServiceModel, subjectKey: string): Finding {
  return finding('managed-entrypoint', 'warn', {
    reason: 'EntrypointRetained',
    target: targetOf(SERVICES, service.meta),
    message: `The managed entrypoint of ${subjectKey} is no longer wanted and is kept because of its annotation ${annotations.RETAIN}.`,
    fix: `To have it removed: kubectl -n ${service.meta.namespace} annotate service ${service.meta.name} ${annotations.RETAIN}-`,
  });
}

function waiting(service: ServiceModel, subjectKey: string, exists: boolean, when: string): Finding {
  return finding('managed-entrypoint', 'warn', {
    reason: 'EntrypointUnwanted',
    target: targetOf(SERVICES, service.meta),
    message: `${exists ? `${subjectKey} no longer asks for its managed entrypoint` : `${subjectKey}, for which this entrypoint was made, is gone`}; the controller deletes it, ${when}.`,
    fix: `To keep it: kubectl -n ${service.meta.namespace} annotate service ${service.meta.name} ${annotations.RETAIN}=true`,
  });
}
