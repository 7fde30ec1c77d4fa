import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/*
 * usage: run.ts [--times 10] [--kills] [file...]
 * The fault suite so many times in a row, each time with another seed (unless FAULT_SEED is set); stops at the first
 * failure and names its seed. --kills: every write point of a larger run, and 200 random kills.
 */

const { values, positionals } = parseArgs({
  options: { times: { type: 'string', default: '1' }, kills: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const times = Number(values.times);
const startedAt = performance.now();
let passed = 0;
let seed = '';
while (passed < times && runOnce(passed + 1)) passed += 1;
const seconds = Math.round((performance.now() - startedAt) / 1000);
const again = ['npm run faults --', ...(values.kills ? ['--kills'] : []), ...positionals].join(' ');
const told = passed === times ? '' : `; FAULT_SEED=${seed} ${again} repeats the one that failed`;
process.stdout.write(`faults: ${passed} of ${times} runs passed, ${seconds} s${told}\n`);
process.exitCode = passed === times ? 0 : 1;

function runOnce(round: number): boolean {
  process.stdout.write(`\n=== faults: run ${round} of ${times}\n`);
  seed = process.env.FAULT_SEED ?? String(Date.now() & 0x7fffffff);
  const env = { ...process.env, FAULT_SEED: seed, ...(values.kills ? { FAULT_KILLS: 'all' } : {}) };
  const vitest = join('node_modules', '.bin', 'vitest');
  const args = ['run', '--retry=0', '--project', 'faults', ...positionals]; // a failure ends it: no second try here
  return spawnSync(vitest, args, { env, stdio: 'inherit' }).status === 0;
}
