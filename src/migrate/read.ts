import type { KubeClient, RequestOptions } from '../kube/client.types.ts';
import { KubeError } from '../kube/errors.ts';
import { asArray, asString, at } from '../kube/read.ts';
import { readAll } from '../kube/read-all.ts';
import { CLASS_CONFIGS, GATEWAY_CLASSES, GATEWAYS, SERVICES } from '../kube/resources.ts';
import type { ObjectRef, RawObject } from '../kube/types.ts';
import { type ClassFacts, type GatewayFacts, readClassFacts, readGatewayFacts } from './facts.ts';

/** What was asked for a move, besides what planning watches. */
export interface MigrationReads {
  readonly gateway: GatewayFacts;
  readonly classes: readonly ClassFacts[];
  readonly configsServed: boolean;
}

/**
 * Reads the Gateway, all GatewayClasses and their parameters as they are now.
 * @throws KubeError when one of them cannot be read: nothing is moved by guess; `not-found` when the Gateway is not there
 */
export async function readMigration(client: KubeClient, ref: ObjectRef, signal: AbortSignal): Promise<MigrationReads> {
  const whole = (raw: RawObject): RawObject => raw;
  const [gateway, classes, configs] = await Promise.all([
    client.get(GATEWAYS, ref, { signal }),
    client.list(GATEWAY_CLASSES, { signal }),
    readAll(client, CLASS_CONFIGS, { signal }, whole),
  ]);
  const configsServed = configs.ok || configs.error.category !== 'not-served';
  if (!configs.ok && configsServed) throw configs.error;
  const items = configs.ok ? configs.items : [];
  return {
    gateway: readGatewayFacts(gateway),
    classes: classes.items.map((raw) => readClassFacts(raw, items)),
    configsServed,
  };
}

/** The finalizers of a Service: whoever set them has to let it go; empty when it is gone, or cannot be read. */
export async function finalizersOf(
  client: KubeClient,
  ref: ObjectRef,
  request: RequestOptions,
): Promise<readonly string[]> {
  try {
    const raw = await client.get(SERVICES, ref, request);
    return asArray(at(raw, 'metadata', 'finalizers')).map((one) => asString(one));
  } catch (error) {
    if (error instanceof KubeError) return [];
    throw error;
  }
}
