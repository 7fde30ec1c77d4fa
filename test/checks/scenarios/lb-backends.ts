import type { CloudTarget } from '../../../src/providers/provider.types.ts';
import { cloud, type Edit } from '../cluster-data.ts';
import { CCE_ELB } from '../reference/cce-overlay.ts';
import { TKE_CLB } from '../reference/tke-overlay.ts';
import type { Scenarios } from '../scenario.types.ts';

function members(id: string, change: (members: readonly CloudTarget[]) => readonly CloudTarget[]): Edit {
  return cloud(({ targets }) => ({ targets: { ...targets, [id]: change(targets[id] ?? []) } }));
}

export const scenarios: Scenarios = [
  {
    symptom: 'the backend server group of the ELB is empty',
    reference: 'cce-overlay',
    broken: [members(CCE_ELB, () => [])],
    reason: 'NoMembers',
  },
  {
    symptom: 'the members of the ELB are asked at a NodePort of yesterday',
    reference: 'cce-overlay',
    broken: [members(CCE_ELB, (all) => all.map((one) => ({ ...one, port: 31999 })))],
    reason: 'MemberPortWrong',
  },
  {
    symptom: 'the Gateway was made anew, and the CLB still sends to its old NodePort on one node',
    reference: 'tke-overlay',
    broken: [members(TKE_CLB, (all) => all.map((one, index) => (index === 0 ? { ...one, port: 30001 } : one)))],
    reason: 'MemberPortWrong',
  },
  {
    symptom: 'every weight on the CLB is 0 after a drain that nobody undid',
    reference: 'tke-overlay',
    broken: [members(TKE_CLB, (all) => all.map((one) => ({ ...one, weight: 0 })))],
    reason: 'MembersWithoutWeight',
  },
  {
    symptom: 'some connections time out since a node was replaced',
    reference: 'cce-overlay',
    broken: [
      members(CCE_ELB, (all) => [...all, ...all.slice(0, 1).map((one) => ({ ...one, address: '10.2.128.99' }))]),
    ],
    verdict: 'warn',
    reason: 'MemberNotANode',
  },
];
