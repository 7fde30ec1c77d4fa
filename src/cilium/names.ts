import { createHash } from 'node:crypto';

/** `controllerName` of the GatewayClasses that Cilium serves (facts: operator/pkg/gateway-api/controller.go). */
export const GATEWAY_CONTROLLER = 'io.cilium/gateway-controller';

/** Label that the operator selects its Gateway Service by. Never put on an object of ours (design rule 4). */
export const OWNING_GATEWAY_LABEL = 'io.cilium.gateway/owning-gateway';

/** Label of the Services that Cilium makes for dedicated Ingresses. */
export const INGRESS_LABEL = 'cilium.io/ingress';

/** Name of the Service that Cilium's Helm chart makes for all shared Ingresses. */
export const SHARED_INGRESS_SERVICE = 'cilium-ingress';

/** Annotation by which Cilium installs only some frontends of a Service (1.17 and later). */
export const SERVICE_TYPE_ANNOTATION = 'service.cilium.io/type';

const MAX_NAME_LENGTH = 63;
const HASH_LENGTH = 10;

/** The hash alphabet of kubectl and Cilium: no digit or vowel that could spell a word. */
const HASH_ALPHABET: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' };

/** The first ten characters of the SHA-256 of `text`, in Cilium's alphabet. */
export function nameHash(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
  return [...hex].map((character) => HASH_ALPHABET[character] ?? character).join('');
}

/** Shortens a name to `length` characters as Cilium does (pkg/shortener): its beginning, a dash, its hash. */
export function shortenName(name: string, length: number = MAX_NAME_LENGTH): string {
  return name.length > length ? `${name.slice(0, length - HASH_LENGTH - 1)}-${nameHash(name)}` : name;
}

/** Name of the Service that Cilium makes for a Gateway, in the Gateway's namespace. */
export function gatewayServiceName(gateway: string): string {
  return shortenName(`cilium-gateway-${gateway}`);
}

/** Name of the Service that Cilium makes for a dedicated Ingress, in the Ingress's namespace. Not shortened by Cilium. */
export function ingressServiceName(ingress: string): string {
  return `cilium-ingress-${ingress}`;
}
