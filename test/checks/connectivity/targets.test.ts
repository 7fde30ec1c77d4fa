import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTargets, type TargetPorts } from '../../../src/checks/connectivity/targets.ts';
import { covers, parseCidr, parseCidrs } from '../../../src/lib/cidr.ts';

const SIGNAL = AbortSignal.timeout(5_000);

function network(hosts: Readonly<Record<string, readonly string[]>>, silent: readonly string[] = []) {
  const tried: string[] = [];
  const ports: TargetPorts = {
    resolve: async (host) => hosts[host] ?? [],
    answers: async (address) => {
      tried.push(address);
      return !silent.includes(address);
    },
  };
  return { ports, tried };
}

describe('findTargets', () => {
  it('takes two addresses that answer, the nearest ones first, and a CIDR that holds both', async () => {
    const { ports } = network({ 'npmmirror.com': ['47.96.1.1'], 'mirrors.aliyun.com': ['106.11.2.2', '47.96.200.3'] });
    expect(await findTargets(ports, SIGNAL)).toEqual({ ip: '47.96.1.1', otherIp: '47.96.200.3', cidr: '47.96.0.0/16' });
  });

  it('widens the CIDR for addresses that are far from each other', async () => {
    const { ports } = network({ 'npmmirror.com': ['47.96.1.1'], 'mirrors.aliyun.com': ['47.112.2.2'] });
    expect(await findTargets(ports, SIGNAL)).toEqual({ ip: '47.96.1.1', otherIp: '47.112.2.2', cidr: '47.96.0.0/11' });
  });

  it.each([
    ['nothing resolves', {}, []],
    ['one address alone', { 'npmmirror.com': ['47.96.1.1'], 'mirrors.aliyun.com': ['47.96.1.1'] }, []],
    ['the second address does not answer', { 'npmmirror.com': ['47.96.1.1', '47.96.1.2'] }, ['47.96.1.2']],
    ['nothing in common', { 'npmmirror.com': ['47.96.1.1', '180.1.1.1'] }, []],
    ['IPv6 only', { 'npmmirror.com': ['2408::1', '2408::2'] }, []],
  ])('finds none where there is %s', async (_, hosts, silent) => {
    expect(await findTargets(network(hosts, silent).ports, SIGNAL)).toBeUndefined();
  });

  it('tries six addresses at most', async () => {
    const many = Array.from({ length: 20 }, (_, index) => `47.96.1.${index}`);
    const { ports, tried } = network({ 'npmmirror.com': many });
    await findTargets(ports, SIGNAL);
    expect(tried).toEqual(many.slice(0, 6));
  });

  it('gives a CIDR that holds both, as policies must', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.ipV4(), { minLength: 2, maxLength: 4 }), async (addresses) => {
        const found = await findTargets(network({ 'npmmirror.com': addresses }).ports, SIGNAL);
        if (found === undefined) return;
        const both = [found.ip, found.otherIp].map((address) => parseCidr(address));
        expect(both.every((one) => one !== undefined && covers(parseCidrs([found.cidr]), one))).toBe(true);
        expect(found.ip).not.toBe(found.otherIp);
        expect(Number(found.cidr.split('/')[1])).toBeLessThanOrEqual(16);
      }),
    );
  });
});
