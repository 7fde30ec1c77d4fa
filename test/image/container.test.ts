import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LEASES } from '../../src/kube/resources.ts';
import { untilReady } from '../control-plane/readiness.ts';
import { waitFor } from '../control-plane/wait.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { type Cluster, createCluster, problemsOf } from '../faults/cluster.ts';
import { makeAuthority } from '../kube/certificates.ts';
import { readLog } from '../soak/program.ts';
import { chartPod } from './chart-pod.ts';
import { type Container, startContainer } from './container.ts';
import { checkPreconditions } from './preconditions.ts';
import { type ImageRoot, makeRoot } from './root.ts';
import { buildTool, checkDockerfile, DOCKERFILE, type ImageConfig, runtimeDefaultSeccomp } from './tool.ts';
import { callsOf, writes } from './trace.ts';

/** "image content ≤ 5 MB beside Node". */
const LIMIT_BYTES = 5_000_000;
const PROGRAM = '/usr/local/bin/node';
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN = 'token-of-the-pod';
const PATIENCE = { timeoutMs: 60_000, everyMs: 50 };

const pod = chartPod();
let work: string;
let image: ImageConfig;
let root: ImageRoot;

beforeAll(async () => {
  checkPreconditions();
  work = mkdtempSync(join(tmpdir(), 'ccb-image-'));
  await buildTool();
  const report = await checkDockerfile(DOCKERFILE);
  const found = report.images['linux/amd64'];
  if (found === undefined) throw new Error(`the Dockerfile makes no image: ${report.error}`);
  image = found;
  root = await makeRoot(report, work);
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

test('beside Node there are 5 MB at most: the program, what is in it, and licenses', () => {
  const names = [...root.added.keys()];
  expect(names.filter((name) => !/^\/usr\/(?:local\/bin\/node|lib\/libatomic\.so\.1)$/.test(name)).toSorted()).toEqual([
    '/app/cilium-cloud-bridge.cdx.json',
    '/app/cilium-cloud-bridge.js',
    '/licenses/cilium-cloud-bridge',
    '/licenses/node',
  ]);
  const beside = [...root.added].filter(([name]) => name !== PROGRAM);
  expect(beside.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeLessThanOrEqual(LIMIT_BYTES);
});

describe('the container, as the chart has it run', () => {
  let api: FakeApi;
  let cluster: Cluster;
  let container: Container;
  let address: string;

  beforeAll(async () => {
    const authority = makeAuthority();
    api = await startFakeApi({ tls: { ...authority.issue(), ca: authority.cert } });
    api.access.addToken(TOKEN);
    cluster = createCluster(api, { gateways: 2, nodes: 2 });
    await cluster.operator.settled();
    const { hostname, port } = new URL(api.url);
    const files: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      config: { 'config.yaml': 'taints: { maxPercent: 100, grace: 0s, confirmAfter: 100ms }\nlisten: 127.0.0.1:0\n' },
      account: { token: TOKEN, 'ca.crt': authority.cert, namespace: 'kube-system' },
    };
    for (const [folder, texts] of Object.entries(files)) {
      mkdirSync(join(work, folder));
      for (const [name, text] of Object.entries(texts)) writeFileSync(join(work, folder, name), text);
    }
    container = await startContainer({
      root: root.folder,
      work,
      image,
      args: pod.args,
      env: {
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        POD_NAMESPACE: 'kube-system',
        POD_NAME: 'cilium-cloud-bridge-0',
        POD_UID: '0b1e6b0e-0000-4000-8000-000000000000',
      },
      mounts: [
        { from: join(work, 'config'), at: pod.configPath },
        { from: join(work, 'account'), at: ACCOUNT },
        { from: '/etc/hosts', at: '/etc/hosts' },
        { from: '/etc/resolv.conf', at: '/etc/resolv.conf' },
      ],
      user: pod,
      seccomp: await runtimeDefaultSeccomp(),
    });
    await untilReady(container.running, () => {
      const line = log().lines.find(({ msg }) => msg.startsWith('serving /healthz'));
      address = String(line?.address);
      return line !== undefined;
    });
  });

  afterAll(async () => {
    await container?.running.kill();
    cluster?.stop();
    await api?.stop();
  });

  function log(): ReturnType<typeof readLog> {
    return readLog(readFileSync(container.running.logPath, 'utf8'));
  }

  test('has no rights: not root, no capabilities, no new ones, a filter for the calls of the kernel', () => {
    const status = readFileSync(`/proc/${container.program()}/status`, 'utf8');
    const fields = new Map(status.split('\n').map((line) => [line.split(':')[0], line.split(/:\s+/)[1]] as const));
    const sets = ['CapEff', 'CapPrm', 'CapBnd', 'CapInh', 'CapAmb'];
    expect(sets.map((name) => fields.get(name))).toEqual(sets.map(() => '0000000000000000'));
    expect([fields.get('NoNewPrivs'), fields.get('Seccomp')]).toEqual(['1', '2']);
    const ids = `${pod.uid}\t${pod.uid}\t${pod.uid}\t${pod.uid}`;
    expect([fields.get('Uid'), fields.get('Gid')]).toEqual([ids, ids]);
  });

  test('serves every Gateway and frees every node', async () => {
    await waitFor('everything in sync', () => problemsOf(cluster).length === 0, PATIENCE);
    expect(cluster.gateways()).toHaveLength(2);
    cluster.changeRoute('gw-0');
    cluster.changeNodePort('gw-1');
    cluster.addTaintedNode();
    await cluster.operator.settled();
    await waitFor('the changes followed', () => problemsOf(cluster).length === 0, PATIENCE);
  });

  test.each(['/healthz', '/readyz', '/metrics'])('answers %s', async (path) => {
    const answer = await waitFor(
      `${path} to be well`,
      async () => {
        const response = await fetch(`http://${address}${path}`);
        return response.ok && (await response.text());
      },
      PATIENCE,
    );
    expect(answer).not.toBe('');
  });

  test('stops on SIGTERM within seconds, hands its Lease back, and wrote nothing to disk', async () => {
    const pid = container.program();
    if (pid === undefined) throw new Error('it does not run');
    const startedAt = performance.now();
    process.kill(pid, 'SIGTERM');
    await container.running.exited;
    expect(performance.now() - startedAt).toBeLessThan(10_000); // 3 s at work, and all cores may be busy
    expect(log().foreign).toEqual([]);
    const lease = api.get(LEASES, { namespace: 'kube-system', name: 'cilium-cloud-bridge' });
    expect(lease?.spec).toMatchObject({ holderIdentity: '' });
    expect(log().lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
    const calls = callsOf(readFileSync(container.tracePath, 'utf8'), PROGRAM);
    expect(calls.length).toBeGreaterThan(20);
    expect(calls.filter(({ text }) => /execve\(/.test(text))).toHaveLength(1);
    expect(calls.filter(({ text }) => writes(text)).map(({ text }) => text)).toEqual([]);
  });
});
