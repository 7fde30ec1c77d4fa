import { describe, expect, test } from 'vitest';
import { SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { Answer, Send } from '../control-plane/http.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import { ANY_NUMBER, created, expectInvalid, JSON_PATCH, MERGE_PATCH, matching, service, unique } from './client.ts';

/** What the API server gives to a Service, keeps of it, and refuses. */
export function describeServiceRules(send: Send): void {
  const collection = resourcePath(SERVICES, { namespace: 'default' });

  async function make(spec: Readonly<Record<string, unknown>> = {}): Promise<{ ref: ObjectRef; body: unknown }> {
    const name = unique('s');
    return { ref: { namespace: 'default', name }, body: await created(send, SERVICES, service(name, spec)) };
  }

  function merge(ref: ObjectRef, spec: Readonly<Record<string, unknown>>): Promise<Answer> {
    return send('PATCH', resourcePath(SERVICES, ref), { spec }, MERGE_PATCH);
  }

  function refusedCreate(spec: Readonly<Record<string, unknown>>): Promise<Answer> {
    return send('POST', collection, service(unique('s'), spec));
  }

  describe('a new Service', () => {
    test('gets a cluster IP, NodePorts, defaults and an empty status', async () => {
      const { body } = await make();
      expect(valueAt(body, 'spec')).toMatchObject({
        type: 'LoadBalancer',
        sessionAffinity: 'None',
        externalTrafficPolicy: 'Cluster',
        internalTrafficPolicy: 'Cluster',
        allocateLoadBalancerNodePorts: true,
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        clusterIPs: [matching(/^10\.96\./)],
        ports: [{ name: 'port-80', protocol: 'TCP', port: 80, targetPort: 80, nodePort: ANY_NUMBER }],
      });
      expect(valueAt(body, 'status')).toEqual({ loadBalancer: {} });
      expect(valueAt(body, 'metadata', 'generation')).toBeUndefined();
      const nodePort = Number(valueAt(body, 'spec', 'ports', 0, 'nodePort'));
      expect(nodePort).toBeGreaterThanOrEqual(30_000);
      expect(nodePort).toBeLessThanOrEqual(32_767);
    });

    test('gets no NodePort with allocateLoadBalancerNodePorts false, and the one that it asks for', async () => {
      const { body } = await make({ allocateLoadBalancerNodePorts: false });
      expect(valueAt(body, 'spec', 'ports', 0)).not.toHaveProperty('nodePort');
      const taken = valueAt((await make()).body, 'spec', 'ports', 0, 'nodePort');
      expectInvalid(await refusedCreate({ ports: [{ port: 80, nodePort: taken }] }), [
        [
          'FieldValueInvalid',
          'spec.ports[0].nodePort',
          `Invalid value: ${String(taken)}: provided port is already allocated`,
        ],
      ]);
    });

    test('gets a health check port with externalTrafficPolicy Local, and keeps it', async () => {
      const { ref, body } = await make({ externalTrafficPolicy: 'Local' });
      const port = valueAt(body, 'spec', 'healthCheckNodePort');
      expect(port).toEqual(ANY_NUMBER);
      const kept = await merge(ref, { healthCheckNodePort: null, sessionAffinity: 'ClientIP' });
      expect(valueAt(kept.body, 'spec', 'healthCheckNodePort')).toBe(port);
      const cluster = await merge(ref, { externalTrafficPolicy: 'Cluster' });
      expect(valueAt(cluster.body, 'spec', 'healthCheckNodePort')).toBeUndefined();
    });

    test('starts with an empty status whatever it says', async () => {
      const name = unique('s');
      const status = { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } };
      const body = await created(send, SERVICES, { ...service(name), status });
      expect(valueAt(body, 'status')).toEqual({ loadBalancer: {} });
    });

    const refusals: readonly (readonly [
      string,
      Readonly<Record<string, unknown>>,
      readonly [string, string, string],
    ])[] = [
      [
        'a NodePort out of range',
        { ports: [{ port: 80, nodePort: 80 }] },
        [
          'FieldValueInvalid',
          'spec.ports[0].nodePort',
          'Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
        ],
      ],
      [
        'a NodePort on a ClusterIP Service',
        { type: 'ClusterIP', ports: [{ port: 80, nodePort: 31_999 }] },
        ['FieldValueForbidden', 'spec.ports[0].nodePort', "Forbidden: may not be used when `type` is 'ClusterIP'"],
      ],
      [
        'a loadBalancerClass on a ClusterIP Service',
        { type: 'ClusterIP', loadBalancerClass: 'example.com/lb' },
        ['FieldValueForbidden', 'spec.loadBalancerClass', "Forbidden: may only be used when `type` is 'LoadBalancer'"],
      ],
      ['no ports', { ports: [] }, ['FieldValueRequired', 'spec.ports', 'Required value']],
    ];

    test.each(refusals)('%s is refused', async (_, spec, cause) => {
      expectInvalid(await refusedCreate(spec), [cause]);
    });

    test('two ports without names are refused', async () => {
      expectInvalid(await refusedCreate({ ports: [{ port: 80 }, { port: 81 }] }), [
        ['FieldValueRequired', 'spec.ports[0].name', 'Required value'],
        ['FieldValueRequired', 'spec.ports[1].name', 'Required value'],
      ]);
    });
  });

  describe('NodePorts of a Service that changes', () => {
    test('a patch that leaves the NodePort out gets it back by the name of the port, whatever else changed', async () => {
      const { ref, body } = await make();
      const nodePort = valueAt(body, 'spec', 'ports', 0, 'nodePort');
      const kept = await merge(ref, { ports: [{ name: 'port-80', port: 8080 }] });
      expect(valueAt(kept.body, 'spec', 'ports')).toEqual([
        { name: 'port-80', protocol: 'TCP', port: 8080, targetPort: 8080, nodePort },
      ]);
      const renamed = await merge(ref, { ports: [{ name: 'other', port: 8080 }] });
      expect(valueAt(renamed.body, 'spec', 'ports', 0, 'nodePort')).not.toBe(nodePort);
    });

    test('a port that goes and comes back gets another NodePort; its neighbour keeps its own', async () => {
      const { ref, body } = await make();
      const first = valueAt(body, 'spec', 'ports', 0, 'nodePort');
      const both = {
        ports: [
          { name: 'port-443', port: 443 },
          { name: 'port-80', port: 80 },
        ],
      };
      const added = await merge(ref, both);
      expect(valueAt(added.body, 'spec', 'ports', 1, 'nodePort')).toBe(first);
      const second = valueAt(added.body, 'spec', 'ports', 0, 'nodePort');
      await merge(ref, { ports: [{ name: 'port-80', port: 80 }] });
      const again = await merge(ref, both);
      expect(valueAt(again.body, 'spec', 'ports', 1, 'nodePort')).toBe(first);
      expect(valueAt(again.body, 'spec', 'ports', 0, 'nodePort')).not.toBe(second);
    });

    test('a NodePort can be set by hand and survives a patch that does not name it', async () => {
      const { ref } = await make();
      const free = await freeNodePort();
      const operations = [{ op: 'replace', path: '/spec/ports/0/nodePort', value: free }];
      const set = await send('PATCH', resourcePath(SERVICES, ref), operations, JSON_PATCH);
      expect(valueAt(set.body, 'spec', 'ports', 0, 'nodePort')).toBe(free);
      const after = await merge(ref, { ports: [{ name: 'port-80', port: 80, protocol: 'TCP' }] });
      expect(valueAt(after.body, 'spec', 'ports', 0, 'nodePort')).toBe(free);
    });

    test('a change to a NodePort that another Service has is refused', async () => {
      const { ref } = await make();
      const taken = valueAt((await make()).body, 'spec', 'ports', 0, 'nodePort');
      const operations = [{ op: 'replace', path: '/spec/ports/0/nodePort', value: taken }];
      expectInvalid(await send('PATCH', resourcePath(SERVICES, ref), operations, JSON_PATCH), [
        [
          'FieldValueInvalid',
          'spec.ports[0].nodePort',
          `Invalid value: ${String(taken)}: provided port is already allocated`,
        ],
      ]);
    });

    test('a Service that was deleted gives its NodePort free', async () => {
      const { ref, body } = await make();
      const nodePort = valueAt(body, 'spec', 'ports', 0, 'nodePort');
      await send('DELETE', resourcePath(SERVICES, ref));
      const { body: next } = await make({ ports: [{ name: 'port-80', port: 80, nodePort }] });
      expect(valueAt(next, 'spec', 'ports', 0, 'nodePort')).toBe(nodePort);
    });

    async function freeNodePort(): Promise<number> {
      const { ref, body } = await make();
      await send('DELETE', resourcePath(SERVICES, ref));
      return Number(valueAt(body, 'spec', 'ports', 0, 'nodePort'));
    }
  });

  describe('loadBalancerClass', () => {
    const immutable = (value: string): readonly (readonly [string, string, string])[] => [
      ['FieldValueInvalid', 'spec.loadBalancerClass', `Invalid value: "${value}": may not change once set`],
    ];

    test('cannot be set, changed or cleared while the type stays LoadBalancer', async () => {
      const { ref: plain } = await make();
      expectInvalid(await merge(plain, { loadBalancerClass: 'example.com/a' }), immutable('example.com/a'));
      const { ref } = await make({ loadBalancerClass: 'example.com/a' });
      expectInvalid(await merge(ref, { loadBalancerClass: 'example.com/b' }), immutable('example.com/b'));
      expectInvalid(await merge(ref, { loadBalancerClass: null }), immutable('null'));
    });

    test('goes with the type', async () => {
      const { ref } = await make({ loadBalancerClass: 'example.com/a' });
      const { body } = await merge(ref, { type: 'ClusterIP' });
      expect(valueAt(body, 'spec')).not.toHaveProperty('loadBalancerClass');
      expect(valueAt(body, 'spec')).not.toHaveProperty('allocateLoadBalancerNodePorts');
      expect(valueAt(body, 'spec')).not.toHaveProperty('externalTrafficPolicy');
    });
  });

  describe('the status of a Service', () => {
    test('a write of the Service leaves it alone, and a write of the status leaves the spec alone', async () => {
      const { ref, body } = await make();
      const ingress = [{ ip: '203.0.113.9', ipMode: 'VIP' }];
      const path = resourcePath(SERVICES, ref);
      const ofStatus = { spec: { sessionAffinity: 'ClientIP' }, status: { loadBalancer: { ingress } } };
      const written = await send('PATCH', `${path}/status`, ofStatus, MERGE_PATCH);
      expect(valueAt(written.body, 'status')).toEqual({ loadBalancer: { ingress } });
      expect(valueAt(written.body, 'spec')).toEqual(valueAt(body, 'spec'));
      const ofSpec = { spec: { sessionAffinity: 'ClientIP' }, status: { loadBalancer: { ingress: null } } };
      const changed = await send('PATCH', path, ofSpec, MERGE_PATCH);
      expect(valueAt(changed.body, 'spec', 'sessionAffinity')).toBe('ClientIP');
      expect(valueAt(changed.body, 'status')).toEqual({ loadBalancer: { ingress } });
    });

    test('keeps an ip and a hostname, in their order, and refuses hostnames that are none', async () => {
      const { ref } = await make();
      const path = resourcePath(SERVICES, ref, 'status');
      const ingress = [{ hostname: 'lb.example.com' }, { ip: '2001:db8::1' }];
      const { body } = await send('PATCH', path, { status: { loadBalancer: { ingress } } }, MERGE_PATCH);
      expect(valueAt(body, 'status', 'loadBalancer', 'ingress')).toEqual([
        { hostname: 'lb.example.com' },
        { ip: '2001:db8::1', ipMode: 'VIP' },
      ]);
      const wrong = {
        status: { loadBalancer: { ingress: [{ hostname: '203.0.113.9' }, { hostname: 'UPPER.example' }] } },
      };
      const refused = await send('PATCH', path, wrong, MERGE_PATCH);
      expect(refused.status).toBe(422);
      expect(valueAt(refused.body, 'details', 'causes', 0)).toEqual({
        reason: 'FieldValueInvalid',
        field: 'status.loadBalancer.ingress[0].hostname',
        message: 'Invalid value: "203.0.113.9": must be a DNS name, not an IP address',
      });
      expect(valueAt(refused.body, 'details', 'causes', 1, 'field')).toBe('status.loadBalancer.ingress[1].hostname');
    });

    test('on /status labels and annotations of a built-in kind are written too', async () => {
      const { ref } = await make();
      const body = { metadata: { annotations: { 'example.com/a': 'b' } } };
      const answer = await send('PATCH', resourcePath(SERVICES, ref, 'status'), body, MERGE_PATCH);
      expect(valueAt(answer.body, 'metadata', 'annotations')).toEqual({ 'example.com/a': 'b' });
    });
  });
}
