import { describe, expect, it } from 'vitest';
import { toTargets } from '../../../src/providers/tencent/listeners.ts';
import { listener, target } from '../../fake-clouds/tencent-world.ts';
import { fakeTencent, never, readerOf, worldWith } from './on-fake-tencent.ts';

describe('listeners', () => {
  it('of layer 4 are told with port, range and health check', async () => {
    const fake = await fakeTencent(
      worldWith((all) => {
        all.listeners['lb-public01'] = [
          listener('lbl-tcp', 80, { HealthCheck: { HealthSwitch: 1, CheckType: 'TCP', CheckPort: 8080 } }),
          listener('lbl-range', 1000, { Protocol: 'UDP', EndPort: 1099, HealthCheck: { HealthSwitch: 0 } }),
          listener('lbl-tls', 443, { Protocol: 'TCP_SSL' }),
        ];
      }),
    );
    const { value } = await readerOf(fake).listeners('lb-public01', never);
    const name = 'TKE-DEDICATED-LISTENER';
    const always = { name, enabled: true, hasBackendGroup: true };
    expect(value).toEqual([
      {
        id: 'lbl-tcp',
        protocol: 'tcp',
        port: 80,
        endPort: 80,
        ...always,
        healthCheck: { enabled: true },
      },
      {
        id: 'lbl-range',
        protocol: 'udp',
        port: 1000,
        endPort: 1099,
        ...always,
        healthCheck: { enabled: false },
      },
      {
        id: 'lbl-tls',
        protocol: 'tls',
        port: 443,
        endPort: 443,
        ...always,
        healthCheck: { enabled: true },
      },
    ]);
  });

  it('of layer 7 have a health check when one of their rules has', async () => {
    const fake = await fakeTencent(
      worldWith((all) => {
        all.listeners['lb-public01'] = [
          listener('lbl-http', 80, {
            Protocol: 'HTTP',
            HealthCheck: { HealthSwitch: 0 },
            Rules: [{ HealthCheck: { HealthSwitch: 0 } }, { HealthCheck: { HealthSwitch: 1, CheckType: 'HTTP' } }],
          }),
        ];
      }),
    );
    const [http] = (await readerOf(fake).listeners('lb-public01', never)).value;
    expect(http).toMatchObject({ protocol: 'http', healthCheck: { enabled: true } });
  });
});

describe('targets', () => {
  it('are told with their health', async () => {
    const fake = await fakeTencent(
      worldWith((all) => {
        const of = (ip: string, health: 'Alive' | 'Dead' | 'Unknown' | 'Close') =>
          target('lb-domain01', 'lbl-domain80', { ip, health });
        all.targets = [
          of('10.0.1.1', 'Alive'),
          of('10.0.1.2', 'Dead'),
          of('10.0.1.3', 'Unknown'),
          of('10.0.1.4', 'Close'),
        ];
      }),
    );
    const { value, from } = await readerOf(fake).targets('lb-domain01', never);
    const same = { listenerId: 'lbl-domain80', port: 31080, weight: 10, instanceId: 'ins-node0001' };
    expect(value).toEqual([
      { ...same, address: '10.0.1.1', health: 'healthy', reason: '' },
      { ...same, address: '10.0.1.2', health: 'unhealthy', reason: 'Dead' },
      { ...same, address: '10.0.1.3', health: 'unknown', reason: 'Unknown' },
      { ...same, address: '10.0.1.4', health: 'unchecked', reason: 'Close' },
    ]);
    expect(from.map(({ action }) => action)).toEqual(['clb:DescribeTargets', 'clb:DescribeTargetHealth']);
  });

  it('of layer-7 rules are told once for each rule, with the health of that rule', async () => {
    const fake = await fakeTencent(
      worldWith((all) => {
        all.listeners['lb-public01'] = [
          listener('lbl-http', 80, { Protocol: 'HTTP', Rules: [{ LocationId: 'loc-1' }, { LocationId: 'loc-2' }] }),
        ];
        all.targets = [
          target('lb-public01', 'lbl-http', { locationId: 'loc-1', health: 'Alive' }),
          target('lb-public01', 'lbl-http', { locationId: 'loc-2', health: 'Dead' }),
        ];
      }),
    );
    const { value } = await readerOf(fake).targets('lb-public01', never);
    expect(value.map(({ health }) => health)).toEqual(['healthy', 'unhealthy']);
  });

  it('of layer-7 rules keep to the health of their rule, whatever the order of the answer', () => {
    const targets = [{ Port: 80, InstanceId: 'ins-1', EniId: '', Weight: 10, PrivateIpAddresses: ['10.0.0.1'] }];
    const rules = ['loc-1', 'loc-2'].map((LocationId) => ({ LocationId, Targets: targets }));
    const health = (LocationId: string, HealthStatusDetail: string) => ({
      LocationId,
      Targets: [
        { IP: '10.0.0.1', Port: 80, TargetId: 'ins-1', HealthStatus: undefined, HealthStatusDetail, Weight: undefined },
      ],
    });
    const told = toTargets([{ ListenerId: 'lbl-1', Targets: [], Rules: rules }], {
      LoadBalancerId: 'lb-1',
      Listeners: [{ ListenerId: 'lbl-1', Rules: [health('loc-2', 'Dead'), health('loc-1', 'Alive')] }],
    });
    expect(told.map((one) => one.health)).toEqual(['healthy', 'unhealthy']);
  });

  it('that only the health answer knows are there, too', async () => {
    const fake = await fakeTencent();
    fake.fail('clb:DescribeTargets', {
      kind: 'http',
      status: 200,
      body: JSON.stringify({ Response: { Listeners: [{ ListenerId: 'lbl-domain80', Targets: [] }], RequestId: 'r' } }),
    });
    const { value } = await readerOf(fake).targets('lb-domain01', never);
    expect(value).toEqual([
      {
        listenerId: 'lbl-domain80',
        address: '10.0.1.11',
        port: 31080,
        weight: 10,
        instanceId: 'ins-node0001',
        health: 'healthy',
        reason: '',
      },
    ]);
  });

  it('keep their addresses where health may not be read; the reason says which permission is missing', async () => {
    const fake = await fakeTencent();
    fake.denied.add('clb:DescribeTargetHealth');
    const [only] = (await readerOf(fake).targets('lb-domain01', never)).value;
    expect(only).toMatchObject({ address: '10.0.1.11', health: 'unknown' });
    expect(only?.reason).toContain('Allow clb:DescribeTargetHealth in the CAM policy');
  });

  it('of a listener without any are none', async () => {
    const fake = await fakeTencent(worldWith((all) => (all.targets = [])));
    expect((await readerOf(fake).targets('lb-public01', never)).value).toEqual([]);
  });
});
