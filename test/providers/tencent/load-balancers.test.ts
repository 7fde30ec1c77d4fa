import { describe, expect, it } from 'vitest';
import type { CloudLoadBalancer } from '../../../src/providers/provider.types.ts';
import { clb, listener } from '../../fake-clouds/tencent-world.ts';
import { failureOf, fakeTencent, never, readerOf, worldWith } from './on-fake-tencent.ts';

async function loadBalancer(change: Parameters<typeof clb>[1], listeners = [listener('lbl-1', 80)]) {
  const fake = await fakeTencent(
    worldWith((all) => {
      all.loadBalancers = [clb('lb-1', change)];
      all.listeners = { 'lb-1': listeners };
    }),
  );
  return (await readerOf(fake).loadBalancer('lb-1', never)).value;
}

describe('a load balancer', () => {
  it('is told with its address, state, groups, and who is let through', async () => {
    const fake = await fakeTencent();
    const { value, from } = await readerOf(fake).loadBalancer('lb-public01', never);
    expect(value).toEqual({
      id: 'lb-public01',
      name: 'name of lb-public01',
      state: 'active',
      stateText: 'Status 1, Isolation 0, IsBlock false, AttributeFlags DeleteProtect',
      vpcId: 'vpc-main0001',
      kind: undefined,
      addresses: { publicIps: ['203.0.113.10'], privateIps: [], ipv6: [], hostname: '' },
      isPublic: true,
      ownsAddresses: true,
      admission: { probeSources: ['100.64.0.0/10'], clientTraffic: 'bypasses' },
      securityGroupIds: ['sg-clb00001'],
      frozenReason: '',
      changeProtected: undefined,
    } satisfies CloudLoadBalancer);
    expect(from.map(({ action }) => action)).toEqual(['clb:DescribeLoadBalancers', 'clb:DescribeListeners']);
    expect(from.every(({ requestId }) => requestId !== '')).toBe(true);
  });

  it('with a domain only has a host name and no address', async () => {
    const fake = await fakeTencent();
    const { value } = await readerOf(fake).loadBalancer('lb-domain01', never);
    expect(value.addresses).toEqual({
      publicIps: [],
      privateIps: [],
      ipv6: [],
      hostname: 'lb-domain01-abc.clb.gz-tencentclb.com',
    });
    expect(value.isPublic).toBe(true);
  });

  it('that is internal has a private address, and the EIP that is bound to it', async () => {
    const fake = await fakeTencent();
    const { value, from } = await readerOf(fake).loadBalancer('lb-inner001', never);
    expect(value.addresses).toMatchObject({ publicIps: ['203.0.113.30'], privateIps: ['10.0.1.200'] });
    expect(value.isPublic).toBe(true);
    expect(value.admission).toEqual({ probeSources: ['10.0.1.200/32'], clientTraffic: 'client' });
    expect(from.map(({ action }) => action)).toContain('vpc:DescribeAddresses');
  });

  it('that is internal and has no EIP is not public; without the right to ask, nobody can tell', async () => {
    const fake = await fakeTencent(worldWith((all) => (all.addresses = [])));
    expect((await readerOf(fake).loadBalancer('lb-inner001', never)).value.isPublic).toBe(false);
    fake.denied.add('vpc:DescribeAddresses');
    const { value } = await readerOf(fake).loadBalancer('lb-inner001', never);
    expect(value).toMatchObject({ isPublic: undefined, addresses: { publicIps: [], privateIps: ['10.0.1.200'] } });
  });

  it.each([
    ['in its own field', { AddressIPv6: '2402:4e00::1', LoadBalancerVips: [] }],
    ['among the VIPs', { LoadBalancerVips: ['2402:4e00::1'] }],
    ['in both', { LoadBalancerVips: ['2402:4e00::1'], AddressIPv6: '2402:4e00::1' }],
  ])('keeps an IPv6 address apart, wherever it stands (%s)', async (_where, change) => {
    const { addresses } = await loadBalancer({ ...change, AddressIPVersion: 'ipv6' });
    expect(addresses).toEqual({ publicIps: [], privateIps: [], ipv6: ['2402:4e00::1'], hostname: '' });
  });

  it('that is classic keeps its address; the old domain beside it is no host name', async () => {
    const { addresses } = await loadBalancer({ Domain: 'old.example.com', Forward: 0 });
    expect(addresses).toMatchObject({ publicIps: ['203.0.113.10'], hostname: '' });
  });

  it.each([
    [
      'isolated',
      { Isolation: 1, IsolatedTime: '2026-11-01 10:00:00' },
      'frozen',
      /^isolated since 2026-11-01 10:00:00/,
    ],
    ['blocked', { IsBlock: true }, 'frozen', /^its address is blocked \(IsBlock\)/],
    ['banned', { AttributeFlags: ['BanStatus'] }, 'frozen', /^banned/],
    ['stopped', { AttributeFlags: ['Stop'] }, 'offline', /^$/],
    ['being made', { Status: 0 }, 'pending', /^$/],
    ['in a state that we do not know', { Status: 7 }, 'unknown', /^$/],
  ])('that is %s says so', async (_name, change, state, reason) => {
    const value = await loadBalancer(change);
    expect(value.state).toBe(state);
    expect(value.frozenReason).toMatch(reason);
  });

  it('tells every source of health checks, and none where one of them does not say', async () => {
    const check = (SourceIpType?: number, HealthSwitch = 1) => ({
      HealthCheck: { HealthSwitch, CheckType: 'TCP', ...(SourceIpType === undefined ? {} : { SourceIpType }) },
    });
    const both = [
      listener('lbl-1', 80, check(0)),
      listener('lbl-2', 81, check(1)),
      listener('lbl-3', 82, check(undefined, 0)),
    ];
    expect((await loadBalancer({}, both)).admission.probeSources).toEqual(['100.64.0.0/10', '203.0.113.10/32']);
    expect((await loadBalancer({}, [listener('lbl-1', 80, check())])).admission.probeSources).toBeUndefined();
    // Its address moves: nothing to allow by name.
    expect(
      (await loadBalancer({ LoadBalancerVips: [] }, [listener('lbl-1', 80, check(0))])).admission.probeSources,
    ).toBeUndefined();
  });

  it('takes the health checks of a layer-7 listener from its rules', async () => {
    const HealthCheck = { HealthSwitch: 1, CheckType: 'HTTP', SourceIpType: 1 };
    const http = listener('lbl-1', 80, {
      Protocol: 'HTTP',
      HealthCheck: { HealthSwitch: 0 },
      Rules: [{ LocationId: 'loc-1', HealthCheck }],
    });
    expect((await loadBalancer({}, [http])).admission.probeSources).toEqual(['100.64.0.0/10']);
  });

  it('does without the listeners where they may not be read', async () => {
    const fake = await fakeTencent();
    fake.denied.add('clb:DescribeListeners');
    const { value } = await readerOf(fake).loadBalancer('lb-public01', never);
    expect(value.admission).toMatchObject({ probeSources: undefined, clientTraffic: 'bypasses' });
    expect(value.admission.unknownBecause).toMatch(/^clb:DescribeListeners: /);
  });

  it('without groups admits everyone; one that does not say leaves it open', async () => {
    expect((await loadBalancer({ SecureGroups: [] })).securityGroupIds).toEqual([]);
    const fake = await fakeTencent();
    const LoadBalancerSet = [{ LoadBalancerId: 'lb-1', SecureGroups: null }];
    const body = JSON.stringify({ Response: { LoadBalancerSet, RequestId: 'r' } });
    fake.fail('clb:DescribeLoadBalancers', { kind: 'http', status: 200, body });
    const { value } = await readerOf(fake).loadBalancer('lb-1', never);
    expect(value).toMatchObject({ securityGroupIds: undefined, state: 'unknown', isPublic: undefined });
  });

  it('that does not say whether it passes to its targets leaves it open', async () => {
    const fake = await fakeTencent(
      worldWith((all) => {
        const odd = clb('lb-1');
        delete odd.LoadBalancerPassToTarget;
        all.loadBalancers = [odd];
      }),
    );
    expect((await readerOf(fake).loadBalancer('lb-1', never)).value.admission.clientTraffic).toBeUndefined();
  });

  it.each([
    ['an empty set', undefined],
    ['an error', { code: 'InvalidParameter.LBIdNotFound', message: 'LoadBalancer lb-gone not found' }],
  ])('that is gone is not found, whether the cloud says so by %s', async (_how, error) => {
    const fake = await fakeTencent();
    if (error !== undefined) fake.fail('clb:DescribeLoadBalancers', { kind: 'error', ...error });
    const failure = await failureOf(readerOf(fake).loadBalancer('lb-gone', never));
    expect(failure).toMatchObject({ category: 'not-found', action: 'clb:DescribeLoadBalancers' });
    expect(failure.message).toContain('lb-gone');
    expect(fake.counts()).toEqual({ 'clb:DescribeLoadBalancers': 1 });
  });
});
