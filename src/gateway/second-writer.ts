import type { GatewayConfig } from '../config/config.types.ts';
import { ENVOY_CONFIGS } from '../kube/resources.ts';
import { describeTarget, finding } from '../plan/make.ts';
import type { Action, Declined, Finding } from '../plan/plan.types.ts';
import { ownClassMend } from './other-owners.ts';

/** What was not written, as findings: a second writer fails, what the user paused or forbade is told. */
export function declinedFinding(declined: Declined, config: GatewayConfig): Finding {
  const { action, reason, message } = declined;
  const object = describeTarget(action.target);
  if (reason !== 'SecondWriter') {
    return finding('pending-write', 'warn', {
      reason,
      target: action.target,
      message: `${object} is not brought in sync: ${message}`,
      evidence: { intended: action.message },
    });
  }
  const status = action.kind === 'publish-address' || action.kind === 'clear-address';
  return finding('second-writer', 'fail', {
    reason,
    target: action.target,
    message: `${object} is not written any more: ${message}`,
    fix: status ? statusMend(config) : action.request.resource === ENVOY_CONFIGS ? copyMend(action) : specMend(),
    evidence: { intended: action.message },
  });
}

/** Mends for a status that somebody else clears or overwrites (rule 7). */
export function statusMend(config: GatewayConfig): string {
  return (
    `Best: ${ownClassMend(config)}. Else, on TKE: annotation service.cloud.tencent.com/mode: skip in the Gateway's spec.infrastructure.annotations; ` +
    `with LB-IPAM: Helm defaultLBServiceIPAM=none.`
  );
}

/** Mends for a redirect copy that somebody else changes or removes. */
export function copyMend({ target }: Action): string {
  return `Let that writer leave CiliumEnvoyConfig ${target.namespace}/${target.name} alone, which is made from the Gateway's own: in Argo CD, exclude the kind or switch prune off for it; or choose the exposure node-port for this entrypoint.`;
}

/** Mends for a targetPort that somebody else sets back. */
export function specMend(): string {
  return (
    'Let that writer leave spec.ports[].targetPort alone: in Argo CD, ignoreDifferences with jqPathExpressions .spec.ports[].targetPort; ' +
    'in Flux, the annotation kustomize.toolkit.fluxcd.io/ssa: Merge without the field; else remove the field from its source.'
  );
}
