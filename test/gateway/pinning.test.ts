import { describe, expect, it } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { ciliumConfig, entrypoint, gateway, gatewayService, ours } from './build.ts';
import { actionOf, bodyOf, plan, writes } from './planning.ts';

const PIN = { config: { pinNodePorts: true } };
const UID = 'uid-Service-default-cilium-gateway-web';
const address = { ingress: [{ ip: '122.9.70.186' }] };

describe('a Gateway that was made anew', () => {
  const service = gatewayService('web', { ports: [[80, 31999]] });

  it('gets the NodePort to which the entrypoint leads already; the entrypoint is not touched', () => {
    const planned = plan([gateway(), service, entrypoint('entry', address)], PIN);
    expect(writes(planned)).toEqual([
      'pin-node-port Service default/cilium-gateway-web',
      'publish-address Service default/cilium-gateway-web',
    ]);
    expect(bodyOf(actionOf(planned, 'pin-node-port').request)).toEqual([
      { op: 'test', path: '/metadata/uid', value: UID },
      { op: 'test', path: '/spec/ports/0/port', value: 80 },
      { op: 'test', path: '/spec/ports/0/nodePort', value: 31999 },
      { op: 'replace', path: '/spec/ports/0/nodePort', value: 31080 },
    ]);
  });

  it.each([
    ['pinning is off', {}, [] as const],
    [
      'another Service holds it',
      PIN,
      [entrypoint('other', { serves: null, selector: { app: 'x' }, ports: [{ port: 1, nodePort: 31080 }] })],
    ],
    [
      'a health check holds it',
      PIN,
      [entrypoint('other', { serves: null, selector: { app: 'x' }, spec: { healthCheckNodePort: 31080 } })],
    ],
    ['the API server refused it before', { ...PIN, memory: { refusedPins: new Set([`${UID}/31080`]) } }, []],
  ])('has its entrypoint changed instead where %s', (_, given, extra) => {
    expect(writes(plan([gateway(), service, entrypoint(), ...extra], given))).toEqual([
      'patch-entrypoint Service kube-system/entry',
    ]);
  });

  it.each([['http'], [80], [443]])(
    'has its entrypoint changed where that led to %j, which is no NodePort',
    (targetPort) => {
      const planned = plan([gateway(), service, entrypoint('entry', { ports: [{ port: 80, targetPort }] })], PIN);
      expect(writes(planned)).toEqual(['patch-entrypoint Service kube-system/entry']);
    },
  );

  it('on the host network needs none', () => {
    const settings = ciliumConfig({ 'gateway-api-hostnetwork-enabled': 'true' });
    expect(writes(plan([settings, gateway(), service, entrypoint()], PIN))).toEqual([
      'patch-entrypoint Service kube-system/entry',
    ]);
  });

  it('is pinned for a managed entrypoint, too', () => {
    const asking = gateway('web', { annotations: ours({ entrypoint: 'managed' }) });
    const entry = entrypoint(managedName('default', 'web'), { labels: ours({ managed: 'true' }) });
    const config = { pinNodePorts: true, managed: { enabled: true, allowedNamespaces: ['*'] } };
    expect(writes(plan([asking, service, entry], { config }))).toEqual([
      'pin-node-port Service default/cilium-gateway-web',
    ]);
  });

  it('whose listener port is new on a managed entrypoint is not pinned to a made-up number', () => {
    const asking = gateway('web', { annotations: ours({ entrypoint: 'managed' }) });
    const entry = entrypoint(managedName('default', 'web'), { labels: ours({ managed: 'true' }) });
    const two = gatewayService('web', { ports: [[80, 31080], { port: 8080, nodePort: 31888, targetPort: 8080 }] });
    const config = { pinNodePorts: true, managed: { enabled: true, allowedNamespaces: ['*'] } };
    expect(writes(plan([asking, two, entry], { config }))).toEqual([
      `patch-entrypoint Service kube-system/${managedName('default', 'web')}`,
    ]);
  });
});

describe('two entrypoint ports', () => {
  it('of one listener: one is pinned, the other follows it', () => {
    const annotations = ours({ ports: '8080=80' });
    const entry = entrypoint('entry', {
      ports: [
        [80, 31080],
        [8080, 30000],
      ],
      annotations,
    });
    const planned = plan([gateway(), gatewayService('web', { ports: [[80, 31999]] }), entry], PIN);
    expect(actionOf(planned, 'pin-node-port').changes).toEqual([
      { field: 'spec.ports[80].nodePort', before: 31999, after: 31080 },
    ]);
    expect(actionOf(planned, 'patch-entrypoint').changes).toEqual([
      { field: 'spec.ports[8080].targetPort', before: 30000, after: 31080 },
    ]);
  });

  it('that led to one NodePort cannot both be pinned to it', () => {
    const entry = entrypoint('entry', {
      ports: [
        [80, 31080],
        [443, 31080],
      ],
    });
    const planned = plan(
      [
        gateway(),
        gatewayService('web', {
          ports: [
            [80, 31998],
            [443, 31999],
          ],
        }),
        entry,
      ],
      PIN,
    );
    expect(actionOf(planned, 'pin-node-port').changes).toHaveLength(1);
    expect(actionOf(planned, 'patch-entrypoint').changes).toEqual([
      { field: 'spec.ports[443].targetPort', before: 31080, after: 31999 },
    ]);
  });
});
