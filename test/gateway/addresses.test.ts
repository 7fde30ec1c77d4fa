import { describe, expect, it } from 'vitest';
import { entrypoint, gateway, gatewayService, OURS, ours } from './build.ts';
import { actionOf, findingOf, findings, plan, publishedBy, writes } from './planning.ts';

const EIP = '122.9.70.186';
const VIP = '192.168.0.133';
const BOTH = [{ ip: EIP }, { ip: VIP }];

function addresses(given: ReturnType<typeof plan>): unknown {
  const entries = publishedBy(actionOf(given, 'publish-address'));
  return Array.isArray(entries)
    ? entries.map((entry: { ip?: string; hostname?: string }) => entry.ip ?? entry.hostname)
    : entries;
}

describe('which addresses are published', () => {
  it.each([
    ['all', [EIP, VIP]],
    ['public', [EIP]],
    ['private', [VIP]],
  ])('%s of them, by the configuration', (publish, wanted) => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ingress: BOTH })], {
      config: { publish },
    });
    expect(addresses(planned)).toEqual(wanted);
  });

  it("by the entrypoint's annotation before the configuration", () => {
    const entry = entrypoint('entry', { ingress: BOTH, annotations: ours({ publish: 'private' }) });
    expect(addresses(plan([gateway(), gatewayService(), entry], { config: { publish: 'public' } }))).toEqual([VIP]);
  });

  it('a hostname passes as public and as private', () => {
    const entry = entrypoint('entry', { ingress: [{ hostname: 'lb.example.com' }] });
    for (const publish of ['public', 'private']) {
      expect(addresses(plan([gateway(), gatewayService(), entry], { config: { publish } }))).toEqual([
        'lb.example.com',
      ]);
    }
  });

  it.each([['10.1.2.3'], ['172.31.255.1'], ['100.64.0.1'], ['169.254.1.1'], ['fd00::1'], ['fe80::1']])(
    '%s is private',
    (ip) => {
      const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ingress: [{ ip }] })], {
        config: { publish: 'public' },
      });
      expect([writes(planned), findings(planned)]).toEqual([[], ['fail NoAddressOfThatKind']]);
    },
  );

  it('none of that kind takes the former one back', () => {
    const status = { ingress: [{ ip: EIP, ipMode: 'Proxy' }], writtenBy: [OURS] };
    const planned = plan([gateway(), gatewayService('web', status), entrypoint('entry', { ingress: [{ ip: VIP }] })], {
      config: { publish: 'public' },
    });
    expect(writes(planned)).toEqual(['clear-address Service default/cilium-gateway-web']);
    expect(findingOf(planned, 'NoAddressOfThatKind').fix).toBe(
      'Bind an EIP to the load balancer, or publish all addresses.',
    );
  });

  it('a malformed choice is a finding and changes nothing', () => {
    const status = { ingress: [{ ip: VIP, ipMode: 'Proxy' }], writtenBy: [OURS] };
    const entry = entrypoint('entry', { ingress: [{ ip: EIP }], annotations: ours({ publish: 'everything' }) });
    const planned = plan([gateway(), gatewayService('web', status), entry]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail AnnotationMalformed']]);
  });
});

describe('more than 16 addresses', () => {
  const many = Array.from({ length: 17 }, (_, index) => ({ ip: `1.1.1.${index}` }));

  it('the first 16 are published, with a warning', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ingress: many })]);
    expect(addresses(planned)).toEqual(many.slice(0, 16).map(({ ip }) => ip));
    expect(findings(planned)).toEqual(['warn TooManyAddresses']);
    expect(findingOf(planned, 'TooManyAddresses').message).toContain('17 addresses');
  });

  it('16 are no reason to warn', () => {
    expect(findings(plan([gateway(), gatewayService(), entrypoint('entry', { ingress: many.slice(1) })]))).toEqual([]);
  });

  it('an entry with IP and hostname is two of them', () => {
    const pairs = many.slice(0, 9).map(({ ip }, index) => ({ ip, hostname: `h${index}.example.com` }));
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ingress: pairs })]);
    expect(addresses(planned)).toHaveLength(8);
    expect(findings(planned)).toEqual(['warn TooManyAddresses']);
  });

  it('one that the Gateway insists on is published even if it is the 17th', () => {
    const planned = plan([
      gateway('web', { insistsOn: ['1.1.1.16'] }),
      gatewayService(),
      entrypoint('entry', { ingress: many }),
    ]);
    expect(addresses(planned)).toEqual(['1.1.1.16']);
    expect(findings(planned)).toEqual([]);
  });
});

