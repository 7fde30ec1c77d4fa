import { describe, expect, it } from 'vitest';
import { trimEnvoyConfig } from '../../src/gateway/models/envoy-config.ts';
import { notServed, unread } from '../../src/gateway/observation.ts';
import { at } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { entrypoint, gateway, gatewayService } from './build.ts';
import { annotated, COPY, change, copyIn, envoyConfig, redirectFindings, settled } from './envoy.ts';
import { actionOf, findingOf, plan, writes } from './planning.ts';

const ADDRESS = [{ ip: '203.0.113.20' }];
const WRITE = `write-redirect-copy CiliumEnvoyConfig ${COPY.namespace}/${COPY.name}`;
const SERVED = [
  gateway(),
  gatewayService('web', { ingress: [{ ip: '203.0.113.20', ipMode: 'Proxy' }], writtenBy: ['cilium-cloud-bridge'] }),
  entrypoint('entry', { ingress: ADDRESS }),
];

/** The copy's `spec.services` after a perfect pass. */
function services(objects: readonly RawObject[]): unknown {
  return at(copyIn(settled(objects)), 'spec', 'services');
}

describe('the source of a copy', () => {
  it.each([
    { what: 'the one that its Gateway owns', configs: [envoyConfig()], source: 'default/cilium-gateway-web' },
    {
      what: 'the one that its Gateway owns, before an older one of somebody else',
      configs: [
        envoyConfig('mine', { owner: null, created: '2020-01-01T00:00:00Z', service: { name: 'cilium-gateway-web' } }),
        envoyConfig(),
      ],
      source: 'default/cilium-gateway-web',
    },
    {
      what: 'of several without an owner the oldest, in whatever order they were read',
      configs: [
        envoyConfig('b', { owner: null, created: '2026-01-02T00:00:00Z', service: { name: 'cilium-gateway-web' } }),
        envoyConfig('a', { owner: null, created: '2026-01-03T00:00:00Z', service: { name: 'cilium-gateway-web' } }),
      ],
      source: 'default/b',
    },
  ])('is $what', ({ configs, source }) => {
    for (const order of [configs, configs.toReversed()]) {
      const { request } = actionOf(plan([...SERVED, ...order]), 'write-redirect-copy');
      expect(request).toMatchObject({
        verb: 'copy',
        source: { namespace: source.split('/')[0], name: source.split('/')[1] },
      });
    }
  });

  it.each([
    [
      'one of another namespace that names the Service',
      envoyConfig('x', {
        namespace: 'evil',
        owner: null,
        service: { name: 'cilium-gateway-web', namespace: 'default' },
      }),
    ],
    [
      'one that names a Service of its own namespace with that name',
      envoyConfig('cilium-gateway-web', { namespace: 'evil', owner: null }),
    ],
    ['one that names another Service', envoyConfig('cilium-gateway-web', { service: { name: 'other' } })],
    ['one without a listener', envoyConfig('cilium-gateway-web', { listeners: {} })],
    ['one that is being deleted', envoyConfig('cilium-gateway-web', { deleting: true })],
  ])('is never %s', (_, config) => {
    const planned = plan([...SERVED, config]);
    expect(writes(planned)).toEqual([]);
    expect(redirectFindings(planned)).toEqual(['warn NoSourceEnvoyConfig', 'warn NodePortExposureRefuses']);
  });
});

it('a copy of ours is never the source of another, whatever it names', () => {
  const copy = envoyConfig('ccb-x', {
    labels: { 'cilium-cloud-bridge.io/managed': 'true' },
    service: { name: 'cilium-gateway-web' },
  });
  expect(writes(plan([...SERVED, copy]))).toEqual(['delete-redirect-copy CiliumEnvoyConfig default/ccb-x']);
});

