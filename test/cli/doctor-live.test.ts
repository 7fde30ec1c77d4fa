import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { liveSource } from '../../src/checks/object-source.ts';
import type { DoctorOptions } from '../../src/cli/args.types.ts';
import { runDoctor } from '../../src/cli/doctor.ts';
import type { DoctorReport } from '../../src/cli/doctor-report.types.ts';
import { configSchema, toConfig } from '../../src/config/schema.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import { readMeta } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { isWrite } from '../fake-api/requests.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';

const OPTIONS: DoctorOptions = {
  command: 'doctor',
  kubeconfig: undefined,
  context: undefined,
  config: undefined,
  adopt: undefined,
  logLevel: undefined,
  output: 'table',
  only: [],
  skip: [],
  from: undefined,
  cloud: true,
  verbose: false,
};

let api: FakeApi;
let dir: string;
let client: KubeClient;
let stages: string[];

beforeEach(async () => {
  api = await startFakeApi();
  dir = mkdtempSync(join(tmpdir(), 'ccb-doctor-'));
  const path = api.writeKubeconfig(join(dir, 'config'));
  client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
  stages = [];
});

afterEach(async () => {
  client.close();
  await api.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** What Cilium's chart makes, as far as these tests look at it. */
function ciliumOn(node: string, config: Readonly<Record<string, string>>): RawObject[] {
  const inSystem = (name: string, labels: object = {}): object => ({ namespace: 'kube-system', name, labels });
  return [
    { apiVersion: 'v1', kind: 'Node', metadata: { name: node }, spec: {} },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: inSystem('cilium-config'), data: config },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: inSystem('cilium-x1', { 'k8s-app': 'cilium' }),
      spec: { nodeName: node, containers: [{ name: 'cilium-agent', image: 'quay.io/cilium/cilium:v1.19.5' }] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    },
  ];
}

async function doctor(parts: Partial<DoctorOptions> = {}): Promise<DoctorReport> {
  return await runDoctor(
    { ...OPTIONS, ...parts },
    toConfig(configSchema.parse({})),
    {
      source: liveSource(client),
      context: 'test',
      openCloud: async () => ({ why: 'no credentials are given' }),
      clock: systemClock,
      progress: (text) => stages.push(text),
    },
    AbortSignal.timeout(20_000),
  );
}

function verdictOf(report: DoctorReport, id: string): unknown {
  return report.checks.find((check) => check.id === id)?.verdict;
}

describe('doctor on an API server', () => {
  it('finds what is broken, writes nothing, and says what it is doing', async () => {
    for (const raw of ciliumOn('n1', { ipam: 'kubernetes' })) api.apply(raw);
    const report = await doctor();
    expect(report).toMatchObject({
      brokenLink: 'ipam-needs-podcidr',
      exitCode: 2,
      server: client.server,
      context: 'test',
    });
    expect(api.requests.filter(isWrite)).toEqual([]);
    expect(stages).toEqual(['Reading the cluster', 'Checking']);
  });

  it('runs only the checks that are asked for', async () => {
    for (const raw of ciliumOn('n1', { ipam: 'kubernetes' })) api.apply(raw);
    const report = await doctor({ only: ['cilium-version'] });
    expect(report.checks.map(({ id, verdict }) => [id, verdict])).toEqual([['cilium-version', 'pass']]);
  });

  it('finds Cilium in another namespace', async () => {
    for (const raw of ciliumOn('n1', { ipam: 'kubernetes' })) {
      const { namespace } = readMeta(raw);
      const metadata = { ...readMetadata(raw), ...(namespace === '' ? {} : { namespace: 'cilium-ns' }) };
      api.apply({ ...raw, metadata });
    }
    expect(await doctor()).toMatchObject({ brokenLink: 'ipam-needs-podcidr' });
  });

  it('turns only what needs a forbidden kind to unknown, with the verb and the resource', async () => {
    for (const raw of ciliumOn('n1', { ipam: 'kubernetes' })) api.apply(raw);
    api.access.deny(({ verb, resource }) => verb === 'list' && resource === 'nodes');
    const report = await doctor();
    expect(report.exitCode).toBe(0);
    expect(verdictOf(report, 'cilium-version')).toBe('pass');
    expect(report.checks.find(({ id }) => id === 'ipam-needs-podcidr')).toMatchObject({
      verdict: 'unknown',
      findings: [
        {
          reason: 'NotReadable',
          message: 'It cannot be told: this account may not list nodes.',
          fix: 'Give this account the right to list nodes.',
        },
      ],
    });
  });

  it('gives up with one message where nobody answers, or the credentials are not accepted', async () => {
    api.access.addToken('another');
    await expect(doctor()).rejects.toMatchObject({ category: 'unauthorized' });
    await api.pause();
    await expect(doctor()).rejects.toMatchObject({ category: 'unreachable' });
  });
});

function readMetadata(raw: RawObject): object {
  return typeof raw.metadata === 'object' && raw.metadata !== null ? raw.metadata : {};
}