describe('spec.addresses', () => {
  it('that the load balancer has: everything is published', () => {
    const planned = plan([
      gateway('web', { insistsOn: [VIP] }),
      gatewayService(),
      entrypoint('entry', { ingress: BOTH }),
    ]);
    expect(addresses(planned)).toEqual([EIP, VIP]);
  });

  it('go before the choice of public or private', () => {
    const planned = plan(
      [gateway('web', { insistsOn: [VIP] }), gatewayService(), entrypoint('entry', { ingress: BOTH })],
      { config: { publish: 'public' } },
    );
    expect(addresses(planned)).toEqual([VIP]);
  });

  it.each([
    ['another IP', BOTH],
    ['only a hostname', [{ hostname: 'lb.example.com' }]],
  ])('that it does not have, having %s: a finding, and nothing is published', (_, ingress) => {
    const planned = plan([
      gateway('web', { insistsOn: ['1.2.3.4'] }),
      gatewayService(),
      entrypoint('entry', { ingress }),
    ]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail RequestedAddressNotOffered']]);
    expect(findingOf(planned, 'RequestedAddressNotOffered').message).toContain('insists on 1.2.3.4 (spec.addresses)');
  });

  it('that it no longer has leave what stands there', () => {
    const status = { ingress: [{ ip: EIP, ipMode: 'Proxy' }], writtenBy: [OURS] };
    const planned = plan([
      gateway('web', { insistsOn: ['1.2.3.4'] }),
      gatewayService('web', status),
      entrypoint('entry', { ingress: [{ ip: VIP }] }),
    ]);
    expect(writes(planned)).toEqual([]);
  });
});

describe('addresses of the configuration', () => {
  const config = { addresses: { 'default/web': [VIP, 'lb.example.com'] } };

  it('are published where the entrypoint gives none', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint()], { config });
    expect(addresses(planned)).toEqual([VIP, 'lb.example.com']);
    expect(actionOf(planned, 'publish-address').message).toContain('gateway.addresses in the configuration');
  });

  it('are published where there is no entrypoint at all', () => {
    expect(addresses(plan([gateway(), gatewayService()], { config }))).toEqual([VIP, 'lb.example.com']);
  });

  it("yield to the entrypoint's own", () => {
    expect(
      addresses(plan([gateway(), gatewayService(), entrypoint('entry', { ingress: [{ ip: EIP }] })], { config })),
    ).toEqual([EIP]);
  });

  it('of another Gateway are not used', () => {
    expect(writes(plan([gateway('api'), gatewayService('api')], { config }))).toEqual([]);
  });

  it('removed again take the address back', () => {
    const status = { ingress: [{ ip: VIP, ipMode: 'Proxy' }], writtenBy: [OURS] };
    expect(writes(plan([gateway(), gatewayService('web', status)]))).toEqual([
      'clear-address Service default/cilium-gateway-web',
    ]);
  });
});

describe('an address without an entrypoint', () => {
  it('that somebody else wrote is a warning, not ours to judge', () => {
    const planned = plan([
      gateway(),
      gatewayService('web', { ingress: [{ ip: '10.0.0.10' }], writtenBy: ['kubectl'] }),
    ]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['warn AddressOfUnknownOrigin']]);
  });

  it('none at all: the finding says how to make an entrypoint', () => {
    const planned = plan([gateway(), gatewayService()]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail NoEntrypoint']]);
    expect(findingOf(planned, 'NoEntrypoint').fix).toContain('cilium-cloud-bridge.io/gateway: default/web');
  });
});
