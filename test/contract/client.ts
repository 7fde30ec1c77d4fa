import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Resource } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type Answer, createSender, type Endpoint, type Send, transportOf } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';

export const JSON_PATCH = 'application/json-patch+json';
export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

export interface WatchedEvent {
  readonly type: string;
  readonly object: unknown;
}

/** A watch as a test reads it: one event at a time, each waited for. */
export interface WatchReader {
  readonly status: number;
  /** The next event; undefined when the server ended the stream. Rejects after `timeoutMs` (5 s). */
  next(timeoutMs?: number): Promise<WatchedEvent | undefined>;
  close(): void;
}

/** What a suite of the contract talks through. */
export interface Client {
  readonly send: Send;
  watch(path: string): Promise<WatchReader>;
  close(): void;
}

export function createClient(endpoint: Endpoint, token: string): Client {
  const { send, close } = createSender(endpoint, token);
  const open: WatchReader[] = [];
  return {
    send,
    async watch(path) {
      const reader = await openWatch(endpoint, token, path);
      open.push(reader);
      return reader;
    },
    close() {
      for (const reader of open) reader.close();
      close();
    },
  };
}

function openWatch(endpoint: Endpoint, token: string, path: string): Promise<WatchReader> {
  const { agent, open } = transportOf(endpoint);
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  return new Promise((resolve, reject) => {
    const request = open(`${endpoint.server}${path}`, { agent, headers }, (response) => {
      const events: (WatchedEvent | undefined)[] = [];
      let waiting: ((event: WatchedEvent | undefined) => void) | undefined;
      let rest = '';
      const push = (event: WatchedEvent | undefined): void => {
        if (waiting === undefined) events.push(event);
        else waiting(event);
        waiting = undefined;
      };
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) push(eventOf(JSON.parse(line)));
      });
      response.on('close', () => push(undefined));
      resolve({
        status: response.statusCode ?? 0,
        next: (timeoutMs = 5000) =>
          new Promise((found, late) => {
            if (events.length > 0) {
              found(events.shift());
              return;
            }
            const timer = setTimeout(() => late(new Error(`no event within ${timeoutMs} ms`)), timeoutMs);
            waiting = (event) => {
              clearTimeout(timer);
              found(event);
            };
          }),
        close: () => {
          request.destroy();
          agent.destroy();
        },
      });
    });
    request.once('error', reject);
    request.end();
  });
}

function eventOf(line: unknown): WatchedEvent {
  return { type: String(valueAt(line, 'type')), object: valueAt(line, 'object') };
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
