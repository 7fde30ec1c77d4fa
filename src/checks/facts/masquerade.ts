import { load } from 'js-yaml';
import { readBoolean } from '../../cilium/settings.ts';
import { asArray, isRecord } from '../../kube/read.ts';
import { covers, parseCidr, parseCidrs } from '../../lib/cidr.ts';
import type { DoctorWorld, KubeWorld } from '../world.types.ts';
import type { CiliumSetup } from './cilium.ts';

/** The configuration of an ip-masq-agent: Cilium's, or the one that TKE brings. */
export interface MasqConfig {
  /** Destinations that Pods reach with their own addresses. */
  readonly cidrs: readonly string[];
  /** Sources that are never masqueraded: TKE's agent has them, Cilium's doesn't. */
  readonly sourceCidrs: readonly string[];
  readonly masqLinkLocal: boolean;
}

/**
 * Reads YAML or JSON, with keys in any case: Cilium's chart writes `nonMasqueradeCIDRs`, TKE `NonMasqueradeCIDRs`, and
 * Go reads both.
 * @returns or why it cannot be read: the agent does not take it either
 */
export function parseMasqConfig(text: string): MasqConfig | { readonly why: string } {
  const isEmpty = text.replaceAll(/^\s*#.*$/gm, '').trim() === '';
  let parsed: unknown;
  try {
    parsed = isEmpty ? undefined : load(text);
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { why: `it is neither YAML nor JSON (${line})` };
  }
  if (parsed === null || parsed === undefined) return { cidrs: [], sourceCidrs: [], masqLinkLocal: false };
  if (!isRecord(parsed)) return { why: 'it is no map of keys' };
  const fields = new Map(Object.entries(parsed).map(([key, value]) => [key.toLowerCase(), value]));
  const cidrs = asArray(fields.get('nonmasqueradecidrs'));
  const wrong = cidrs.find((one) => typeof one !== 'string' || !one.includes('/') || parseCidr(one) === undefined);
  if (wrong !== undefined) return { why: `${JSON.stringify(wrong)} is no CIDR` };
  const texts = (values: readonly unknown[]): string[] => values.filter((one) => typeof one === 'string');
  return {
    cidrs: texts(cidrs),
    sourceCidrs: texts(asArray(fields.get('nonmasqueradesrccidrs'))),
    masqLinkLocal: fields.get('masqlinklocal') === true,
  };
}

/** What Cilium's agent takes where it has no configuration (pkg/ipmasq of Cilium 1.19). */
const DEFAULTS = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
];

/** Every private range: a VPC that lies in none of them is rare. */
export const RFC_1918 = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** What Cilium does not masquerade. */
export interface Exclusions {
  readonly cidrs: readonly string[];
  /** For messages: where they are said. */
  readonly from: string;
  /** Undefined: no ip-masq-agent runs, and link-local addresses are masqueraded like all others. */
  readonly masqLinkLocal: boolean | undefined;
}

/** What is excluded in fact: by the ip-masq-agent and `ipv4-native-routing-cidr`; or why it cannot be told. */
export function exclusionsOf(kube: KubeWorld, cilium: CiliumSetup): Exclusions | { readonly why: string } {
  const native = (cilium.data['ipv4-native-routing-cidr'] ?? '').trim();
  const own = native === '' ? [] : [native];
  if (!hasMasqAgent(cilium)) return { cidrs: own, from: 'ipv4-native-routing-cidr', masqLinkLocal: undefined };
  const text = kube.masqConfig.items[0]?.data.config ?? '';
  if (text === '') {
    return { cidrs: [...DEFAULTS, ...own], from: "the ip-masq-agent's own defaults", masqLinkLocal: false };
  }
  const config = parseMasqConfig(text);
  if ('why' in config) return config;
  return {
    cidrs: [...config.cidrs, ...own],
    from: `ConfigMap ${kube.ciliumNamespace}/ip-masq-agent`,
    masqLinkLocal: config.masqLinkLocal,
  };
}

export function hasMasqAgent({ data }: CiliumSetup): boolean {
  return readBoolean(data['enable-ip-masq-agent']) ?? false;
}

/** Under the name of 1.18 and later, or the one before. */
export function hasEgressGateway({ data }: CiliumSetup): boolean {
  return readBoolean(data['enable-egress-gateway']) ?? readBoolean(data['enable-ipv4-egress-gateway']) ?? false;
}

/** Where the ranges that must be excluded are said. */
export interface ExclusionSource {
  readonly cidrs: readonly string[];
  /** For messages. */
  readonly from: string;
}

/**
 * Where the exclusions to set are taken from, the first that says any: the user's own (`cloud.nonMasqueradeCidrs`), what
 * TKE's ip-masq-agent was set up with, every private range. TKE's `0.0.0.0/0` is left out: it would switch masquerading off.
 */
export function wantedExclusions({ kube, config }: DoctorWorld): ExclusionSource {
  const given = config.cloud.nonMasqueradeCidrs;
  if (given.length > 0) return { cidrs: given, from: 'cloud.nonMasqueradeCidrs of the configuration' };
  const tke = parseMasqConfig(kube.tkeMasqConfig.items[0]?.data.config ?? '');
  const cidrs = 'why' in tke ? [] : tke.cidrs.filter((cidr) => !coversEverything([cidr]));
  if (cidrs.length > 0) return { cidrs, from: 'ConfigMap kube-system/ip-masq-agent-config' };
  return { cidrs: RFC_1918, from: 'RFC 1918' };
}

/** Whether the ranges together are all of IPv4. */
export function coversEverything(cidrs: readonly string[]): boolean {
  return uncovered(cidrs, ['0.0.0.0/0']).length === 0;
}

/** Those of `wanted` that `cidrs` together do not cover; what is no CIDR is left out. */
export function uncovered(cidrs: readonly string[], wanted: readonly string[]): string[] {
  const ranges = parseCidrs(cidrs);
  return wanted.filter((text) => {
    const range = parseCidr(text);
    return range !== undefined && !covers(ranges, range);
  });
}
