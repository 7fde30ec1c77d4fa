import { describe, expect, test } from 'vitest';
import { LB_IP_POOLS, SERVICES } from '../../src/kube/resources.ts';
import type { Send } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import { created, read, unique } from './client.ts';
import { CLASS_CONFIGS, gatewayWorld } from './gateway-world.ts';

/** LB-IPAM, which takes every Service without a class once there is a pool. Run it last. */
export function describeLbIpam(send: Send): void {
  const { refOf, serviceOf, gatewayClass, setIngress, waiting } = gatewayWorld(send);

  describe('LB-IPAM', () => {
    test('owns Services without a class while there is a pool, and only those', async () => {
      const config = unique('config');
      const spec = { service: { loadBalancerClass: 'example.com/ours' } };
      const kind = 'CiliumGatewayClassConfig';
      await created(send, CLASS_CONFIGS, { apiVersion: 'cilium.io/v2alpha1', kind, metadata: refOf(config), spec });
      const parameters = { group: 'cilium.io', kind, name: config, namespace: 'default' };
      const plain = await waiting();
      const classed = await waiting({ gatewayClassName: await gatewayClass(parameters) });
      const ours = [{ ip: '198.51.100.1', ipMode: 'Proxy' }];
      await setIngress(serviceOf(plain), ours);
      await setIngress(serviceOf(classed), ours);
      const ingressOf = async (name: string): Promise<unknown> =>
        valueAt(await read(send, SERVICES, serviceOf(name)), 'status', 'loadBalancer', 'ingress');
      const pool = unique('pool');
      await created(send, LB_IP_POOLS, {
        apiVersion: 'cilium.io/v2alpha1',
        kind: 'CiliumLoadBalancerIPPool',
        metadata: { name: pool },
        spec: { blocks: [{ cidr: '192.0.2.0/25' }] },
      });
      await waitFor('an address of the pool', async () =>
        /"192\.0\.2\.\d+"/.test(JSON.stringify(await ingressOf(plain))),
      );
      expect(JSON.stringify(await ingressOf(plain))).not.toContain('198.51.100.1');
      expect(await ingressOf(classed)).toEqual(ours);
      await setIngress(serviceOf(plain), ours);
      await waitFor('our address to go again', async () => {
        return !JSON.stringify(await ingressOf(plain)).includes('198.51.100.1');
      });
      await send('DELETE', resourcePath(LB_IP_POOLS, { namespace: '', name: pool }));
      await waitFor('the address to go with the pool', async () => (await ingressOf(plain)) === undefined);
      expect(await ingressOf(classed)).toEqual(ours);
    });
  });
}
