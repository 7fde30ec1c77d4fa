import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/checks/all.ts';
import type { CheckOutcome } from '../../../src/checks/check.types.ts';
import { diagnose } from '../../../src/checks/diagnose.ts';
import { openFileSource } from '../../../src/checks/files/file-source.ts';
import { liveSource, type ObjectSource } from '../../../src/checks/object-source.ts';
import { configSchema, toConfig } from '../../../src/config/schema.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import type { KubeClient } from '../../../src/kube/client.types.ts';
import { openConnection } from '../../../src/kube/connection.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { type FakeApi, startFakeApi } from '../../fake-api/server.ts';
import { type ClusterData, ciliumConfig, edited, patch, without } from '../cluster-data.ts';
import { REFERENCES } from '../reference/all.ts';
import { NOW } from '../reference/parts.ts';
import { applyAll, type Files, kubectlDocuments, kubectlFiles, listAll, sysdumpFiles } from './dumps.ts';
import { zipOf } from './zip.ts';

const CONFIG = toConfig(configSchema.parse({}));
const BROKEN: Readonly<Record<string, ClusterData>> = {
  'cce-overlay': REFERENCES['cce-overlay'],
  'tke-overlay': REFERENCES['tke-overlay'],
  'tke-native': REFERENCES['tke-native'],
  'cce-overlay with faults': edited(REFERENCES['cce-overlay'], [
    ciliumConfig({ 'kube-proxy-replacement': 'false', 'gateway-api-xff-num-trusted-hops': '2' }),
    patch('Node *', { metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' } } }),
    without('CustomResourceDefinition httproutes.gateway.networking.k8s.io'),
  ]),
};

let api: FakeApi;
let client: KubeClient;
let dir: string;

beforeEach(async () => {
  api = await startFakeApi();
  dir = mkdtempSync(join(tmpdir(), 'ccb-files-'));
  const path = api.writeKubeconfig(join(dir, 'config'));
  client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
});

afterEach(async () => {
  client.close();
  await api.stop();
  rmSync(dir, { recursive: true, force: true });
});

function folderOf(files: Files): string {
  const folder = join(dir, 'dump');
  for (const [name, text] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function archiveOf(files: Files): string {
  const path = join(dir, 'cilium-sysdump-20261125-120000.zip');
  writeFileSync(path, zipOf([...files].map(([name, data]) => ({ name, data }))));
  return path;
}

async function outcomesOf(source: ObjectSource): Promise<readonly CheckOutcome[]> {
  const openCloud = async () => ({ why: 'no credentials are given' });
  const { outcomes } = await diagnose(
    CHECKS,
    CONFIG,
    { source, openCloud, now: () => NOW },
    AbortSignal.timeout(20_000),
  );
  return outcomes;
}

/** What is said; a check whose cause is open stands for itself. */
function told(outcomes: readonly CheckOutcome[], open: ReadonlySet<string> = new Set()): readonly unknown[] {
  return outcomes.map(({ check, findings, followsFrom }) => ({
    id: check.id,
    findings,
    followsFrom: followsFrom !== undefined && open.has(followsFrom) ? undefined : followsFrom,
  }));
}

/** Checks that need what a sysdump lacks: complete ConfigMaps and DaemonSets, definitions, webhooks, class configurations. */
function isNotInSysdump({ findings }: CheckOutcome): boolean {
  return findings.some(
    ({ reason, message }) => reason === 'NotReadable' && /(?:is not|only some .* are) in /.test(message),
  );
}

describe.each(Object.entries(BROKEN))('the files of %s', (_, cluster) => {
  it('give the same findings as its API server: a folder of kubectl get -o yaml', async () => {
    applyAll(api, cluster.objects);
    const live = await outcomesOf(liveSource(client));
    const files = kubectlFiles(await listAll(api.url));
    const source = await openFileSource(folderOf(files), AbortSignal.timeout(20_000));
    expect(told(await outcomesOf(source))).toEqual(told(live));
    expect(api.requests.some(({ path }) => path.includes('/nodes'))).toBe(true);
  });

  it('give the same findings as its API server: JSON, and one file of several documents', async () => {
    applyAll(api, cluster.objects);
    const live = told(await outcomesOf(liveSource(client)));
    const lists = await listAll(api.url);
    const json = await openFileSource(folderOf(kubectlFiles(lists, 'json')), AbortSignal.timeout(20_000));
    expect(told(await outcomesOf(json))).toEqual(live);
    rmSync(join(dir, 'dump'), { recursive: true });
    const folder = folderOf(kubectlDocuments(lists));
    for (const path of [folder, join(folder, 'all.yaml')]) {
      const documents = await openFileSource(path, AbortSignal.timeout(20_000));
      expect(told(await outcomesOf(documents))).toEqual(live);
    }
  });

  it('give the same findings as its API server: the zip of a sysdump, as far as it goes', async () => {
    applyAll(api, cluster.objects);
    const live = await outcomesOf(liveSource(client));
    const files = sysdumpFiles(await listAll(api.url));
    const source = await openFileSource(archiveOf(files), AbortSignal.timeout(20_000));
    const outcomes = await outcomesOf(source);
    const isOpen = new Set(outcomes.filter(isNotInSysdump).map(({ check }) => check.id));
    const known = (all: readonly CheckOutcome[]) =>
      told(
        all.filter(({ check }) => !isOpen.has(check.id)),
        isOpen,
      );
    expect(known(outcomes)).toEqual(known(live));
    expect(outcomes.filter(({ check, verdict }) => isOpen.has(check.id) && verdict !== 'unknown')).toEqual([]);
    const needed = new Set(CHECKS.filter(({ needs }) => needs.some(isPartOfSysdump)).map(({ id }) => id));
    expect([...isOpen].filter((id) => !needed.has(id))).toEqual([]);
    expect(outcomes.length - isOpen.size).toBeGreaterThan(20);
  });
});

/** Kinds of which a sysdump has some objects, or none. */
function isPartOfSysdump(kind: string): boolean {
  return [
    'daemonSets',
    'classConfigs',
    'eniConfigs',
    'crds',
    'validatingWebhooks',
    'mutatingWebhooks',
    'masqConfig',
    'tkeMasqConfig',
    'tkeConfig',
  ].includes(kind);
}

describe('a sysdump', () => {
  it('tells when it was taken', async () => {
    applyAll(api, REFERENCES['cce-overlay'].objects);
    const files = sysdumpFiles(await listAll(api.url));
    const { takenAt } = await openFileSource(archiveOf(files), AbortSignal.timeout(20_000));
    expect(takenAt).toBeGreaterThan(NOW - 3_600_000);
    expect(takenAt).toBeLessThanOrEqual(NOW + 60_000);
  });
});
