import { describe, expect, it } from 'vitest';
import { agent, entrypoint, gateway, gatewayService, OURS } from './build.ts';
import { actionOf, findingOf, findings, type Given, plan, publishedBy, writes } from './planning.ts';

const IP = '122.9.70.186';
const ANNOTATE = 'patch-entrypoint Service kube-system/entry';
const PUBLISH = 'publish-address Service default/cilium-gateway-web';
const BASE = [gateway(), gatewayService(), entrypoint('entry', { ingress: [{ ip: IP }] })];

function withCilium(version: string | undefined, given: Given = {}, objects = BASE): ReturnType<typeof plan> {
  return version === undefined ? plan(objects, given) : plan([...objects, agent(version)], given);
}

describe('ipMode: Proxy', () => {
  it.each([
    ['1.17.0'],
    ['1.17.12'],
    ['1.18.1'],
    ['1.19.1'],
    ['1.19.5'],
    ['1.20.2'],
    ['1.21.0-dev'],
    ['latest'],
    ['2.0.0'],
  ])('is written with Cilium %s', (version) => {
    const planned = withCilium(version);
    expect([writes(planned), findings(planned)]).toEqual([[PUBLISH], []]);
    expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ ip: IP, ipMode: 'Proxy' }]);
  });

  it('is not honoured by Cilium 1.18.0: the entrypoint is annotated first, and ipMode left away', () => {
    const planned = withCilium('1.18.0');
    expect(writes(planned)).toEqual([ANNOTATE, PUBLISH]);
    expect(actionOf(planned, 'patch-entrypoint').request).toMatchObject({
      patch: {
        type: 'json',
        body: [
          { op: 'test', path: '/metadata/uid' },
          { op: 'add', path: '/metadata/annotations/service.cilium.io~1type', value: 'NodePort' },
        ],
      },
    });
    expect(actionOf(planned, 'patch-entrypoint').reason).toBe('EntrypointAnnotated');
    expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ ip: IP }]);
  });

  it.each([['1.16.0'], ['1.16.9'], ['1.15.1']])(
    'is not possible with Cilium %s, nor is the annotation: refused',
    (version) => {
      const planned = withCilium(version);
      expect([writes(planned), findings(planned)]).toEqual([[], ['fail IpModeNotPossible']]);
      expect(findingOf(planned, 'IpModeNotPossible').fix).toBe('Upgrade Cilium to 1.18.1 or later.');
    },
  );

  it('the oldest agent of an upgrade decides', () => {
    const planned = plan([...BASE, agent('1.19.5', 'node-1'), agent('1.18.0', 'node-2')]);
    expect(writes(planned)).toEqual([ANNOTATE, PUBLISH]);
  });

  it('where the API server drops it, the entrypoint is annotated, in the same write as its targetPort', () => {
    const objects = [gateway(), gatewayService(), entrypoint('entry', { ports: [[80, 1]], ingress: [{ ip: IP }] })];
    const planned = plan(objects, { memory: { ipModeStored: 'no' } });
    expect(writes(planned)).toEqual([ANNOTATE, PUBLISH]);
    expect(actionOf(planned, 'patch-entrypoint').changes).toEqual([
      { field: 'spec.ports[80].targetPort', before: 1, after: 31080 },
      { field: 'metadata.annotations[service.cilium.io/type]', before: undefined, after: 'NodePort' },
    ]);
  });

  it('an annotation with another value is replaced, tested before', () => {
    const annotations = { 'service.cilium.io/type': 'LoadBalancer' };
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { annotations, ingress: [{ ip: IP }] })], {
      memory: { ipModeStored: 'no' },
    });
    const path = '/metadata/annotations/service.cilium.io~1type';
    expect(actionOf(planned, 'patch-entrypoint').request).toMatchObject({
      patch: {
        body: [
          { op: 'test', path: '/metadata/uid' },
          { op: 'test', path, value: 'LoadBalancer' },
          { op: 'replace', path, value: 'NodePort' },
        ],
      },
    });
  });

  it('dropped by the API server and no entrypoint to annotate: refused', () => {
    const planned = plan([gateway(), gatewayService()], {
      config: { addresses: { 'default/web': [IP] } },
      memory: { ipModeStored: 'no' },
    });
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail IpModeNotPossible']]);
    expect(findingOf(planned, 'IpModeNotPossible').fix).toContain('Upgrade Kubernetes to 1.30');
  });

  it('already in sync where the API server drops it: nothing is written', () => {
    const annotations = { 'service.cilium.io/type': 'NodePort' };
    const planned = plan(
      [
        gateway(),
        gatewayService('web', { ingress: [{ ip: IP }], writtenBy: [OURS] }),
        entrypoint('entry', { annotations, ingress: [{ ip: IP }] }),
      ],
      { memory: { ipModeStored: 'no' } },
    );
    expect(writes(planned)).toEqual([]);
  });

  it('is not asked for a hostname', () => {
    const objects = [gateway(), gatewayService(), entrypoint('entry', { ingress: [{ hostname: 'a.example.com' }] })];
    for (const ipModeStored of ['no', 'unknown', 'unasked'] as const) {
      const planned = plan(objects, { memory: { ipModeStored } });
      expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ hostname: 'a.example.com' }]);
      expect(planned.ipModeQuestion).toBeUndefined();
    }
  });
});

describe('the question to the API server', () => {
  it('is asked before the first write, about an address that is wanted', () => {
    const planned = plan(BASE, { memory: { ipModeStored: 'unasked' } });
    expect(planned.ipModeQuestion).toEqual({ ref: { namespace: 'default', name: 'cilium-gateway-web' }, ip: IP });
  });

  it('is not needed where a status with Proxy stands already', () => {
    const status = { ingress: [{ ip: '1.1.1.1', ipMode: 'Proxy' }], writtenBy: [OURS] };
    const planned = plan([gateway(), gatewayService('web', status), entrypoint('entry', { ingress: [{ ip: IP }] })], {
      memory: { ipModeStored: 'unasked' },
    });
    expect(planned.ipModeQuestion).toBeUndefined();
    expect(writes(planned)).toEqual([PUBLISH]);
  });

  it('answered no is believed, even where a status with Proxy from before stands', () => {
    const status = { ingress: [{ ip: '1.1.1.1', ipMode: 'Proxy' }], writtenBy: [OURS] };
    const planned = plan([gateway(), gatewayService('web', status), entrypoint('entry', { ingress: [{ ip: IP }] })], {
      memory: { ipModeStored: 'no' },
    });
    expect(writes(planned)).toEqual([ANNOTATE, PUBLISH]);
  });

  it('is not needed with a Cilium that does not honour it', () => {
    expect(withCilium('1.18.0', { memory: { ipModeStored: 'unasked' } }).ipModeQuestion).toBeUndefined();
  });

  it('without an answer holds the address back, and says unknown', () => {
    const planned = plan(BASE, { memory: { ipModeStored: 'unknown' } });
    expect([writes(planned), findings(planned)]).toEqual([[], ['unknown IpModeUnknown']]);
  });
});
