import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { PODS } from '../../src/kube/resources.ts';
import { PROBE_LABEL } from '../../src/pod-probe/pod.ts';
import { stringAt } from '../fake-api/json.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { startKubelets } from '../pod-probe/kubelets.ts';

// The whole program as a process: Pods that it makes, and the checks that the controller runs by itself.
const SLOW_MS = 90_000;

let api: FakeApi;
let dir: string;
let kubeconfig: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ccb-probe-'));
  api = await startFakeApi();
  kubeconfig = api.writeKubeconfig(join(dir, 'config'));
  for (const name of ['n1', 'n2']) {
    const status = { addresses: [{ type: 'InternalIP', address: `10.0.0.${name.slice(1)}` }] };
    api.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {}, status });
  }
});

afterEach(async () => {
  await api.stop();
  rmSync(dir, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...args: string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['src/main.ts', ...args, '--kubeconfig', kubeconfig], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

function probePods(): string[] {
  return api
    .list(PODS)
    .filter((pod) => stringAt(pod, 'metadata', 'labels', PROBE_LABEL) !== '')
    .map(({ metadata: { name } }) => name);
}

describe('doctor --probe-pods', () => {
  it('makes nothing where it cannot ask and nobody said --yes', { timeout: SLOW_MS }, async () => {
    const { code, stdout, stderr } = await start('doctor', '--probe-pods').ended;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('2 Pods in namespace default');
    expect(stderr).toContain('there is no terminal to ask on, so none was made. Add --yes');
    expect(api.requests.filter(({ method, resource }) => method === 'POST' && resource === 'pods')).toEqual([]);
  });

  it('removes its Pods when Ctrl-C is pressed, and ends with 1', { timeout: SLOW_MS }, async () => {
    startKubelets(api, () => undefined);
    const { child, ended } = start('doctor', '--probe-pods', '--yes');
    const made = new Promise<void>((resolve) => {
      api.onChange(PODS, () => {
        if (probePods().length === 2) resolve();
      });
    });
    await made;
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('stopped by SIGINT');
    expect(stderr).not.toContain('could not be removed');
    expect(probePods()).toEqual([]);
  });

  it('removes its Pods when Ctrl-C is pressed twice, too, and says why that takes a while', {
    timeout: SLOW_MS,
  }, async () => {
    // Kubelets that take their time: the Pods stay for two seconds after they were deleted.
    const deleted = Promise.withResolvers<void>();
    const made = Promise.withResolvers<void>();
    api.onChange(PODS, ({ type, object: { metadata } }) => {
      if (probePods().length === 2) made.resolve();
      if (type !== 'MODIFIED' || metadata.deletionTimestamp === undefined) return;
      deleted.resolve();
      setTimeout(() => api.remove(PODS, { namespace: 'default', name: metadata.name }), 2_000);
    });
    const { child, ended } = start('doctor', '--probe-pods', '--yes');
    await made.promise;
    child.kill('SIGINT');
    await deleted.promise;
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /The Pods are being removed, which takes 15 s at most\. .*kubectl -n default delete pod -l \S+=\w+\n/,
    );
    expect(stderr).toContain('stopped by SIGINT');
    expect(probePods()).toEqual([]);
  });

  it('ends at once when it is pressed a third time', { timeout: SLOW_MS }, async () => {
    const { child, ended } = start('doctor', '--probe-pods', '--yes');
    const until = async (reached: () => boolean): Promise<unknown> =>
      expect.poll(reached, { timeout: 30_000 }).toBe(true);
    await until(() => probePods().length === 2);
    let heard = '';
    child.stderr?.on('data', (data) => {
      heard += data;
    });
    child.kill('SIGINT');
    await until(() => api.list(PODS).some(({ metadata }) => metadata.deletionTimestamp !== undefined));
    child.kill('SIGINT');
    await until(() => heard.includes('delete pod -l'));
    const before = performance.now();
    child.kill('SIGINT');
    expect((await ended).code).toBe(1);
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

describe("the controller's own checks", () => {
  it('are run a while after the start, and write nothing', { timeout: SLOW_MS }, async () => {
    const file = join(dir, 'config.json');
    writeFileSync(file, JSON.stringify({ checks: { interval: '1m' }, listen: 'none' }));
    const { child, ended } = start('--config', file);
    const looked = async (): Promise<void> => {
      while (!api.requests.some(({ resource }) => resource === 'validatingwebhookconfigurations')) {
        await new Promise((resolve) => {
          setTimeout(resolve, 200);
        });
      }
    };
    await looked();
    child.kill('SIGTERM');
    const { code } = await ended;
    expect(code).toBe(0);
    const written = api.writes().map(({ resource }) => resource);
    expect([...new Set(written)].filter((resource) => !['leases', 'events'].includes(resource))).toEqual([]);
  });
});