describe('the ports of a copy', () => {
  const twoPorts = {
    ports: [
      [80, 31080],
      [443, 31443],
    ] as const,
  };

  it('are those that map, by number, each listener with its name', () => {
    const objects = [
      gateway('web', { ports: [80, 443] }),
      gatewayService('web', twoPorts),
      entrypoint('entry', twoPorts),
      envoyConfig('cilium-gateway-web', {
        listeners: { listener: [80], 'listener-443': [443], 'listener-50051': [50_051] },
      }),
    ];
    expect(services(objects)).toEqual([
      { name: 'entry', namespace: 'kube-system', ports: [80], listener: 'listener' },
      { name: 'entry', namespace: 'kube-system', ports: [443], listener: 'listener-443' },
    ]);
  });

  it('are said where the source has no entry for them', () => {
    const objects = [
      gateway('web', { ports: [80, 443] }),
      gatewayService('web', twoPorts),
      entrypoint('entry', twoPorts),
      envoyConfig(),
    ];
    const planned = plan(settled(objects));
    expect(redirectFindings(planned)).toEqual(['warn NoSourceEnvoyConfig', 'warn NodePortExposureRefuses']);
    expect(findingOf(planned, 'NoSourceEnvoyConfig').message).toContain(
      'no CiliumEnvoyConfig names port 443/TCP of Service default/cilium-gateway-web.',
    );
  });

  it("are the entrypoint's own where an annotation maps them", () => {
    const objects = [
      gateway('web', { ports: [80, 443] }),
      gatewayService('web', twoPorts),
      annotated(
        entrypoint('entry', {
          ports: [
            [8443, 31443],
            [8080, 31080],
          ],
        }),
        { ports: '8080=80,8443=443' },
      ),
      envoyConfig('cilium-gateway-web', { listeners: { '': [80, 443] } }),
    ];
    expect(services(objects)).toEqual([{ name: 'entry', namespace: 'kube-system', ports: [8080, 8443] }]);
  });

  it('are all that map where the source names none', () => {
    const objects = [
      gateway(),
      gatewayService(),
      entrypoint(),
      envoyConfig('cilium-gateway-web', { listeners: { '': [] } }),
    ];
    expect(services(objects)).toEqual([{ name: 'entry', namespace: 'kube-system', ports: [80] }]);
  });

  it('leave out UDP and what the source does not answer for, and the warning names these', () => {
    const both = [
      { port: 80, nodePort: 31080, targetPort: 31080 },
      { port: 443, nodePort: 31443, targetPort: 31443 },
      { port: 53, nodePort: 31053, targetPort: 31053, protocol: 'UDP' },
      { port: 80, nodePort: 31081, targetPort: 31081, protocol: 'UDP', name: 'h3' },
    ];
    const objects = [
      gateway('web', { ports: [80, 443, 53] }),
      gatewayService('web', { ports: both }),
      entrypoint('entry', { ports: both }),
      envoyConfig(),
    ];
    const warning = findingOf(plan(objects), 'NodePortExposureRefuses');
    expect(services(objects)).toEqual([{ name: 'entry', namespace: 'kube-system', ports: [80], listener: 'listener' }]);
    expect(warning.message).toContain('443/TCP');
    expect(warning.message).toContain('53/UDP');
    expect(warning.message).toContain('80/UDP');
    expect(warning.message).not.toContain('80/TCP');
  });

  it('none: no copy', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ports: [[8080, 1]] }), envoyConfig()]);
    expect(writes(planned).filter((write) => write.includes('redirect'))).toEqual([]);
  });
});

