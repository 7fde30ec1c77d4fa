import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/all.ts';
import { runChecks } from '../../src/checks/run.ts';
import { type ClusterData, ciliumConfig, cloud, type Edit, edited, patch } from './cluster-data.ts';
import { CCE_ELB, cceOverlay } from './reference/cce-overlay.ts';
import { TWO_GATEWAYS } from './variants/healthy.ts';
import { worldOf } from './world-of.ts';

const TWO: ClusterData = edited(cceOverlay, TWO_GATEWAYS);

/** The load balancer of the Gateway at port 80 is gone; the other one, under an id of its own, stays. */
const FIRST_GONE: Edit[] = [
  patch('Service kube-system/admin-entrypoint', { metadata: { annotations: { 'kubernetes.io/elb.id': 'elb-admin' } } }),
  cloud(({ loadBalancers, listeners, targets }) => ({
    loadBalancers: loadBalancers.map((one) => ({ ...one, id: 'elb-admin' })),
    listeners: { 'elb-admin': listeners[CCE_ELB] ?? [] },
    targets: { 'elb-admin': targets[CCE_ELB] ?? [] },
  })),
];
const SECOND_WITHOUT_LISTENER: Edit = cloud(({ listeners }) => ({
  listeners: { 'elb-admin': (listeners['elb-admin'] ?? []).filter(({ port }) => port !== 8080) },
}));

async function followsOf(cluster: ClusterData, id: string): Promise<unknown> {
  const { outcomes, brokenLink } = runChecks(CHECKS, await worldOf(cluster));
  const outcome = outcomes.find(({ check }) => check.id === id);
  return { brokenLink, verdict: outcome?.verdict, followsFrom: outcome?.followsFrom };
}

describe('what follows from a failure', () => {
  it('is about the same Gateway: a fault of another one stands for itself', async () => {
    const cluster = edited(TWO, [...FIRST_GONE, SECOND_WITHOUT_LISTENER]);
    expect(await followsOf(cluster, 'lb-listener')).toEqual({
      brokenLink: 'lb-exists',
      verdict: 'fail',
      followsFrom: undefined,
    });
  });

  it('is named where all that is wrong follows from it', async () => {
    const cluster = edited(TWO, [
      patch('HTTPRoute default/echo-ip-route', {
        status: {
          parents: [
            {
              parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'ip-gateway' },
              controllerName: 'io.cilium/gateway-controller',
              conditions: [
                { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' },
                { type: 'ResolvedRefs', status: 'False', reason: 'BackendNotFound', message: '' },
              ],
            },
          ],
        },
      }),
      patch('EndpointSlice default/echo-x7k2p', { endpoints: [] }),
    ]);
    expect(await followsOf(cluster, 'route-backend')).toEqual({
      brokenLink: 'route-refs',
      verdict: 'fail',
      followsFrom: 'route-refs',
    });
  });

  it('may be of every Gateway where the failure is of the whole cluster', async () => {
    const cluster = edited(TWO, [
      ciliumConfig({ 'kube-proxy-replacement': 'false' }),
      patch('Gateway default/admin-gateway', { status: { addresses: null, conditions: [] } }),
    ]);
    expect(await followsOf(cluster, 'gateway-not-programmed')).toEqual({
      brokenLink: 'kpr-off',
      verdict: 'fail',
      followsFrom: 'kpr-off',
    });
  });
});
