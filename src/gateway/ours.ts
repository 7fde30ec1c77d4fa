import type { FieldOwner } from '../kube/managed-fields.ts';

/** Field manager of the controller's writes. */
export const CONTROLLER_MANAGER = 'cilium-cloud-bridge';
/** Field manager of `--once`. */
export const ONCE_MANAGER = 'cilium-cloud-bridge-once';

const OURS: ReadonlySet<string> = new Set([CONTROLLER_MANAGER, ONCE_MANAGER]);

/** Whether a field's newest owner is this program: the controller or an earlier `--once` (design rule 1). */
export function isOurs(owners: readonly FieldOwner[]): boolean {
  return owners.some((owner) => OURS.has(owner.manager));
}

/** The newest owner that is not this program. */
export function foreignOwner(owners: readonly FieldOwner[]): FieldOwner | undefined {
  return owners.filter((owner) => !OURS.has(owner.manager)).at(-1);
}
