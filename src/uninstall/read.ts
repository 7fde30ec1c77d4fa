import type { Config } from '../config/config.types.ts';
import type { KubeClient, ListOptions } from '../kube/client.types.ts';
import { KubeError } from '../kube/errors.ts';
import { readMeta } from '../kube/read.ts';
import { readAll } from '../kube/read-all.ts';
import {
  CLASS_CONFIGS,
  EVENTS,
  GATEWAY_CLASSES,
  GATEWAYS,
  LEASES,
  type Resource,
  SERVICES,
} from '../kube/resources.ts';
import type { RawObject } from '../kube/types.ts';
import { listCopies } from './copies.ts';
import {
  classLeftovers,
  copyLeftover,
  eventsLeftover,
  type Leftover,
  leaseLeftover,
  serviceLeftovers,
} from './leftovers.ts';

/** What stays behind, and what could not be looked at. */
export interface Leftovers {
  readonly items: readonly Leftover[];
  readonly unread: readonly { readonly kind: string; readonly why: string }[];
}

/**
 * Looks through everything that the program may have written. Reads only; a kind that cannot be read is told.
 * @throws KubeError when the API server cannot be asked at all; the signal's reason
 */
export async function readLeftovers(client: KubeClient, config: Config, signal: AbortSignal): Promise<Leftovers> {
  const unread: { kind: string; why: string }[] = [];
  const note = (kind: string, error: unknown): void => {
    if (!(error instanceof KubeError)) throw error;
    if (error.category === 'unreachable' || error.category === 'unauthorized') throw error;
    if (error.category !== 'not-served') unread.push({ kind, why: error.message });
  };
  const all = async <T>(
    resource: Resource,
    map: (raw: RawObject) => T,
    more: ListOptions = {},
  ): Promise<readonly T[]> => {
    const read = await readAll(client, resource, { ...more, signal }, map);
    if (read.ok) return read.items;
    note(resource.kind, read.error);
    return [];
  };
  const whole = (raw: RawObject): RawObject => raw;
  const [services, copies, classes, configs, gateways, events, lease] = await Promise.all([
    all(SERVICES, serviceLeftovers),
    listCopies(client, signal).catch((error: unknown) => {
      note('CiliumEnvoyConfig', error);
      return [];
    }),
    all(GATEWAY_CLASSES, whole),
    all(CLASS_CONFIGS, whole),
    all(GATEWAYS, whole),
    all(EVENTS, readMeta, { fieldSelector: 'source=cilium-cloud-bridge' }),
    client.get(LEASES, config.lease, { signal }).catch((error: unknown) => {
      if (!(error instanceof KubeError) || error.category !== 'not-found') note('Lease', error);
      return undefined;
    }),
  ]);
  return {
    items: [
      ...copies.map(copyLeftover),
      ...services.flat(),
      ...classLeftovers(classes, configs, gateways, config.gateway.loadBalancerClass),
      ...(lease === undefined ? [] : [leaseLeftover(lease)]),
      ...eventsLeftover(events),
    ],
    unread,
  };
}
