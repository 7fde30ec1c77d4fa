import { asRecord, asStringMap, readMeta } from '../kube/read.ts';
import type { Meta, RawObject } from '../kube/types.ts';
import { type CiliumSettings, readSettings } from './settings.ts';

/** Name of the ConfigMap that holds Cilium's settings, in Cilium's namespace. */
export const CILIUM_CONFIG = 'cilium-config';

export interface CiliumConfigMap {
  readonly meta: Meta;
  readonly settings: CiliumSettings;
}

export function trimCiliumConfigMap(raw: RawObject): CiliumConfigMap {
  return { meta: readMeta(raw), settings: readSettings(asStringMap(asRecord(raw).data)) };
}
