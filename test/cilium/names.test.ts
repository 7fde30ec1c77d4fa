import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { gatewayServiceName, ingressServiceName, nameHash, shortenName } from '../../src/cilium/names.ts';

describe("the names of Cilium's Services", () => {
  it.each([
    ['web', 'cilium-gateway-web'],
    ['ip-gateway', 'cilium-gateway-ip-gateway'],
    ['x'.repeat(48), `cilium-gateway-${'x'.repeat(48)}`],
  ])('of Gateway %s is %s', (gateway, service) => {
    expect(gatewayServiceName(gateway)).toBe(service);
  });

  it('are shortened beyond 63 characters: 52 of them, a dash, ten of the hash of the whole', () => {
    const whole = `cilium-gateway-${'x'.repeat(49)}`;
    const name = gatewayServiceName('x'.repeat(49));
    expect(name).toHaveLength(63);
    expect(name.slice(0, 53)).toBe(`${whole.slice(0, 52)}-`);
    expect(name.slice(53)).toBe(nameHash(whole));
  });

  it('of a dedicated Ingress are not shortened', () => {
    expect(ingressServiceName('x'.repeat(60))).toBe(`cilium-ingress-${'x'.repeat(60)}`);
  });
});

describe('the hash in a shortened name', () => {
  it('is the SHA-256 in the alphabet that spells no word', () => {
    const hex = createHash('sha256').update('some name').digest('hex').slice(0, 10);
    const swap = new Map([
      ['0', 'g'],
      ['1', 'h'],
      ['3', 'k'],
      ['a', 'm'],
      ['e', 't'],
    ]);
    expect(nameHash('some name')).toBe([...hex].map((digit) => swap.get(digit) ?? digit).join(''));
  });

  it('has none of the letters and digits that were swapped', () => {
    for (let index = 0; index < 200; index += 1) expect(nameHash(`name ${index}`)).toMatch(/^[2456789bcdfghkmt]{10}$/);
  });
});

describe('shortening to another length', () => {
  it.each([[20], [63], [253]])('%i', (length) => {
    expect(shortenName('n'.repeat(300), length)).toHaveLength(length);
    expect(shortenName('short', length)).toBe('short');
  });
});
