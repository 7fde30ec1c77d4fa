import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import { readMeta } from '../../src/kube/read.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type CloudTrial, tryCloud } from '../../src/rights/cloud.ts';
import { createCloudCalls } from '../../src/rights/cloud-calls.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { type LoadBalancerAnswer, loadBalancer, stubAccess } from '../providers/stub-reader.ts';

let api: FakeApi;
let dir: string;
let client: KubeClient;
beforeAll(async () => {
  api = await startFakeApi();
  dir = mkdtempSync(join(tmpdir(), 'ccb-rights-'));
  const path = api.writeKubeconfig(join(dir, 'kubeconfig'));
  client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
});
afterAll(async () => {
  client.close();
  await api.stop();
  rmSync(dir, { recursive: true });
});

function trialOf(answer: LoadBalancerAnswer, more: Partial<CloudTrial> = {}): CloudTrial {
  const service = (name: string, id: string, type = 'LoadBalancer') => ({
    type,
    meta: readMeta({ metadata: { name, annotations: { 'kubernetes.io/elb.id': id } } }),
  });
  return {
    client,
    access: stubAccess('huawei', answer),
    calls: createCloudCalls(),
    services: [
      ...['e', 'd', 'c', 'b', 'a', 'a'].map((id, n) => service(`entry-${n}`, `lb-${id}`)),
      service('inner', 'lb-0', 'ClusterIP'),
    ],
    nodeNames: [],
    checks: false,
    ...more,
  };
}

test('without the checks, addresses of three load balancers are asked for, and nothing else', async () => {
  const asked: string[] = [];
  const trial = trialOf(async (id) => {
    asked.push(id);
    return loadBalancer(id);
  });
  expect(await tryCloud(trial, AbortSignal.timeout(60_000))).toMatchObject({
    state: 'asked',
    refused: [],
    untried: [],
  });
  expect(asked).toEqual(['lb-a', 'lb-b', 'lb-c']);
});

test('a cloud that never answers ends it in time, with what is known', async () => {
  const trial = trialOf(() => new Promise(() => undefined), { limitMs: 50 });
  trial.calls.note({ action: 'elb:loadbalancers:get', result: 'denied', message: 'no' });
  const report = await tryCloud(trial, new AbortController().signal);
  expect(report).toMatchObject({ asked: 1, refused: [{ action: 'elb:loadbalancers:get' }] });
});

test('the end of the program is no report', async () => {
  const end = new AbortController();
  const trial = trialOf(() => {
    end.abort(new Error('stopping'));
    return new Promise(() => undefined);
  });
  await expect(tryCloud(trial, end.signal)).rejects.toThrow('stopping');
});

test('a refusal stays one, whatever goes well besides; another failure is forgotten over an answer', () => {
  const calls = createCloudCalls();
  calls.note({ action: 'a', result: 'denied', message: 'first' });
  calls.note({ action: 'a', result: 'ok', message: '' });
  calls.note({ action: 'b', result: 'throttled', message: 'slow down' });
  calls.note({ action: 'b', result: 'ok', message: '' });
  expect(calls.all()).toEqual([
    { action: 'a', result: 'denied', message: 'first' },
    { action: 'b', result: 'ok', message: '' },
  ]);
});
