import { asArray, asNumber, asRecord, asString, isRecord } from '../../kube/read.ts';
import type { RawObject } from '../../kube/types.ts';
import type { SpecModel } from '../models/cluster.ts';
import { matchesSelector } from './label-selector.ts';

/*
 * What a policy of Cilium's says of traffic from a Gateway. Envoy sends to backends with the identity `ingress`
 * (docs.cilium.io, Gateway API, "Cilium's ingress config and policies").
 */

/** A port of a Pod. */
export interface PodPort {
  readonly port: number;
  /** `TCP`, `UDP`. */
  readonly protocol: string;
  readonly name: string;
}

/** Entities that the identity `ingress` belongs to. */
const ENTITIES: ReadonlySet<string> = new Set(['ingress', 'all', 'cluster']);

/** Labels of that identity. */
const LABELS = { 'reserved:ingress': '', 'reserved.ingress': '', ingress: '' };

/** Fields that say from whom. */
const FROM = ['fromEndpoints', 'fromEntities', 'fromCIDR', 'fromCIDRSet', 'fromGroups', 'fromNodes', 'fromRequires'];

/** What one rule of a policy comes to. */
export type Ruling = 'none' | 'admits' | 'closes' | 'denies';

/** The rules of a policy: `spec`, and those of `specs`. */
export function rulesOf({ spec, specs }: SpecModel): readonly RawObject[] {
  return [...(Object.keys(spec).length > 0 ? [spec] : []), ...specs];
}

/**
 * What a rule comes to for a Pod with these labels. `none`: it does not speak of it; `closes`: from it on only what is
 * admitted comes in, and this rule does not admit a Gateway.
 * @param namespace of the policy; empty: clusterwide
 */
export function rulingOf(
  rule: RawObject,
  pod: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
  namespace: string,
  port: PodPort,
): Ruling {
  const labels = { ...pod.labels, 'io.kubernetes.pod.namespace': pod.namespace };
  if (namespace !== '' && namespace !== pod.namespace) return 'none';
  return rulingFor(rule, labels, (one) => isFromIngress(one, namespace) && isAtPort(one, port));
}

/**
 * What a rule of a clusterwide policy comes to for clients outside at Envoy itself, which is an endpoint with the identity
 * `ingress`: an empty endpointSelector selects it, too (docs.cilium.io, Gateway API, "Ingress and network policy").
 */
export function clientRulingOf(rule: RawObject): Ruling {
  return rulingFor(rule, LABELS, isFromOutside);
}

function rulingFor(
  rule: RawObject,
  labels: Readonly<Record<string, string>>,
  speaksOf: (one: RawObject) => boolean,
): Ruling {
  if (!isRecord(rule.endpointSelector) || !matchesSelector(plain(rule.endpointSelector), labels)) return 'none';
  const denied = asArray(rule.ingressDeny).map(asRecord);
  if (denied.some(speaksOf)) return 'denies';
  const admitted = asArray(rule.ingress).map(asRecord);
  if (admitted.some(speaksOf)) return 'admits';
  const said = asRecord(rule.enableDefaultDeny).ingress;
  const closes = typeof said === 'boolean' ? said : admitted.length > 0 || denied.length > 0;
  return closes ? 'closes' : 'none';
}

function isFromIngress(rule: RawObject, namespace: string): boolean {
  const given = FROM.filter((key) => rule[key] !== undefined);
  // Ports alone: from anyone. Nothing at all: from nobody.
  if (given.length === 0) return rule.toPorts !== undefined || rule.icmps !== undefined;
  if (asArray(rule.fromEntities).some((one) => ENTITIES.has(asString(one)))) return true;
  return asArray(rule.fromEndpoints)
    .filter(isRecord)
    .map(plain)
    .some((selector) => {
      const isReserved = /reserved[:.]/.test(JSON.stringify(selector));
      // In a namespaced policy an empty selector means the Pods of the namespace; clusterwide it means everything.
      return (isReserved || namespace === '') && matchesSelector(selector, LABELS);
    });
}

/** Clients of at least some addresses outside; which ones is somebody's wish. */
function isFromOutside(rule: RawObject): boolean {
  const given = FROM.filter((key) => rule[key] !== undefined);
  if (given.length === 0) return rule.toPorts !== undefined || rule.icmps !== undefined;
  if (asArray(rule.fromEntities).some((one) => /^(?:world|world-ipv4|world-ipv6|all)$/.test(asString(one))))
    return true;
  if ([rule.fromCIDR, rule.fromCIDRSet, rule.fromGroups].some((list) => asArray(list).length > 0)) return true;
  return asArray(rule.fromEndpoints)
    .filter(isRecord)
    .map(plain)
    .some((selector) => matchesSelector(selector, { 'reserved:world': '', 'reserved.world': '', world: '' }));
}

function isAtPort({ toPorts }: RawObject, { port, protocol, name }: PodPort): boolean {
  if (toPorts === undefined) return true;
  const ports = asArray(toPorts).flatMap((entry) => asArray(asRecord(entry).ports).map(asRecord));
  if (asArray(toPorts).some((entry) => asArray(asRecord(entry).ports).length === 0)) return true;
  return ports.some((one) => {
    const said = asString(one.protocol) || 'ANY';
    const text = String(one.port ?? '');
    const first = Number(text);
    const last = Math.max(first, asNumber(one.endPort));
    const matches = text === name || first === 0 || (first <= port && port <= last);
    return (said === 'ANY' || said === protocol) && matches;
  });
}

/** Without the source prefixes that Cilium permits: `k8s:app` and `any:app` are `app`. */
function plain(selector: RawObject): RawObject {
  const bare = (key: string): string => key.replace(/^(?:k8s|any)[:.]/, '');
  const labels = Object.entries(asRecord(selector.matchLabels)).map(([key, value]) => [bare(key), value] as const);
  return {
    matchLabels: Object.fromEntries(labels),
    matchExpressions: asArray(selector.matchExpressions)
      .map(asRecord)
      .map((one) => ({ ...one, key: bare(asString(one.key)) })),
  };
}