describe('no copy is made', () => {
  it.each([
    {
      where: 'Envoy listens on the nodes',
      with: [...SERVED, envoyConfig('cilium-gateway-web', { hostPort: 80 })],
      finding: 'SourceHasHostListener',
      fix: 'host-network',
    },
    {
      where: 'the entrypoint has sessionAffinity',
      with: [
        ...SERVED.slice(0, 2),
        entrypoint('entry', { ingress: ADDRESS, spec: { sessionAffinity: 'ClientIP' } }),
        envoyConfig(),
      ],
      finding: 'SessionAffinityForbidsRedirect',
      fix: 'kubectl -n kube-system patch service entry --type=merge -p \'{"spec":{"sessionAffinity":"None"}}\'',
    },
    {
      where: 'a foreign one has its name',
      with: [
        ...SERVED,
        envoyConfig(),
        envoyConfig(COPY.name, { namespace: 'kube-system', owner: null, service: { name: 'x' } }),
      ],
      finding: 'ForeignEnvoyConfig',
      fix: `kubectl -n kube-system delete ciliumenvoyconfig ${COPY.name}`,
    },
    {
      where: 'a foreign one redirects the entrypoint',
      with: [
        ...SERVED,
        envoyConfig(),
        envoyConfig('mine', { namespace: 'kube-system', owner: null, service: { name: 'entry' } }),
      ],
      finding: 'ForeignEnvoyConfig',
      fix: 'kubectl -n kube-system delete ciliumenvoyconfig mine',
    },
    {
      where: 'a foreign one of another namespace redirects the entrypoint',
      with: [
        ...SERVED,
        envoyConfig(),
        envoyConfig('mine', { namespace: 'evil', owner: null, service: { name: 'entry', namespace: 'kube-system' } }),
      ],
      finding: 'ForeignEnvoyConfig',
      fix: 'kubectl -n evil delete ciliumenvoyconfig mine',
    },
  ])('where $where; the finding gives the mend, and the rest goes on', (given) => {
    const planned = plan(given.with);
    expect(writes(planned)).toEqual([]);
    expect(findingOf(planned, given.finding).fix).toContain(given.fix);
    expect(findingOf(planned, 'NodePortExposureRefuses').verdict).toBe('warn');
    const moved = change(given.with, 'Service', 'cilium-gateway-web', () =>
      gatewayService('web', { ports: [[80, 31999]], ingress: ADDRESS }),
    );
    expect(writes(plan(moved))[0]).toBe('patch-entrypoint Service kube-system/entry');
  });

  it('where the API server does not know CiliumEnvoyConfig', () => {
    const planned = plan(SERVED, { reads: { envoyConfigs: notServed() } });
    expect(redirectFindings(planned)).toEqual(['warn EnvoyConfigNotServed', 'warn NodePortExposureRefuses']);
    expect(findingOf(planned, 'EnvoyConfigNotServed').fix).toContain('envoyConfig.enabled=true');
    expect(writes(planned)).toEqual([]);
  });

  it('where CiliumEnvoyConfigs cannot be read; what is known to serve is not said to refuse', () => {
    const world = settled([...SERVED, envoyConfig()]);
    const known = world.filter(({ kind }) => kind === 'CiliumEnvoyConfig').map(trimEnvoyConfig);
    for (const [items, expected] of [
      [known, ['unknown EnvoyConfigNotReadable']],
      [[], ['unknown EnvoyConfigNotReadable', 'warn NodePortExposureRefuses']],
    ] as const) {
      const planned = plan(world, { reads: { envoyConfigs: unread('forbidden', items) } });
      expect(writes(planned)).toEqual([]);
      expect(redirectFindings(planned)).toEqual(expected);
    }
  });

  it('before they were asked for: the plan says that it needs them, and removes nothing', () => {
    const planned = plan(SERVED, { reads: { envoyConfigs: undefined } });
    expect(planned.needsEnvoyConfigs).toBe(true);
    expect(writes(planned)).toEqual([]);
  });

  it.each(['node-port', 'pod-ip'])('with the exposure %s, for which none are asked for', (exposure) => {
    const objects = change(SERVED, 'Service', 'entry', (object) => annotated(object, { exposure }));
    const planned = plan(objects, { reads: { envoyConfigs: undefined } });
    expect(planned.needsEnvoyConfigs).toBe(false);
    expect(writes(plan([...objects, envoyConfig()]))).toEqual([]);
  });
});

describe('a pass that nobody follows', () => {
  const objects = [...SERVED, envoyConfig()];
  const moved = change(settled(objects), 'CiliumEnvoyConfig', 'cilium-gateway-web', () =>
    envoyConfig('cilium-gateway-web', { routes: 'v2' }),
  );

  it('makes no copy, and says what share is refused and who would mend it', () => {
    const planned = plan(objects, { copies: 'frozen' });
    expect(writes(planned)).toEqual([]);
    expect(redirectFindings(planned)).toEqual(['warn NodePortExposureRefuses']);
    expect(findingOf(planned, 'NodePortExposureRefuses').fix).toContain('--once --allow-static-redirect');
  });

  it('makes one when the user says that the routes stay, and says what that means', () => {
    const planned = plan(objects, { copies: 'static' });
    expect(writes(planned)).toEqual([WRITE]);
    expect(findingOf(planned, 'RedirectCopyStatic').message).toContain(
      'a route, listener or backend Service that changes later',
    );
  });

  it('leaves one that is there, current or stale, and says which', () => {
    const current = plan(settled(objects), { copies: 'frozen' });
    expect(writes(current)).toEqual([]);
    expect(redirectFindings(current)).toEqual(['warn RedirectCopyStatic']);
    const stale = plan(moved, { copies: 'frozen' });
    expect(writes(stale)).toEqual([]);
    expect(redirectFindings(stale)).toEqual(['warn RedirectCopyStale']);
    expect(writes(plan(moved, { copies: 'static' }))).toEqual([WRITE]);
  });

  it('says of ports that the copy lacks that they are refused', () => {
    const ports = {
      ports: [
        [80, 31080],
        [443, 31443],
      ] as const,
    };
    const more = change(
      change(settled(objects), 'Service', 'cilium-gateway-web', () => gatewayService('web', ports)),
      'Service',
      'entry',
      () => entrypoint('entry', ports),
    );
    const source = change(more, 'CiliumEnvoyConfig', 'cilium-gateway-web', () =>
      envoyConfig('cilium-gateway-web', { listeners: { listener: [80, 443] } }),
    );
    const warning = findingOf(plan(source, { copies: 'frozen' }), 'NodePortExposureRefuses');
    expect(warning.message).toContain('443/TCP');
    expect(warning.message).not.toContain('80/TCP');
  });
});
