import { existsSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** The program as it is shipped. */
export const BUNDLE = new URL('../dist/cilium-cloud-bridge.js', import.meta.url).pathname;

/** Ends this process where it was not built yet. */
export function requireBundle(): void {
  if (existsSync(BUNDLE)) return;
  process.stderr.write('dist/cilium-cloud-bridge.js is missing: npm run build\n');
  process.exit(1);
}

/** Date, processors, memory and Node: a figure is worth little without. */
export function describeMachine(): string {
  const [cpu] = cpus();
  const processors = `${cpus().length} × ${cpu?.model ?? 'unknown processor'}`;
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${new Date().toISOString().slice(0, 10)}, ${processors}, ${memory}, Node ${process.version}`;
}
