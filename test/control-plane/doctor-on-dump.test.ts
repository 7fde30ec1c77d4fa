import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { CHECKS } from '../../src/checks/all.ts';
import { diagnose } from '../../src/checks/diagnose.ts';
import { openFileSource } from '../../src/checks/files/file-source.ts';
import { liveSource, type ObjectSource } from '../../src/checks/object-source.ts';
import { configSchema, toConfig } from '../../src/config/schema.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { openConnection } from '../../src/kube/connection.ts';
import * as kinds from '../../src/kube/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { startDemoCluster } from '../demo/cluster.ts';
import { SCENARIOS } from '../demo/scenarios.ts';
import { buildParts } from './build.ts';
import { tryCommand } from './command.ts';
import { partPath } from './parts.ts';
import { MAIN_VERSIONS } from './versions.ts';

/** What real kubectl prints of each demo's cluster gives doctor the same findings as the cluster itself. */

const SLOW_MS = 180_000;
const CONFIG = toConfig(configSchema.parse({}));
/** Real API servers always serve them; the fake one does not, and what is not there cannot be dumped. */
const NOT_SERVED = ['webhook-overlay'];
const home = mkdtempSync(join(tmpdir(), 'ccb-doctor-on-dump-'));

beforeAll(() => buildParts(['kubectl'], MAIN_VERSIONS, (line) => console.error(line)));
afterAll(() => rmSync(home, { recursive: true }));

async function toldBy(source: ObjectSource, now: number): Promise<unknown> {
  const ports = { source, openCloud: async () => ({ why: 'no credentials are given' }), now: () => now };
  const { outcomes } = await diagnose(CHECKS, CONFIG, ports, AbortSignal.timeout(60_000));
  return outcomes
    .filter(({ check }) => !NOT_SERVED.includes(check.id))
    .map(({ check, findings, followsFrom }) => ({ id: check.id, findings, followsFrom }));
}

test.each(SCENARIOS.flatMap((scenario) => (['yaml', 'json'] as const).map((format) => ({ scenario, format }))))(
  'demo $scenario.name, kubectl get -o $format',
  { timeout: SLOW_MS },
  async ({ scenario, format }) => {
    const cluster = await startDemoCluster(scenario);
    onTestFinished(() => cluster.stop());
    for (const chapter of scenario.story) {
      if (chapter.kind !== 'acts') continue;
      for (const act of chapter.acts) await act.run(cluster);
    }
    await cluster.operator.settled();
    const connection = openConnection({ path: cluster.kubeconfigPath, clock: systemClock });
    const client = createKubeClient({ connection, userAgent: 'test' });
    onTestFinished(() => {
      client.close();
      connection.close();
    });
    const now = Date.now();
    const live = await toldBy(liveSource(client), now);

    const folder = join(home, `${scenario.name}-${format}`);
    mkdirSync(folder);
    const env = { PATH: process.env.PATH ?? '', KUBECONFIG: cluster.kubeconfigPath, HOME: home };
    for (const { group, plural, namespaced } of Object.values(kinds)) {
      const kind = group === '' ? plural : `${plural}.${group}`;
      const args = ['get', kind, ...(namespaced ? ['-A'] : []), '-o', format, '--show-managed-fields'];
      const { code, stdout } = await tryCommand(partPath('kubectl', MAIN_VERSIONS), args, { env });
      if (code === 0) writeFileSync(join(folder, `${plural}.${format}`), stdout);
    }
    expect(await toldBy(await openFileSource(folder, AbortSignal.timeout(60_000)), now)).toEqual(live);
  },
);
