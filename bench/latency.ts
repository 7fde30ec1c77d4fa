import { spawn } from 'node:child_process';
import type { KubeClient } from '../src/kube/client.types.ts';
import { at, readMeta } from '../src/kube/read.ts';
import type { Resource } from '../src/kube/resources.ts';
import { atDeath } from '../test/control-plane/cleanup.ts';
import type { ControlPlane } from '../test/control-plane/fixture.ts';

/** Tells when each object of a kind last changed to what is waited for, by a watch of the bench's own. */
export interface Observer {
  /** Resolves with the time (monotonic, ms) at which an event of the object satisfied `test`. */
  next(name: string, test: (object: unknown) => boolean): Promise<number>;
  stop(): void;
}

export async function observe(client: KubeClient, resource: Resource, namespace: string): Promise<Observer> {
  const { resourceVersion } = await client.list(resource, { namespace });
  const stop = new AbortController();
  const waiting = new Map<string, { test: (object: unknown) => boolean; seen: (time: number) => void }>();
  const stream = client.watch(resource, {
    namespace,
    resourceVersion,
    serverTimeoutSeconds: 3_600,
    idleTimeoutMs: 3_600_000,
    signal: stop.signal,
  });
  const reading = (async (): Promise<void> => {
    for await (const event of stream) {
      if (event.type === 'BOOKMARK') continue;
      const time = performance.now();
      const { name } = readMeta(event.object);
      const wait = waiting.get(name);
      if (wait?.test(event.object) === true) {
        waiting.delete(name);
        wait.seen(time);
      }
    }
  })();
  let ended = '';
  reading.then(
    () => {
      ended = 'the watch ended';
    },
    (error: unknown) => {
      ended = `the watch broke: ${String(error)}`;
    },
  );
  return {
    next: (name, test) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`nothing happened to ${name} within 20 s${ended === '' ? '' : `; ${ended}`}`)),
          20_000,
        );
        waiting.set(name, {
          test,
          seen: (time) => {
            clearTimeout(timer);
            resolve(time);
          },
        });
      }),
    stop: () => stop.abort(),
  };
}

/** The bare watch + PATCH in a process of its own. */
export async function startBare(
  cluster: ControlPlane,
  source: string,
  target: string,
  resource?: Resource,
): Promise<() => void> {
  const script = new URL('bare.ts', import.meta.url).pathname;
  const kind = resource === undefined ? [] : [JSON.stringify(resource)];
  const child = spawn(process.execPath, [script, cluster.kubeconfigPath, source, target, ...kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the bare watcher ended with ${code}`)));
  });
  const forget = atDeath(() => void child.kill('SIGKILL'));
  return () => {
    child.kill('SIGKILL');
    forget();
  };
}

/** targetPort of the first port. */
export function targetPortOf(service: unknown): unknown {
  return at(service, 'spec', 'ports', 0, 'targetPort');
}
