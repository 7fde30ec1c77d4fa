import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SERVICES } from '../../src/kube/resources.ts';
import { installedCilium } from '../demo/cilium.ts';
import { cceNode } from '../demo/nodes.ts';
import type { DenyRule } from '../fake-api/access.ts';
import { startCiliumOperator } from '../fake-api/cilium-operator.ts';
import { startFakeApi } from '../fake-api/server.ts';
import { type Bundle, buildBundle, entrypoint, GATEWAY, GATEWAY_CLASS, withoutOwners } from './cloud-scene.ts';

/** The program as it is shipped, as a process, by what its account may do on a fake API server. */

const LONG_MS = 60_000; // on a busy machine
const SELF_REVIEWS = 'selfsubjectaccessreviews';
const STARTED = /cilium-cloud-bridge started/;

let bundle: Bundle;
beforeAll(async () => {
  bundle = await buildBundle();
}, LONG_MS);
afterAll(() => bundle.remove());

async function startScene() {
  const api = await startFakeApi();
  for (const object of installedCilium({ version: '1.19.5', nodes: [cceNode({ address: '10.2.128.11' })] })) {
    api.apply(withoutOwners(object));
  }
  const operator = startCiliumOperator(api, { lbIpam: false });
  api.apply(GATEWAY_CLASS);
  api.apply(GATEWAY);
  api.apply({ ...entrypoint({}), status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }] } } });
  await operator.settled();
  const dir = mkdtempSync(join(tmpdir(), 'ccb-preflight-'));
  const config = join(dir, 'config.yaml');
  writeFileSync(config, 'listen: none\ncloud: { provider: none }\n');
  const flags = ['--kubeconfig', api.writeKubeconfig(join(dir, 'kubeconfig')), '--config', config];
  onTestFinished(async () => {
    operator.stop();
    await api.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Until the log matches, or it ends by itself. */
  async function run(args: readonly string[], until?: () => boolean) {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [bundle.file, ...flags, ...args]);
    let log = '';
    let startedAfter = Number.POSITIVE_INFINITY;
    child.stderr.on('data', (data: Buffer) => {
      log += data.toString();
      if (STARTED.test(log)) startedAfter = Math.min(startedAfter, performance.now() - startedAt);
    });
    const timer = setInterval(() => {
      if ((until?.() ?? false) && !child.killed) child.kill('SIGTERM');
    }, 50);
    const limit = setTimeout(() => child.kill('SIGTERM'), 45_000);
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    const stdout = await text(child.stdout);
    const exit = await code;
    clearInterval(timer);
    clearTimeout(limit);
    return { code: exit, stdout, stderr: log, startedAfter };
  }

  const isPublished = (): boolean =>
    JSON.stringify(api.get(SERVICES, { namespace: 'default', name: 'cilium-gateway-web' })?.status).includes(
      '203.0.113.7',
    );
  const writes = () =>
    api.requests.filter(({ method, resource }) => method !== 'GET' && !resource.startsWith('selfsubject'));
  return { api, run, isPublished, writes };
}

const deniesPatch: DenyRule = ({ verb, resource }) => verb === 'patch' && resource.startsWith('services');

describe('a right that nothing works without', { timeout: LONG_MS }, () => {
  it('ends the program before any write, with one line that names all that is missing and the rules', async () => {
    const { api, run, writes } = await startScene();
    api.access.deny(deniesPatch);
    api.access.deny(({ resource }) => resource === 'ingresses');
    const ended = await run([]);
    expect(ended.code).toBe(1);
    const line = ended.stderr.trim();
    expect(line.split('\n')).toHaveLength(1);
    expect(line).toContain('patch services; patch services/status (publishing addresses)');
    expect(line).toContain('list ingresses.networking.k8s.io');
    expect(line).toContain('- { apiGroups: [""], resources: [services, services/status], verbs: [patch] }');
    expect(writes()).toEqual([]);
  });

  it('is printed by --preflight, which ends with 1, and with 0 where nothing is missing', async () => {
    const { api, run, writes } = await startScene();
    const well = await run(['--preflight']);
    expect([well.code, well.stderr]).toEqual([0, '']);
    expect(well.stdout).toContain('none is known to be missing');
    // Three nodes tell which cloud it is: thousands need not be sent for that.
    const nodeLists = api.requests.filter(({ method, resource }) => method === 'GET' && resource === 'nodes');
    expect(nodeLists.map(({ query }) => query.get('limit'))).toEqual(['3']);
    api.access.deny(deniesPatch);
    const ill = await run(['--preflight']);
    expect(ill.code).toBe(1);
    expect(ill.stdout).toContain('2 of ');
    expect(writes()).toEqual([]);
  });
});

describe('a part without its rights', { timeout: LONG_MS }, () => {
  it.each<[string, DenyRule]>([
    ['Ingresses', ({ resource }) => resource === 'ingresses'],
    ['LB-IPAM pools', ({ resource }) => resource === 'ciliumloadbalancerippools'],
    ['node taints', ({ verb, resource }) => verb === 'patch' && resource === 'nodes'],
    ['redirects to Envoy', ({ resource }) => resource === 'ciliumenvoyconfigs'],
    ['Events', ({ resource }) => resource === 'events'],
    ['a quick handover', ({ verb, resource }) => verb === 'watch' && resource === 'leases'],
  ])('%s: one warning, and addresses are published', async (part, rule) => {
    const { api, run, isPublished } = await startScene();
    api.access.deny(rule);
    const { stderr } = await run([], isPublished);
    expect(isPublished()).toBe(true);
    const warnings = stderr.split('\n').filter((line) => line.includes('"msg":"rights are missing"'));
    expect(warnings.map((line) => line.includes(`"part":"${part}"`))).toEqual([true]);
  });
});

describe('reviews that get no answer', { timeout: LONG_MS }, () => {
  const refused = { kind: 'answer', status: 403, reason: 'Forbidden' } as const;
  const hangs = { kind: 'drop', how: 'hang' } as const;

  it.each([
    ['are refused', refused, 'system:basic-user'],
    ['hang', hangs, 'Asked again in a minute'],
  ])('%s: the program starts soon, and says once what to do', async (_, fault, says) => {
    const { api, run, isPublished } = await startScene();
    api.faults.intercept(({ resource }) => (resource === SELF_REVIEWS ? fault : undefined));
    const { startedAfter, stderr } = await run([], isPublished);
    expect(isPublished()).toBe(true);
    // One after the other, 8 at a time, they would take a minute and a half.
    expect(startedAfter).toBeLessThan(30_000);
    const warnings = stderr.split('\n').filter((line) => line.includes('not all rights could be asked for'));
    expect(warnings.map((line) => line.includes(says))).toEqual([true]);
  });

  it('are what --preflight tells, and it ends with 1', async () => {
    const { api, run } = await startScene();
    api.faults.intercept(({ resource }) => (resource === SELF_REVIEWS ? refused : undefined));
    const { code, stdout } = await run(['--preflight']);
    expect(stdout).toContain('bind ClusterRole system:basic-user');
    expect(code).toBe(1);
  });
});
