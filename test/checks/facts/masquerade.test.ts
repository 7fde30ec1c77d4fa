import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  coversEverything,
  parseMasqConfig,
  RFC_1918,
  uncovered,
  wantedExclusions,
} from '../../../src/checks/facts/masquerade.ts';
import { patch, withObjects } from '../cluster-data.ts';
import { REFERENCES } from '../reference/all.ts';
import { configMap } from '../reference/parts.ts';
import { worldOf } from '../world-of.ts';

describe('parseMasqConfig', () => {
  const both = { cidrs: ['10.0.0.0/8', '172.16.0.0/12'], sourceCidrs: [], masqLinkLocal: true };

  it.each([
    ["YAML of Cilium's chart", 'nonMasqueradeCIDRs:\n- 10.0.0.0/8\n- 172.16.0.0/12\nmasqLinkLocal: true\n'],
    [
      'YAML with capitals',
      'NonMasqueradeCIDRs: [10.0.0.0/8, 172.16.0.0/12]\nMasqLinkLocal: true\nResyncInterval: 1m0s\n',
    ],
    ['JSON of TKE', '{"NonMasqueradeCIDRs":["10.0.0.0/8","172.16.0.0/12"],"MasqLinkLocal":true}'],
    ['JSON in lower camel case', '{"nonMasqueradeCIDRs":["10.0.0.0/8","172.16.0.0/12"],"masqLinkLocal":true}'],
  ])('reads %s', (_, text) => {
    expect(parseMasqConfig(text)).toEqual(both);
  });

  it('keeps source ranges apart: they say nothing about destinations', () => {
    const text =
      '{"NonMasqueradeCIDRs":["10.0.0.0/8"],"NonMasqueradeSrcCIDRs":["172.16.0.0/12"],"MasqLinkLocal":false}';
    expect(parseMasqConfig(text)).toEqual({
      cidrs: ['10.0.0.0/8'],
      sourceCidrs: ['172.16.0.0/12'],
      masqLinkLocal: false,
    });
  });

  it.each([
    ['# nothing yet\n', { cidrs: [], sourceCidrs: [], masqLinkLocal: false }],
    ['', { cidrs: [], sourceCidrs: [], masqLinkLocal: false }],
    ['masqLinkLocal: "true"', { cidrs: [], sourceCidrs: [], masqLinkLocal: false }],
    ['nonMasqueradeCIDRs: [10.0.0.1]', { why: '"10.0.0.1" is no CIDR' }],
    ['nonMasqueradeCIDRs: [10.0.0.0/33]', { why: '"10.0.0.0/33" is no CIDR' }],
    ['nonMasqueradeCIDRs: [7]', { why: '7 is no CIDR' }],
    ['- 10.0.0.0/8', { why: 'it is no map of keys' }],
  ])('of %j says what the agent makes of it', (text, wanted) => {
    expect(parseMasqConfig(text)).toEqual(wanted);
  });

  it('says why text is neither YAML nor JSON', () => {
    const parsed = parseMasqConfig('{"nonMasqueradeCIDRs": [');
    expect('why' in parsed ? parsed.why : '').toMatch(/^it is neither YAML nor JSON \(.+\)$/);
  });
});

describe('uncovered', () => {
  it('knows that two /17s are a /16, that 0.0.0.0/0 is everything but IPv6, and that halves are everything', () => {
    expect(uncovered(['10.1.128.0/17', '10.1.0.0/17'], ['10.1.0.0/16'])).toEqual([]);
    expect(uncovered(['10.1.128.0/17'], ['10.1.0.0/16', '10.1.200.0/24'])).toEqual(['10.1.0.0/16']);
    expect(uncovered(['0.0.0.0/0'], ['10.0.0.0/8', 'fd00::/8'])).toEqual(['fd00::/8']);
    expect(coversEverything(['0.0.0.0/1', '128.0.0.0/1'])).toBe(true);
    expect(coversEverything(['::/0', '0.0.0.0/1'])).toBe(false);
  });

  /** Ranges within one byte, IPv4 or IPv6: small enough to try every address. */
  function ranges(base: string, bits: number) {
    return fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: bits - 8, max: bits }))
      .map(([last, length]) => {
        const size = 2 ** (bits - length);
        const first = last - (last % size);
        return { text: `${base}${bits === 32 ? last : last.toString(16)}/${length}`, first, size };
      });
  }

  it.each([
    ['IPv4', ranges('10.0.0.', 32)],
    ['IPv6', ranges('fd00::', 128)],
  ])('agrees with looking at every address of %s', (_, range) => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 6 }), fc.array(range, { maxLength: 3 }), (list, wanted) => {
        const isIn = (address: number): boolean =>
          list.some(({ first, size }) => first <= address && address < first + size);
        const missing = wanted.filter(
          ({ first, size }) => !Array.from({ length: size }, (__, index) => first + index).every(isIn),
        );
        const texts = (all: readonly { readonly text: string }[]): string[] => all.map(({ text }) => text);
        expect(uncovered(texts(list), texts(wanted))).toEqual(texts(missing));
      }),
    );
  });
});

describe('wantedExclusions', () => {
  const NATIVE = REFERENCES['tke-native'];
  const TKE = 'ConfigMap kube-system/ip-masq-agent-config';

  it("takes the user's own first, then TKE's, then every private range", async () => {
    const own = { cloud: { nonMasqueradeCidrs: ['10.9.0.0/16'] } };
    expect(wantedExclusions(await worldOf(NATIVE, { config: own }))).toEqual({
      cidrs: ['10.9.0.0/16'],
      from: 'cloud.nonMasqueradeCidrs of the configuration',
    });
    expect(wantedExclusions(await worldOf(NATIVE))).toEqual({ cidrs: ['172.16.0.0/16'], from: TKE });
    expect(wantedExclusions(await worldOf(REFERENCES['tke-overlay']))).toEqual({ cidrs: RFC_1918, from: 'RFC 1918' });
  });

  it("does not take over TKE's 0.0.0.0/0, nor a ConfigMap that cannot be understood", async () => {
    const everything = patch(TKE, { data: { config: '{"NonMasqueradeCIDRs":["0.0.0.0/0","172.16.0.0/16"]}' } });
    expect(wantedExclusions(await worldOf(everything(NATIVE)))).toMatchObject({ cidrs: ['172.16.0.0/16'], from: TKE });
    const broken = withObjects(configMap('ip-masq-agent-config', { config: '[' }, 'tke'));
    expect(wantedExclusions(await worldOf(broken(REFERENCES['tke-overlay'])))).toMatchObject({ from: 'RFC 1918' });
  });
});
