import { badRequest } from './api-error.ts';
import type { Json, KubeObject } from './json.ts';

/** MicroTime has exactly six digits: anything else is a 400 in decoding. */
export function assertMicroTime(object: KubeObject, kind: string, value: Json | undefined): void {
  if (value === undefined || value === null) {
    return;
  }
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/.test(value)) {
    const version = object.apiVersion.split('/').at(-1) ?? '';
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: parsing time ${JSON.stringify(value)} ` +
        'as "2006-01-02T15:04:05.000000Z07:00": cannot parse',
    );
  }
}

/** `metav1.Time`: the fraction of a second is cut off. */
export function wholeSeconds(value: Json | undefined): Json {
  return typeof value === 'string' ? value.replace(/\.\d+/, '') : null;
}

/** The time as `metav1.Time` writes it. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
