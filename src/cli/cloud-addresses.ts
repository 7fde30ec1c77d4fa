import type { CloudConfig } from '../config/config.types.ts';
import { type AddressBook, createAddressBook } from '../gateway/address-book.ts';
import type { GatewayView } from '../gateway/view.ts';
import type { KubeClient } from '../kube/client.types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { findCloud } from './cloud.ts';

export interface CloudAddressesPorts {
  readonly client: KubeClient;
  readonly view: GatewayView;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the cloud's answer is another than before. */
  readonly onChange: () => void;
}

/** Addresses that the cloud knows, for a command that ends: asked for at once, with the credentials untried. */
export function createCloudAddresses(
  ports: CloudAddressesPorts,
  config: CloudConfig,
  signal: AbortSignal,
): AddressBook {
  const { client, view, clock, logger, onChange } = ports;
  const nodeNames = (): string[] => view.reads().ciliumPods.items.map((pod) => pod.node);
  return createAddressBook({
    findCloud: () =>
      findCloud({ client, nodeNames, config, env: process.env, clock, logger, tryCredentials: false }, signal),
    clock,
    graceMs: 0,
    onChange,
    signal,
  });
}
