import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodePortLatency } from './node-port.ts';
import { oncePass } from './once.ts';
import { gatewayProgrammed } from './programmed.ts';
import { followRoutes } from './routes.ts';
import { describeMachine, requireBundle } from './setting.ts';
import type { Result } from './stats.ts';
import { steadyState } from './steady.ts';
import { startWorld, type World } from './world.ts';

/* usage: run.ts [part…]   Figures of the product beside what limits it, on a real control plane on this machine. */
const PARTS: Readonly<Record<string, (world: World) => Promise<Result[]>>> = {
  'node-port': nodePortLatency,
  programmed: gatewayProgrammed,
  once: oncePass,
  steady: steadyState,
  routes: followRoutes,
};

/** 5,000 nodes on a server of their own, in a process of its own: `npm run bench:taints` takes its options. */
const TAINTS = 'taints';

const asked = process.argv.slice(2);
const unknown = asked.filter((part) => part !== TAINTS && PARTS[part] === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `no such part: ${unknown.join(', ')}; there are ${[...Object.keys(PARTS), TAINTS].join(', ')}\n`,
  );
  process.exit(1);
}
requireBundle();
process.stdout.write(`${describeMachine()}; min / median / p90 / p99 / max\n`);
let missed = 0;
for (const [name, measure] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const world = await startWorld();
  try {
    for (const result of await measure(world)) {
      if (!result.reached) missed += 1;
      process.stdout.write(`\n${result.what}\n${result.figures.map((line) => `  ${line}\n`).join('')}`);
      process.stdout.write(`  target ${result.target}: ${result.reached ? 'reached' : 'MISSED'}\n`);
    }
  } finally {
    await world.stop();
  }
}
if ((asked.length === 0 || asked.includes(TAINTS)) && !(await taintsReached())) missed += 1;
process.exitCode = missed === 0 ? 0 : 1;

/** Whether the comparison, which prints its figures itself, reached its targets. */
function taintsReached(): Promise<boolean> {
  const ended = Promise.withResolvers<boolean>();
  const program = spawn(process.execPath, [fileURLToPath(new URL('taints.ts', import.meta.url))], { stdio: 'inherit' });
  program.on('error', ended.reject);
  program.on('exit', (code) => ended.resolve(code === 0));
  return ended.promise;
}
