import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/lib/clock.ts';

const LOCK_RETRY_MS = 200;

/** The folder outside the checkout where built parts are kept, keyed by version. */
export function cacheDir(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'cilium-cloud-bridge');
}

/**
 * Runs `work` while no other process builds into the same cache. The lock is a name in the kernel's abstract socket
 * space: taken atomically, and gone with the process that held it, however that died.
 * @param onWait called once when somebody else holds the lock
 */
export async function withCacheLock<T>(onWait: () => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(cacheDir(), { recursive: true });
  const name = `\0cilium-cloud-bridge-build-${createHash('sha256').update(cacheDir()).digest('hex').slice(0, 16)}`;
  let waited = false;
  let lock = await tryListen(name);
  while (lock === undefined) {
    if (!waited) {
      onWait();
      waited = true;
    }
    await systemClock.sleep(LOCK_RETRY_MS);
    lock = await tryListen(name);
  }
  try {
    return await work();
  } finally {
    lock.close();
  }
}

function tryListen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => resolve(server));
  });
}
