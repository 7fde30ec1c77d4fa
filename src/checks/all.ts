import type { Check } from './check.types.ts';
import { ipamNeedsPodCidr } from './cluster/ipam-needs-podcidr.ts';
import { kprOff } from './cluster/kpr-off.ts';

/**
 * Every check, in the one declared order: the cluster that carries the packet, then the packet's way in, then its way
 * out. What others may follow from stands before them, so the first that fails is the first broken link.
 */
export const CHECKS: readonly Check[] = [
  // The cluster and Cilium
  ipamNeedsPodCidr,
  kprOff,
  // The way in
  // The way out
];
