import { isIP } from 'node:net';
import { type FieldError, forbiddenValue, invalidValue, unsupportedValue } from './api-error.ts';
import { type JsonObject, objectsAt, stringAt } from './json.ts';

const MODES = ['Proxy', 'VIP'];
const DNS_NAME =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** `ipMode: VIP` on each `ip` entry that has none: what decoding does where the feature gate is on. */
export function defaultIpModes(loadBalancer: JsonObject): void {
  for (const entry of objectsAt(loadBalancer, 'ingress')) {
    if (stringAt(entry, 'ip') !== '') {
      entry.ipMode ??= 'VIP';
    }
  }
}

export function dropIpModes(loadBalancer: JsonObject): void {
  for (const entry of objectsAt(loadBalancer, 'ingress')) {
    delete entry.ipMode;
  }
}

/** Validation of the entries of `status.loadBalancer.ingress`. */
export function loadBalancerErrors(ingress: readonly JsonObject[], path: string): FieldError[] {
  return ingress.flatMap((entry, index) => entryErrors(entry, `${path}[${index}]`));
}

function entryErrors(entry: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const ip = stringAt(entry, 'ip');
  const hostname = stringAt(entry, 'hostname');
  if (ip !== '' && isIP(ip) === 0) {
    errors.push(invalidValue(`${path}.ip`, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
  }
  if (entry.ipMode !== undefined && ip === '') {
    errors.push(forbiddenValue(`${path}.ipMode`, 'may not be specified when `ip` is not set'));
  } else if (entry.ipMode !== undefined && !MODES.includes(stringAt(entry, 'ipMode'))) {
    errors.push(unsupportedValue(`${path}.ipMode`, entry.ipMode, MODES));
  }
  if (hostname !== '' && isIP(hostname) !== 0) {
    errors.push(invalidValue(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'));
  } else if (hostname !== '' && !isDnsName(hostname)) {
    errors.push(invalidValue(`${path}.hostname`, hostname, DNS_NAME));
  }
  return errors;
}

/** RFC 1123 subdomain. */
export function isDnsName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
}
