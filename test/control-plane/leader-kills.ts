import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/*
 * usage: leader-kills.ts [--kills 20] [--seed N]
 * Kills the leader of three so many times, at random moments while things change, and prints how long each time another
 * took to lead.
 */

const { values } = parseArgs({ options: { kills: { type: 'string', default: '20' }, seed: { type: 'string' } } });
const seed = values.seed ?? String(Date.now() % 100_000);
process.stdout.write(`seed ${seed}\n`);
const env = { ...process.env, LEADER_KILLS: values.kills, LEADER_SEED: seed };
const args = [
  'run',
  '--project',
  'control-plane',
  '--retry',
  '0',
  '--testNamePattern',
  'kill -9',
  'test/control-plane/leader.test.ts',
];
const { status } = spawnSync(join('node_modules', '.bin', 'vitest'), args, { env, stdio: 'inherit' });
process.exitCode = status ?? 1;
