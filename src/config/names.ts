import { isIP } from 'node:net';
import type { ListenAddress, NamespacedName } from './config.types.ts';

// No look-ahead in these patterns: they end up in a JSON schema that Helm checks with Go's RE2.

const LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(?:\\.${LABEL})*`;
const KEY_NAME = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';

/** A namespace, or another name of at most 63 characters without dots. */
export const DNS_LABEL = new RegExp(`^${LABEL}$`);
/** Names of most Kubernetes objects; at most 253 characters. */
export const DNS_SUBDOMAIN = new RegExp(`^${SUBDOMAIN}$`);
/** Source of `QUALIFIED_NAME`, for patterns that contain one. */
export const KEY_PATTERN = `(?:${SUBDOMAIN}/)?${KEY_NAME}`;
/** Source of `LABEL_VALUE`, for patterns that contain one. */
export const VALUE_PATTERN = `(?:${KEY_NAME})?`;
/** Label and annotation keys, loadBalancerClass: `[prefix/]name`. */
export const QUALIFIED_NAME = new RegExp(`^${KEY_PATTERN}$`);
/** An annotation key whose end may be a `*`. */
export const ANNOTATION_PATTERN = new RegExp(
  `^(?:(?:${SUBDOMAIN}/)?(?:${KEY_NAME}|[A-Za-z0-9][-A-Za-z0-9_.]{0,62}\\*|\\*)|[a-z0-9][-a-z0-9.]{0,252}\\*)$`,
);
/** Label values; may be empty. */
export const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
/** `namespace/name`. */
export const NAMESPACED_NAME = new RegExp(`^${LABEL}/${SUBDOMAIN}$`);
/** `namespace/entrypoint=namespace/gateway`. */
export const ADOPT_PAIR = new RegExp(`^${LABEL}/${LABEL}=${LABEL}/${SUBDOMAIN}$`);

const PORT = '(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})';
/** `:port`, `address:port` or `[address]:port`; or `none`. */
export const LISTEN_ADDRESS = new RegExp(
  `^(?:none|(?:[0-9]{1,3}(?:\\.[0-9]{1,3}){3}|localhost|\\[[0-9a-fA-F:.]+\\])?:${PORT})$`,
);

/** An address to listen on taken apart; undefined for `none`, and for what is none. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(.*):(\d+)$/.exec(text);
  if (match === null || !LISTEN_ADDRESS.test(text)) return undefined;
  const [, host = '', port = ''] = match;
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** `namespace/name` taken apart; undefined when it is no such thing. */
export function parseNamespacedName(text: string): NamespacedName | undefined {
  const [namespace, name] = text.split('/');
  return NAMESPACED_NAME.test(text) && namespace !== undefined && name !== undefined ? { namespace, name } : undefined;
}

/** `namespace/entrypoint=namespace/gateway` taken apart; undefined when it is no such thing. */
export function parseAdoptPair(
  text: string,
): { readonly entrypoint: NamespacedName; readonly gateway: NamespacedName } | undefined {
  const [left = '', right = ''] = text.split('=');
  const entrypoint = parseNamespacedName(left);
  const gateway = parseNamespacedName(right);
  return ADOPT_PAIR.test(text) && entrypoint && gateway ? { entrypoint, gateway } : undefined;
}

/** The pairs that give an entrypoint away a second time, and what to say about each. */
export function findContradictions(
  pairs: readonly string[],
): { readonly index: number; readonly what: string; readonly fix: string }[] {
  const gateways = new Map<string, string>();
  return pairs.flatMap((pair, index) => {
    const [entrypoint = '', gateway = ''] = pair.split('=');
    const other = gateways.get(entrypoint) ?? gateway;
    gateways.set(entrypoint, other);
    const fix = 'One entrypoint serves one Gateway: make a second Service for the other.';
    return other === gateway ? [] : [{ index, what: `${entrypoint} is given to ${other} and to ${gateway}`, fix }];
  });
}

/** Why a text can't be published as an address of a load balancer; undefined when it can. */
export function addressProblem(text: string): string | undefined {
  const family = isIP(text);
  if (family === 0) {
    return isHostname(text) ? undefined : `"${text}" is neither an IP address nor a host name`;
  }
  if (text.includes('%')) {
    return `"${text}" carries a zone, which Kubernetes refuses`;
  }
  const useless = family === 4 ? /^(?:0|127|22[4-9]|23\d|24\d|25[0-5])\./ : /^(?:(?:[0:]+:)?[01]?$|::$|ff)/i;
  return useless.test(text) ? `no client can reach "${text}"` : undefined;
}

/** A host name as Kubernetes takes it in a status. One whose last label is a number is a mistyped IPv4 address. */
function isHostname(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text) && !/(?:^|\.)\d+$/.test(text);
}
