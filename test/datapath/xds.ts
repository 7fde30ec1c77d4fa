import { request } from 'node:http';
import { z } from 'zod';
import type { ObjectRef } from '../../src/kube/types.ts';

const ResourceState = z.object({
  name: z.string(),
  /** The xDS response that brought it in this form, and when (milliseconds since the epoch). */
  version: z.string(),
  since: z.number(),
  /** In protobuf's JSON form. Null: Envoy asked for it, and the agent has none. */
  resource: z.unknown(),
});
export type ResourceState = z.infer<typeof ResourceState>;

const ListenerState = ResourceState.extend({
  /** Addresses it serves on; empty while it waits for its routes and secrets. */
  serves: z.array(z.string()),
  problem: z.string(),
});

const SecretState = z.object({
  name: z.string(),
  version: z.string(),
  since: z.number(),
  /** Of the certificate, hexadecimal. The key is never shown. */
  serial: z.string(),
});

/** Everything that an agent sent to its Envoy and that counts, each kind sorted by name. */
export const XdsState = z.object({
  node: z.string(),
  listeners: z.array(ListenerState),
  routes: z.array(ResourceState),
  clusters: z.array(ResourceState),
  endpoints: z.array(ResourceState),
  secrets: z.array(SecretState),
});
export type XdsState = z.infer<typeof XdsState>;

/** Asks a stand-in for its state. */
export async function readXdsState(adminSocket: string): Promise<XdsState> {
  return XdsState.parse(JSON.parse(await get(adminSocket, '/state')));
}

/**
 * What the agent made of one CiliumEnvoyConfig, with its own name taken out of every text: equal for a copy and its
 * source. Endpoints and secrets are shared, so they aren't in here.
 */
export function xdsOf(state: XdsState, { namespace, name }: ObjectRef): Readonly<Record<string, readonly unknown[]>> {
  const own = `${namespace}/${name}/`;
  const resources = (kind: readonly ResourceState[]): unknown[] =>
    kind.filter((one) => one.name.startsWith(own)).map((one) => withoutName(one.resource, own));
  return {
    listeners: resources(state.listeners).map(withoutPort),
    routes: resources(state.routes),
    clusters: resources(state.clusters),
  };
}

function withoutName(value: unknown, own: string): unknown {
  const text = JSON.stringify(value).replaceAll(own, '<own>/');
  return JSON.parse(text);
}

/** Each listener has a proxy port of its own on a node; it is also its id. */
function withoutPort(listener: unknown): unknown {
  return JSON.parse(JSON.stringify(listener).replaceAll(/"(portValue|proxyId)":\d+/g, '"$1":0'));
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, timeout: 10_000 }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    asked.once('timeout', () => asked.destroy(new Error(`no answer from ${socketPath}`)));
    asked.once('error', reject);
    asked.end();
  });
}
