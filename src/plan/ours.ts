import type { FieldOwner } from '../kube/managed-fields.ts';

/** Field manager of the controller's writes. */
export const CONTROLLER_MANAGER = 'cilium-cloud-bridge';
/** Field manager of `--once`. */
export const ONCE_MANAGER = 'cilium-cloud-bridge-once';

const OURS: ReadonlySet<string> = new Set([CONTROLLER_MANAGER, ONCE_MANAGER]);

/**
 * Whether a field belongs to this program alone: the controller or an earlier `--once` (design rule 1). A value that
 * somebody else applied as well is theirs, too.
 */
export function isOurs(owners: readonly FieldOwner[]): boolean {
  return owners.length > 0 && owners.every((owner) => OURS.has(owner.manager));
}

/** The newest owner that is not this program. */
export function foreignOwner(owners: readonly FieldOwner[]): FieldOwner | undefined {
  return owners.filter((owner) => !OURS.has(owner.manager)).at(-1);
}
