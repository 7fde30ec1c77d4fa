import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { CONFIG_MAPS, type Resource } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type Answer, createSender, type Endpoint, type Send } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import { openWatch, type WatchedEvent, type WatchStream } from '../emulators/watch-stream.ts';

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

/** What a suite of the contract talks through. */
export interface Client {
  readonly send: Send;
  watch(path: string): Promise<WatchStream>;
  close(): void;
}

export function createClient(endpoint: Endpoint, token: string): Client {
  const { send, close } = createSender(endpoint, token);
  const open: WatchStream[] = [];
  return {
    send,
    async watch(path) {
      const stream = await openWatch(endpoint, token, path);
      open.push(stream);
      return stream;
    },
    close() {
      for (const stream of open) stream.close();
      close();
    },
  };
}

/** A name that no other test has. */
export function unique(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`;
}

/** Creates an object and expects that to work. */
export async function created(send: Send, resource: Resource, object: ObjectBody): Promise<unknown> {
  const answer = await send('POST', resourcePath(resource, namespaceOf(object)), object);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

export async function read(send: Send, resource: Resource, ref: ObjectRef): Promise<unknown> {
  return (await send('GET', resourcePath(resource, ref))).body;
}

export interface ObjectBody {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly namespace?: string };
  readonly [key: string]: unknown;
}

function namespaceOf({ metadata }: ObjectBody): Partial<ObjectRef> {
  return metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
}

export function configMap(name: string, metadata: Readonly<Record<string, unknown>> = {}): ObjectBody {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...metadata },
    data: { key: 'value' },
  };
}

/** A LoadBalancer Service with one port, 80. */
export function service(name: string, spec: Readonly<Record<string, unknown>> = {}): ObjectBody {
  const ports = [{ name: 'port-80', port: 80, protocol: 'TCP' }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type: 'LoadBalancer', ports, ...spec },
  };
}

/** Expects a 422 whose causes name exactly these fields. */
export function expectInvalid(answer: Answer, causes: readonly (readonly [string, string, string])[]): void {
  expect(answer.status, JSON.stringify(answer.body)).toBe(422);
  expect(answer.body).toMatchObject({ status: 'Failure', reason: 'Invalid', code: 422 });
  const expected = causes.map(([reason, field, message]) => ({ reason, field, message }));
  expect(valueAt(answer.body, 'details', 'causes')).toEqual(expected);
}

/** Matchers for values that no test can know; `unknown`, where Vitest's own are `any`. */
export const ANY_NUMBER: unknown = expect.any(Number);
export const ANY_STRING: unknown = expect.any(String);
export const ANYTHING: unknown = expect.anything();

export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** The next event of a watch, within five seconds if not said otherwise. */
export function nextOf(stream: WatchStream, timeoutMs = 5000): Promise<WatchedEvent | undefined> {
  return stream.next(timeoutMs);
}

/** ConfigMaps of the namespace default, as the plainest of objects. */
export interface ConfigMapMaker {
  readonly collection: string;
  refOf(name: string): { readonly namespace: string; readonly name: string };
  pathOf(name: string): string;
  make(metadata?: Readonly<Record<string, unknown>>): Promise<{ name: string; body: unknown }>;
}

export function configMaps(send: Send): ConfigMapMaker {
  const refOf = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name });
  return {
    collection: resourcePath(CONFIG_MAPS, { namespace: 'default' }),
    refOf,
    pathOf: (name) => resourcePath(CONFIG_MAPS, refOf(name)),
    async make(metadata = {}) {
      const name = unique('c');
      return { name, body: await created(send, CONFIG_MAPS, configMap(name, metadata)) };
    },
  };
}
