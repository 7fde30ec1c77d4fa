import { SERVICES } from '../../src/kube/resources.ts';
import type { AdmissionHook } from '../fake-api/admission.ts';
import { stringMap } from '../fake-api/json.ts';
import { kindKey } from '../fake-api/kinds.ts';

const PREFIX = 'kubernetes.io/elb.';

/** CCE's validating webhook: annotations `kubernetes.io/elb.*` that are there can be neither changed nor removed. */
export const refuseElbEdits: AdmissionHook = ({ operation, kind, object, oldObject }) => {
  if (operation !== 'UPDATE' || kindKey(kind) !== kindKey(SERVICES)) return undefined;
  const before = stringMap(oldObject?.metadata.annotations);
  const after = stringMap(object?.metadata.annotations);
  const changed = Object.keys(before).find((key) => key.startsWith(PREFIX) && before[key] !== after[key]);
  if (changed === undefined) return undefined;
  return {
    webhook: 'validator.cce.io',
    message: `can't modify service elb [${changed}] annotation`,
    code: 403,
    reason: 'Forbidden',
  };
};
