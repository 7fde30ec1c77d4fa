import type { ClusterData } from '../cluster-data.ts';
import { cceOverlay } from './cce-overlay.ts';
import { tkeNative } from './tke-native.ts';
import { tkeOverlay } from './tke-overlay.ts';

/** The healthy clusters that scenarios break. */
export const REFERENCES = {
  'cce-overlay': cceOverlay,
  'tke-overlay': tkeOverlay,
  'tke-native': tkeNative,
} as const satisfies Record<string, ClusterData>;

export type ReferenceName = keyof typeof REFERENCES;
