import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { SERVICES } from '../../src/kube/resources.ts';
import { startDemoCluster } from '../demo/cluster.ts';
import { cceGuide } from '../demo/scenarios/cce-guide.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';

// The whole program as a process: what happens when a person presses Ctrl-C.
const SLOW_MS = 60_000;

let api: FakeApi;
let dir: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-stop-'));
  api = await startFakeApi();
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
  const child = spawn(process.execPath, ['src/main.ts', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
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

describe('Ctrl-C', () => {
  it('during the wait of --once tells what was written, and ends with 1', { timeout: SLOW_MS }, async () => {
    const cluster = await startDemoCluster(cceGuide);
    onTestFinished(() => cluster.stop());
    for (const chapter of cceGuide.story) {
      if (chapter.kind === 'acts') for (const act of chapter.acts) await act.run(cluster);
    }
    // From now on the Gateway never becomes Programmed.
    cluster.operator.pause();
    const kubeconfig = cluster.kubeconfigPath;
    const { child, ended } = start('--once', '--yes', '--adopt', 'auto', '--wait', '50s', '--kubeconfig', kubeconfig);
    const service = { namespace: 'default', name: 'cilium-gateway-ip-gateway' };
    await expect
      .poll(() => JSON.stringify(cluster.api.get(SERVICES, service)?.status), { timeout: 30_000 })
      .toContain('122.9.70.186');
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toContain('✓ written');
    expect(stdout).toContain('2 writes done, 1 warning. Stopped early: run it again.');
  });

  it('before anything was written is said in one line', { timeout: SLOW_MS }, async () => {
    api.faults.intercept(() => ({ kind: 'drop', how: 'hang' }));
    const kubeconfig = api.writeKubeconfig(join(dir, 'kubeconfig'));
    const { child, ended } = start('--once', '--yes', '--kubeconfig', kubeconfig);
    await expect.poll(() => api.requests.length, { timeout: 30_000 }).toBeGreaterThan(0);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^[^\n]*stopped by SIGINT before anything was written\.\n$/);
  });
});

it('an exec plugin that hangs does not keep the program', { timeout: SLOW_MS }, async () => {
  const plugin = join(dir, 'plugin');
  writeFileSync(plugin, '#!/bin/sh\nexec sleep 50\n');
  chmodSync(plugin, 0o755);
  const user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' } };
  const kubeconfig = join(dir, 'kubeconfig');
  const entry = { clusters: [{ name: 'c', cluster: { server: api.url } }], users: [{ name: 'u', user }] };
  const contexts = { contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' };
  writeFileSync(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...entry, ...contexts }));
  const before = performance.now();
  const { child } = start('--once', '--yes', '--kubeconfig', kubeconfig);
  const code = await new Promise((resolve) => {
    child.once('exit', resolve);
  });
  expect(code).toBe(1);
  expect(performance.now() - before).toBeLessThan(35_000);
});
