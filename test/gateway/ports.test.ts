import { describe, expect, it } from 'vitest';
import { agent, entrypoint, gateway, gatewayService, OURS, ours } from './build.ts';
import { actionOf, findingOf, findings, plan, writes } from './planning.ts';

const address = { ingress: [{ ip: '122.9.70.186' }] };
const BOTH = [
  [80, 31080],
  [443, 31443],
] as const;

function targetPorts(given: ReturnType<typeof plan>): unknown {
  return actionOf(given, 'patch-entrypoint').changes.map(
    ({ field, before, after }) => `${field}: ${String(before)} → ${String(after)}`,
  );
}

describe('entrypoint ports', () => {
  it('lead to the listener of the same protocol and number, each in one write', () => {
    const planned = plan([
      gateway(),
      gatewayService('web', { ports: BOTH }),
      entrypoint('entry', {
        ports: [
          [443, 2],
          [80, 1],
        ],
      }),
    ]);
    expect(targetPorts(planned)).toEqual([
      'spec.ports[443].targetPort: 2 → 31443',
      'spec.ports[80].targetPort: 1 → 31080',
    ]);
    expect(actionOf(planned, 'patch-entrypoint').request).toMatchObject({
      patch: {
        body: [
          {},
          { path: '/spec/ports/0/port', value: 443 },
          {},
          {},
          { path: '/spec/ports/1/port', value: 80 },
          {},
          {},
        ],
      },
    });
  });

  it('that are right are left alone', () => {
    const planned = plan([
      gateway(),
      gatewayService('web', { ports: BOTH }),
      entrypoint('entry', {
        ports: [
          [80, 31080],
          [443, 1],
        ],
      }),
    ]);
    expect(targetPorts(planned)).toEqual(['spec.ports[443].targetPort: 1 → 31443']);
  });

  it('TCP and UDP of one number are two ports', () => {
    const service = gatewayService('web', {
      ports: [
        { port: 443, nodePort: 31443 },
        { port: 443, nodePort: 31444, protocol: 'UDP', name: 'port-443-udp' },
      ],
    });
    const ports = [
      { port: 443, targetPort: 1 },
      { port: 443, protocol: 'UDP', name: 'quic', targetPort: 1 },
    ];
    const planned = plan([gateway(), service, entrypoint('entry', { ports })]);
    expect(targetPorts(planned)).toEqual([
      'spec.ports[443].targetPort: 1 → 31443',
      'spec.ports[443].targetPort: 1 → 31444',
    ]);
  });

  it('lead where the annotation says', () => {
    const annotations = ours({ ports: '8080=80, 8443=443' });
    const planned = plan([
      gateway(),
      gatewayService('web', { ports: BOTH }),
      entrypoint('entry', {
        ports: [
          [8080, 1],
          [8443, 1],
        ],
        annotations,
      }),
    ]);
    expect(targetPorts(planned)).toEqual([
      'spec.ports[8080].targetPort: 1 → 31080',
      'spec.ports[8443].targetPort: 1 → 31443',
    ]);
  });

  it.each([['8080'], ['8080=http'], ['8080=80,8080=443'], ['0=80'], ['80=65536'], ['']])(
    'a malformed annotation %j changes nothing and publishes nothing new',
    (text) => {
      const planned = plan([
        gateway(),
        gatewayService(),
        entrypoint('entry', { ports: [[80, 1]], annotations: ours({ ports: text }), ...address }),
      ]);
      expect([writes(planned), findings(planned)]).toEqual([[], ['fail AnnotationMalformed']]);
    },
  );

  it('none of which is a listener: a finding with the annotation to write', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ports: [[8080, 1]], ...address })]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail NoPortMatches']]);
    expect(findingOf(planned, 'NoPortMatches').message).toBe(
      'No port of the entrypoint (8080/TCP) is a port of Gateway default/web (80/TCP).',
    );
  });

  it('none of which is a listener any more: the address that stands is not taken back', () => {
    const status = { ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }], writtenBy: [OURS] };
    expect(
      writes(plan([gateway(), gatewayService('web', status), entrypoint('entry', { ports: [[8080, 1]], ...address })])),
    ).toEqual([]);
  });

  it('some of which lead nowhere, and listeners without one, are warnings', () => {
    const planned = plan([
      gateway(),
      gatewayService('web', { ports: BOTH }),
      entrypoint('entry', {
        ports: [
          [80, 31080],
          [8080, 1],
        ],
      }),
    ]);
    expect(findings(planned)).toEqual([
      'fail EntrypointHasNoAddress',
      'warn ListenerNotReachable',
      'warn PortNotMatched',
    ]);
  });

  it('a port without NodePort does not keep the others from being synced', () => {
    const service = gatewayService('web', { ports: [[80, 31080], { port: 443 }] });
    const planned = plan([
      gateway(),
      service,
      entrypoint('entry', {
        ports: [
          [80, 1],
          [443, 2],
        ],
        ...address,
      }),
    ]);
    expect(targetPorts(planned)).toEqual(['spec.ports[80].targetPort: 1 → 31080']);
    expect(writes(planned)).toHaveLength(2);
    expect(findings(planned)).toEqual(['fail NodePortMissing']);
  });
});

