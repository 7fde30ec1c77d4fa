// What each cloud costs a program that asks it, and one that does not: `npm run bench:clouds`.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { bundleGraph } from '../scripts/bundle-graph.ts';
import { summarise } from './stats.ts';

const ROUNDS = 9;
const run = promisify(execFile);
const Cost = z.object({ ms: z.number(), rssMb: z.number() });

/** Import cost in the bundle that is shipped, but for its entry: medians. */
async function importCosts(names: readonly string[]): Promise<Map<string, z.infer<typeof Cost>>> {
  const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-clouds-'));
  try {
    const file = join(folder, 'bundle.js');
    await run(process.execPath, ['scripts/build.ts', '--entry', 'bench/cloud-import.ts', '--outfile', file]);
    const costs = new Map<string, z.infer<typeof Cost>[]>(names.map((name) => [name, []]));
    // One after the other in each round, so that a busy moment meets all of them.
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, list] of costs) {
        const { stdout } = await run(process.execPath, [file, name]);
        list.push(Cost.parse(JSON.parse(stdout)));
      }
    }
    return new Map(
      [...costs].map(([name, list]) => [
        name,
        { ms: summarise(list.map(({ ms }) => ms)).median, rssMb: summarise(list.map(({ rssMb }) => rssMb)).median },
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the bundle holds for one cloud alone, and without any: kB. */
async function bundleSizes(): Promise<Map<string, number>> {
  const graph = await bundleGraph('src/main.ts');
  const base = graph.loadedBy('src/main.ts');
  const huawei = graph.neededBy('src/providers/huawei/index.ts');
  const tencent = graph.neededBy('src/providers/tencent/index.ts');
  const kb = (wanted: (path: string) => boolean): number =>
    [...graph.bytes].reduce((sum, [path, bytes]) => (wanted(path) ? sum + bytes : sum), 0) / 1000;
  return new Map([
    ['none', kb((path) => base.has(path))],
    ['huawei', kb((path) => huawei.has(path) && !base.has(path) && !tencent.has(path))],
    ['tencent', kb((path) => tencent.has(path) && !base.has(path) && !huawei.has(path))],
    ['both', kb((path) => huawei.has(path) && tencent.has(path) && !base.has(path))],
  ]);
}

const sizes = await bundleSizes();
const costs = await importCosts(['none', 'huawei', 'tencent']);
const rows = [
  ['cloud', 'in the bundle', 'loaded in', 'memory'],
  ...['none', 'huawei', 'tencent'].map((name) => {
    const cost = costs.get(name);
    return [
      name,
      `${Math.round(sizes.get(name) ?? 0)} kB`,
      `${(cost?.ms ?? 0).toFixed(1)} ms`,
      `${(cost?.rssMb ?? 0).toFixed(1)} MB`,
    ];
  }),
  ['shared by both', `${Math.round(sizes.get('both') ?? 0)} kB`, '', ''],
];
for (const row of rows)
  process.stdout.write(
    `${row
      .map((cell) => cell.padEnd(16))
      .join('')
      .trimEnd()}\n`,
  );
