// `npm run soak`: the real program for half an hour on a cluster that changes all the time and breaks again and again.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCommand } from '../control-plane/command.ts';
import type { Verdict } from './checks.ts';
import { soak } from './soak.ts';

const USAGE = `usage: npm run soak -- [options]

Runs the real program as a controller on a fake API server in this process, while its cluster changes and breaks at
random; at the end everything must be in sync, memory and descriptors flat, and the log clean.

  --minutes N      how long things change; default 30
  --changes N      how many; default 5000
  --fault-every S  seconds between two faults, on average; default 8
  --seed N         which changes and faults, and when; each run prints its own. When the program meets them is the
                   machine's affair
  --datapath       besides, a second program on a real control plane and real Cilium agents, with connections all the
                   time, route changes and restarts of the program (root, and what test/datapath needs)
  --keep-log PATH  the program's log, kept there
  -h, --help`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '30' },
      changes: { type: 'string', default: '5000' },
      'fault-every': { type: 'string', default: '8' },
      seed: { type: 'string' },
      datapath: { type: 'boolean', default: false },
      'keep-log': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const wishes = {
    runMs: 60_000 * positive('minutes', values.minutes),
    changes: positive('changes', values.changes),
    faultEveryMs: 1_000 * positive('fault-every', values['fault-every']),
    seed: values.seed === undefined ? Date.now() % 2 ** 31 : positive('seed', values.seed),
  };
  const dir = mkdtempSync(join(tmpdir(), 'ccb-soak-bundle-'));
  try {
    const bundle = join(dir, 'cilium-cloud-bridge.js');
    await runCommand(process.execPath, ['scripts/build.ts', '--outfile', bundle]);
    const logPath = values['keep-log'] ?? join(dir, 'log');
    writeFileSync(logPath, '');
    const beside = values.datapath ? (await import('./datapath.ts')).soakDatapath(bundle, wishes.runMs, say) : [];
    const [verdicts, more] = await Promise.all([soak({ ...wishes, bundle, logPath, say }), beside]);
    return report([...verdicts, ...more], wishes.seed);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} wants a number above 0, not ${text}`);
  return number;
}

function say(line: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

function report(verdicts: readonly Verdict[], seed: number): number {
  console.log('');
  for (const { what, good, seen } of verdicts)
    console.log(`${good ? '✓' : `✗ --seed ${seed}:`} ${what}\n    ${seen.replaceAll('\n', '\n    ')}`);
  const passed = verdicts.filter(({ good }) => good).length;
  console.log(`\n${passed} passed, ${verdicts.length - passed} failed`);
  return passed === verdicts.length ? 0 : 1;
}

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(1);
  },
);
