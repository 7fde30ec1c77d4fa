import { asArray, asRecord, asString, readMeta } from '../../kube/read.ts';
import type { RawObject } from '../../kube/types.ts';
import { type NodeModel, trimNode } from '../../taints/models.ts';

/** A Node: what taints are judged by, its addresses and its server. */
export interface DoctorNode extends NodeModel {
  /** `spec.podCIDRs`, else `[spec.podCIDR]`. */
  readonly podCidrs: readonly string[];
  readonly internalIps: readonly string[];
  readonly externalIps: readonly string[];
  /** `status.nodeInfo.machineID`. */
  readonly machineId: string;
}

export function trimDoctorNode(raw: RawObject): DoctorNode {
  const model = trimNode(raw);
  const status = asRecord(raw.status);
  const addresses = asArray(status.addresses).map(asRecord);
  const ofType = (type: string): string[] =>
    addresses.filter((one) => one.type === type).map((one) => asString(one.address));
  const podCidrs = asArray(asRecord(raw.spec).podCIDRs).map((one) => asString(one));
  return {
    ...model,
    // Checks read labels and annotations that the taints don't.
    meta: readMeta(raw),
    podCidrs: podCidrs.length > 0 ? podCidrs : model.podCidr === '' ? [] : [model.podCidr],
    internalIps: ofType('InternalIP'),
    externalIps: ofType('ExternalIP'),
    machineId: asString(asRecord(status.nodeInfo).machineID),
  };
}
