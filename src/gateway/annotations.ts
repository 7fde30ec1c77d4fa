import type { AddressChoice, ExposureChoice, NamespacedName } from '../config/config.types.ts';

/** Everything that users say on their objects begins with this. */
export const PREFIX = 'cilium-cloud-bridge.io/';

/** On an entrypoint: the Gateway that it serves, `<namespace>/<name>`. */
export const GATEWAY = `${PREFIX}gateway`;
/** On an entrypoint: the Ingress that it serves, `<namespace>/<name>` or `shared`. */
export const INGRESS = `${PREFIX}ingress`;
/** On an entrypoint: `<entrypoint port>=<listener port>` pairs where the numbers differ, `8080=80,8443=443`. */
export const PORTS = `${PREFIX}ports`;
/** On an entrypoint, or on a Gateway whose entrypoint is managed. */
export const EXPOSURE = `${PREFIX}exposure`;
/** On an entrypoint: `all`, `public`, or `private`. */
export const PUBLISH = `${PREFIX}publish`;
/** On a Gateway, entrypoint or Node: looked at, never written. */
export const PAUSED = `${PREFIX}paused`;
/** On a Gateway: `managed` asks for an entrypoint of ours. */
export const ENTRYPOINT = `${PREFIX}entrypoint`;
/** On a Gateway: annotations for its managed entrypoint, a JSON object of strings. */
export const ENTRYPOINT_ANNOTATIONS = `${PREFIX}entrypoint-annotations`;
/** On a Gateway: fixed nodePorts of its managed entrypoint, `80=30080,443=30443`. */
export const ENTRYPOINT_NODE_PORTS = `${PREFIX}entrypoint-node-ports`;
/** On a Gateway or a managed entrypoint: the entrypoint outlives its Gateway. */
export const RETAIN = `${PREFIX}retain`;
/** Label of the entrypoints that we made. */
export const MANAGED_LABEL = `${PREFIX}managed`;

/** A value that was read, or what is wrong with it and how it should look. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string; readonly example: string };

/** Parses `<namespace>/<name>`. */
export function parseNamespacedName(text: string): Parsed<NamespacedName> {
  const match = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?)\/([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/.exec(text.trim());
  const namespace = match?.[1];
  const name = match?.[3];
  if (namespace === undefined || name === undefined) {
    return { ok: false, problem: `${quote(text)} is not <namespace>/<name>`, example: 'default/my-gateway' };
  }
  return { ok: true, value: { namespace, name } };
}

/** Parses `8080=80, 8443=443` into entrypoint port → listener port. */
export function parsePortPairs(text: string): Parsed<ReadonlyMap<number, number>> {
  const pairs = new Map<number, number>();
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,5})\s*=\s*(\d{1,5})\s*$/.exec(part);
    const from = Number(match?.[1] ?? 0);
    const to = Number(match?.[2] ?? 0);
    if (!isPort(from) || !isPort(to)) {
      return { ok: false, problem: `${quote(part.trim())} is not <port>=<port>`, example: '8080=80,8443=443' };
    }
    if (pairs.has(from)) {
      return { ok: false, problem: `port ${from} is named twice`, example: '8080=80,8443=443' };
    }
    pairs.set(from, to);
  }
  return { ok: true, value: pairs };
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}

const EXPOSURES: readonly ExposureChoice[] = ['auto', 'redirect', 'node-port', 'pod-ip', 'host-network'];
const CHOICES: readonly AddressChoice[] = ['all', 'public', 'private'];

export function parseExposure(text: string): Parsed<ExposureChoice> {
  return oneOf(text, EXPOSURES);
}

export function parsePublish(text: string): Parsed<AddressChoice> {
  return oneOf(text, CHOICES);
}

/** Parses `true` or `false`, the only two spellings. */
export function parseFlag(text: string): Parsed<boolean> {
  const parsed = oneOf(text, ['true', 'false'] as const);
  return parsed.ok ? { ok: true, value: parsed.value === 'true' } : parsed;
}

function oneOf<T extends string>(text: string, values: readonly T[]): Parsed<T> {
  const value = values.find((candidate) => candidate === text.trim());
  return value === undefined
    ? { ok: false, problem: `${quote(text)} is none of ${values.join(', ')}`, example: values[0] ?? '' }
    : { ok: true, value };
}

/** Parses a JSON object whose values are all strings. */
export function parseStringMap(text: string): Parsed<Readonly<Record<string, string>>> {
  const example = '{"kubernetes.io/elb.id":"<id>","kubernetes.io/elb.class":"union"}';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'it is not JSON', example };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, problem: 'it is not a JSON object', example };
  }
  const map: Record<string, string> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry !== 'string') {
      return { ok: false, problem: `the value of ${quote(key)} is not a string`, example };
    }
    map[key] = entry;
  }
  return { ok: true, value: map };
}

/** Quotes a user's text for a message, shortened so that nonsense stays readable. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
