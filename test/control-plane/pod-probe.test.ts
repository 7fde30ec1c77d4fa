import { afterAll, beforeAll, expect, test } from 'vitest';
import { PODS } from '../../src/kube/resources.ts';
import { probePod } from '../../src/pod-probe/pod.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';

/* The real API server with its own admission: no kubelet runs here, so the Pods of --probe-pods stay Pending. */

let cluster: ControlPlane;

beforeAll(async () => {
  cluster = await startControlPlane();
});

afterAll(async () => {
  await cluster?.stop();
});

test('a Pod of --probe-pods is admitted where the restricted Pod security standard is enforced', async () => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'restricted', labels } });
  const plan = {
    namespace: 'restricted',
    image: 'quay.io/cilium/alpine-curl:v1.10.0',
    nodes: [{ name: 'n1', ip: '10.0.0.1' }],
    leftOut: 0,
    names: ['example.com'],
    targets: [{ name: 'example.com', ip: '203.0.113.1' }],
  };
  const { apiVersion, kind, metadata, spec } = probePod(plan, 'n1', 'ccb-probe-0', 'r1');
  await cluster.apply({
    apiVersion: String(apiVersion),
    kind: String(kind),
    metadata: { ...asMetadata(metadata) },
    spec,
  });
  expect(await cluster.get(PODS, { namespace: 'restricted', name: 'ccb-probe-0' })).toBeDefined();
  const privileged = { containers: [{ name: 'c', image: 'i', securityContext: { privileged: true } }] };
  const other = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'restricted', name: 'other' },
    spec: privileged,
  };
  await expect(cluster.apply(other)).rejects.toThrow(/restricted/);
});

function asMetadata(value: unknown): { name: string } {
  return { name: '', ...(typeof value === 'object' ? value : {}) };
}
