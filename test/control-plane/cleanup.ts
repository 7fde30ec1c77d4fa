const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const pending = new Set<() => void>();
let installed = false;

/**
 * Runs `cleanup`, synchronously, when this process ends: by itself, by an uncaught error, or by a signal that nobody
 * else listens for.
 * @returns a function that takes it back
 */
export function atDeath(cleanup: () => void): () => void {
  if (!installed) {
    installed = true;
    process.once('exit', runPending);
    for (const signal of SIGNALS) process.prependListener(signal, endBy); // first, or a `once` is no longer counted
  }
  pending.add(cleanup);
  return () => pending.delete(cleanup);
}

function runPending(): void {
  for (const cleanup of pending) cleanup();
  pending.clear();
}

/** What the signal does without a listener, after the cleanup. Another listener has its own idea of an orderly end. */
function endBy(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  runPending();
  process.removeListener(signal, endBy);
  process.kill(process.pid, signal);
}
