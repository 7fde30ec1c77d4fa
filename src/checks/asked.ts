import { finding } from '../plan/make.ts';
import type { Finding, Json } from '../plan/plan.types.ts';
import type { ReadFrom } from '../providers/provider.types.ts';
import type { Asked, CloudWorld } from './world.types.ts';

/** An answer that is missing. */
export type Unanswered = Exclude<Asked<unknown>, { readonly state: 'answered' }>;

/** The finding of a check that an answer of the cloud is missing for. */
export function unanswered(check: string, asked: Unanswered): Finding {
  if (asked.state === 'not-asked') {
    return finding(check, 'unknown', {
      reason: 'CloudNotAsked',
      target: undefined,
      message: `The cloud was not asked: ${asked.why}.`,
      fix: '',
    });
  }
  return finding(check, 'unknown', {
    reason: asked.category === 'denied' ? 'CloudDenied' : 'CloudFailed',
    target: undefined,
    message: asked.message,
    fix: asked.category === 'denied' ? `Allow ${asked.action} in the policy of the account that asks (read only).` : '',
    evidence: { action: asked.action, category: asked.category, requestId: asked.requestId },
  });
}

/** Whether a cloud was asked, and answered every question. */
export function isCloudRead(world: CloudWorld): boolean {
  return world.cloud !== undefined && failuresOf(world).length === 0;
}

type Failed = Extract<Asked<unknown>, { readonly state: 'failed' }>;

/** The questions that a cloud did not answer. */
export function failuresOf({ loadBalancers, securityGroups, ...world }: CloudWorld): readonly Failed[] {
  const { cluster, instances, vpc, natGateways, routeTables, subnets, publicIps } = world;
  const answers: readonly Asked<unknown>[] = [
    ...[cluster, instances, vpc, natGateways, routeTables, subnets, publicIps],
    ...[...loadBalancers.values()].flatMap(({ loadBalancer, listeners, targets }) => [
      loadBalancer,
      listeners,
      targets,
    ]),
    ...securityGroups.values(),
  ];
  return answers.filter((answer) => answer.state === 'failed');
}

/** Where an answer came from, as evidence. */
export function requestsOf(from: readonly ReadFrom[]): Json {
  return from.map(({ action, requestId }) => (requestId === '' ? action : `${action} (${requestId})`));
}
