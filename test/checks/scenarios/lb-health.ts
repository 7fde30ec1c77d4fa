import type { CloudTarget } from '../../../src/providers/provider.types.ts';
import { cloud, type Edit } from '../cluster-data.ts';
import { CCE_ELB } from '../reference/cce-overlay.ts';
import { TKE_CLB } from '../reference/tke-overlay.ts';
import type { Scenarios } from '../scenario.types.ts';

function health(id: string, change: (index: number) => Pick<CloudTarget, 'health' | 'reason'>): Edit {
  return cloud(({ targets }) => ({
    targets: { ...targets, [id]: (targets[id] ?? []).map((one, index) => ({ ...one, ...change(index) })) },
  }));
}

export const scenarios: Scenarios = [
  {
    symptom: 'the ELB shows all members as abnormal, and clients time out',
    reference: 'cce-overlay',
    broken: [health(CCE_ELB, () => ({ health: 'unhealthy', reason: 'CONNECT_TIMEOUT' }))],
    reason: 'NoHealthyMember',
  },
  {
    symptom: 'all targets of the CLB are Dead: it sends to them all the same, and clients get resets',
    reference: 'tke-overlay',
    broken: [health(TKE_CLB, () => ({ health: 'unhealthy', reason: 'Dead' }))],
    reason: 'NoHealthyMember',
  },
  {
    symptom: 'one node gets no traffic',
    reference: 'cce-overlay',
    broken: [
      health(CCE_ELB, (index) =>
        index === 0 ? { health: 'unhealthy', reason: 'CONNECT_REFUSED' } : { health: 'healthy', reason: '' },
      ),
    ],
    verdict: 'warn',
    reason: 'SomeMembersUnhealthy',
  },
  {
    symptom: 'a listener that was just made serves nobody for some seconds',
    reference: 'cce-overlay',
    broken: [health(CCE_ELB, () => ({ health: 'pending', reason: '' }))],
    verdict: 'warn',
    reason: 'HealthPending',
  },
  {
    symptom: 'the CLB tells targets and not their health',
    reference: 'tke-overlay',
    broken: [health(TKE_CLB, () => ({ health: 'unknown', reason: 'clb:DescribeTargetHealth is not allowed.' }))],
    verdict: 'unknown',
    reason: 'HealthUnknown',
  },
];
