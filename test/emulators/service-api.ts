import { SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { Answer, Send } from '../control-plane/http.ts';
import { isKubeObject, type KubeObject, resourcePath, valueAt } from '../control-plane/objects.ts';

/** Services as an emulated writer sees them: over plain HTTP, from the fake or the real API server. */
export interface ServiceApi {
  list(): Promise<readonly KubeObject[]>;
  /** Resolves with the HTTP status: a conflict or a Service that went away is the next look's business. */
  patch(
    service: ObjectRef,
    body: unknown,
    fieldManager: string,
    type: 'json' | 'merge',
    subresource?: string,
  ): Promise<number>;
}

const CONTENT_TYPES = { json: 'application/json-patch+json', merge: 'application/merge-patch+json' } as const;

export function createServiceApi(send: Send): ServiceApi {
  return {
    async list() {
      const answer = await send('GET', resourcePath(SERVICES));
      const items = valueAt(successOf(answer).body, 'items');
      return (Array.isArray(items) ? items : [])
        .map((item: object) => ({ apiVersion: 'v1', kind: 'Service', ...item }))
        .filter(isKubeObject);
    },
    async patch(service, body, fieldManager, type, subresource) {
      const path = `${resourcePath(SERVICES, service, subresource)}?fieldManager=${fieldManager}`;
      return (await send('PATCH', path, body, CONTENT_TYPES[type])).status;
    },
  };
}

function successOf(answer: Answer): Answer {
  if (answer.status !== 200) throw new Error(`list of Services: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

/** Runs `look` again and again until stopped. A look that fails is repeated: the server may be restarting. */
export function repeat(everyMs: number, look: () => Promise<void>): { stop(): Promise<void> } {
  const stopped = new AbortController();
  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      await look().catch(() => undefined);
      await pause(everyMs, stopped.signal);
    }
  }
  const ended = run();
  return {
    async stop() {
      stopped.abort();
      await ended;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