describe('exposures', () => {
  it.each([
    ['pod-ip', 31080],
    ['node-port', 31080],
    ['host-network', 80],
  ])('%s, by annotation, leads to %i', (exposure, wanted) => {
    const planned = plan([
      gateway(),
      gatewayService(),
      entrypoint('entry', { ports: [[80, 1]], annotations: ours({ exposure }), ...address }),
    ]);
    expect(targetPorts(planned)).toEqual([`spec.ports[80].targetPort: 1 → ${wanted}`]);
    expect(writes(planned)).toHaveLength(exposure === 'host-network' ? 1 : 2);
  });

  it("the entrypoint's annotation goes before the Gateway's, that before the configuration", () => {
    const chosen = (onEntrypoint: string | undefined, onGateway: string | undefined): unknown => {
      const of = (exposure: string | undefined) => (exposure === undefined ? {} : { annotations: ours({ exposure }) });
      const planned = plan([gateway('web', of(onGateway)), gatewayService(), entrypoint('entry', of(onEntrypoint))], {
        config: { exposure: 'pod-ip' },
      });
      return planned.subjects[0]?.exposure;
    };
    expect([
      chosen('node-port', 'host-network'),
      chosen(undefined, 'host-network'),
      chosen(undefined, undefined),
    ]).toEqual(['node-port', 'host-network', 'pod-ip']);
  });

  it.each([
    ['service.cloud.tencent.com/direct-access', 'true', 'pod-ip'],
    ['service.cloud.tencent.com/direct-access', 'false', 'node-port'],
    ['kubernetes.io/hws-hostNetwork', 'true', 'pod-ip'],
    ['example.com/nothing', 'true', 'node-port'],
  ])('auto without a redirect, with %s: %j, is %s', (key, value, exposure) => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { annotations: { [key]: value } })]);
    expect(planned.subjects[0]?.exposure).toBe(exposure);
  });

  it('a malformed one is a finding, and nothing is written', () => {
    for (const objects of [
      [
        gateway(),
        gatewayService(),
        entrypoint('entry', { ports: [[80, 1]], annotations: ours({ exposure: 'fast' }), ...address }),
      ],
      [
        gateway('web', { annotations: ours({ exposure: 'fast' }) }),
        gatewayService(),
        entrypoint('entry', { ports: [[80, 1]], ...address }),
      ],
    ]) {
      const planned = plan(objects);
      expect([writes(planned), findings(planned)]).toEqual([[], ['fail AnnotationMalformed']]);
    }
  });

  it('TKE direct access on Envoy Pods leads to the NodePort', () => {
    const annotations = { 'service.cloud.tencent.com/direct-access': 'true' };
    const entry = entrypoint('entry', { ports: [[80, 1]], selector: { 'k8s-app': 'cilium-envoy' }, annotations });
    const planned = plan([gateway(), gatewayService(), entry]);
    expect(targetPorts(planned)).toEqual(['spec.ports[80].targetPort: 1 → 31080']);
  });
});

describe('the share that node-port refuses', () => {
  const told = (objects: Parameters<typeof plan>[0]): string =>
    findingOf(plan(objects, { config: { exposure: 'node-port' } }), 'NodePortExposureRefuses').message;
  const base = [gateway(), gatewayService()];

  it.each([
    ['1 in 3 connections', [agent('1.19.5', 'a'), agent('1.19.5', 'b'), agent('1.19.5', 'c')], {}],
    ['all connections', [agent('1.19.5', 'a')], {}],
    ['all connections', [agent('1.19.5', 'a'), agent('1.19.5', 'b')], { spec: { externalTrafficPolicy: 'Local' } }],
  ])('is %s', (share, agents, parts) => {
    expect(told([...base, ...agents, entrypoint('entry', parts)])).toContain(`refuses ${share} to Gateway default/web`);
  });

  it('is a warning, never a failure', () => {
    expect(
      findingOf(plan([...base, entrypoint()], { config: { exposure: 'node-port' } }), 'NodePortExposureRefuses')
        .verdict,
    ).toBe('warn');
  });
});
