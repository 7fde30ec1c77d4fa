import { type Edit, patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

function writtenAt(time: string): Edit {
  const managedFields = [{ manager: 'helm', operation: 'Update', time, fieldsV1: { 'f:data': {} } }];
  return patch('ConfigMap kube-system/cilium-config', { metadata: { managedFields } });
}

export const scenarios: Scenarios = [
  {
    symptom: 'Helm values were changed, and nothing happens',
    reference: 'cce-overlay',
    broken: [writtenAt('2026-11-25T09:00:00Z')],
    reason: 'ConfigNewerThanPods',
  },
  {
    symptom: 'the same, three minutes after the change: a rollout may be under way',
    reference: 'cce-overlay',
    broken: [writtenAt('2026-11-25T11:57:00Z')],
    verdict: 'warn',
    reason: 'ConfigNewerThanPods',
  },
  {
    symptom: 'a dump made without --show-managed-fields: nobody can tell whether the file was changed since',
    reference: 'cce-overlay',
    broken: [patch('ConfigMap kube-system/cilium-config', { metadata: { managedFields: null } })],
    verdict: 'unknown',
    reason: 'ConfigWriteTimeUnknown',
  },
];
