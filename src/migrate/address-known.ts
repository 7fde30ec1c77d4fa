import type { Config } from '../config/config.types.ts';
import type { SubjectState } from '../gateway/plan-subject.types.ts';

/** Whether a new Service of that Gateway would get an address: from its entrypoint, the cloud, or the configuration. */
export function entrypointAddressKnown(state: SubjectState | undefined, { gateway }: Config): boolean {
  if (state === undefined) return false;
  const { subject, entrypoint, addresses } = state;
  const key = `${subject.namespace}/${subject.name}`;
  const configured = Object.hasOwn(gateway.addresses, key) ? (gateway.addresses[key] ?? []) : [];
  return addresses.length > 0 || configured.length > 0 || (entrypoint?.ingress.length ?? 0) > 0;
}
