import { describe, expect, test } from 'vitest';
import { ENVOY_CONFIGS, INGRESSES, SERVICES } from '../../src/kube/resources.ts';
import type { Send } from '../control-plane/http.ts';
import { valueAt } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import { created, type ObjectBody, read, unique } from './client.ts';
import { gatewayWorld } from './gateway-world.ts';

/** Ingresses of Cilium, with a Service of their own and shared. */
export function describeCiliumIngress(send: Send): void {
  const { refOf, present, setIngress } = gatewayWorld(send);

  describe('an Ingress', () => {
    function ingress(name: string, annotations: Readonly<Record<string, string>> = {}): ObjectBody {
      const backend = { service: { name: 'any', port: { number: 80 } } };
      const rules = [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
      return {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { ...refOf(name), annotations },
        spec: { ingressClassName: 'cilium', rules },
      };
    }

    function addressed(name: string, expected: unknown): Promise<void> {
      return waitFor(`the status of Ingress ${name}`, async () => {
        const seen = valueAt(await read(send, INGRESSES, refOf(name)), 'status', 'loadBalancer', 'ingress');
        return JSON.stringify(seen) === JSON.stringify(expected);
      }).then(() => undefined);
    }

    test('of its own gets a Service and a CiliumEnvoyConfig, and follows the status of the Service', async () => {
      const name = unique('i');
      await created(send, INGRESSES, ingress(name));
      const ref = refOf(`cilium-ingress-${name}`);
      const service = await present(SERVICES, ref);
      expect(valueAt(service, 'metadata', 'labels')).toEqual({ 'cilium.io/ingress': 'true' });
      expect(valueAt(service, 'spec')).toMatchObject({
        type: 'LoadBalancer',
        ipFamilyPolicy: 'PreferDualStack',
        ports: [
          { name: 'http', port: 80 },
          { name: 'https', port: 443 },
        ],
      });
      const config = await present(ENVOY_CONFIGS, refOf(`cilium-ingress-default-${name}`));
      expect(valueAt(config, 'spec', 'services')).toEqual([{ ...ref, ports: [80] }]);
      expect(valueAt(config, 'metadata', 'ownerReferences', 0)).toMatchObject({
        kind: 'Ingress',
        name,
        controller: true,
      });
      await setIngress(ref, [{ ip: '203.0.113.30' }]);
      await addressed(name, [{ ip: '203.0.113.30' }]);
      await setIngress(ref, null);
      await addressed(name, undefined);
    });

    test('that is shared follows the Service that Helm made, with one CiliumEnvoyConfig for all', async () => {
      const shared = { namespace: 'kube-system', name: 'cilium-ingress' };
      const ports = [
        { name: 'http', port: 80 },
        { name: 'https', port: 443 },
      ];
      const metadata = { ...shared, labels: { 'cilium.io/ingress': 'true' } };
      await created(send, SERVICES, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { type: 'LoadBalancer', ports },
      });
      const name = unique('i');
      await created(send, INGRESSES, ingress(name, { 'ingress.cilium.io/loadbalancer-mode': 'shared' }));
      const config = await present(ENVOY_CONFIGS, shared);
      expect(valueAt(config, 'spec', 'services')).toEqual([{ ...shared, ports: [80, 443] }]);
      expect(valueAt(config, 'metadata', 'ownerReferences')).toBeUndefined();
      await setIngress(shared, [{ ip: '203.0.113.31' }]);
      await addressed(name, [{ ip: '203.0.113.31' }]);
    });
  });
}
