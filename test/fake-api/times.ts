import type { Json } from './json.ts';

/** A value that doesn't fit its Go type: 400 in a POST or PUT, 422 as the outcome of a patch. */
export class DecodeError extends Error {}

/** MicroTime has exactly six digits. */
export function assertMicroTime(value: Json | undefined): void {
  if (value === undefined || value === null) {
    return;
  }
  const text = typeof value === 'string' ? value : '';
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/.test(text)) {
    const rest = text.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/, '');
    throw new DecodeError(
      `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05.000000Z07:00": cannot parse "${rest}" as ".000000"`,
    );
  }
}

/** `metav1.Time`: the fraction of a second is cut off. */
export function wholeSeconds(value: Json | undefined): Json {
  return typeof value === 'string' ? value.replace(/\.\d+/, '') : null;
}

let last = { second: 0, text: '' };

/** The time as `metav1.Time` writes it. */
export function timestamp(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== last.second) {
    last = { second, text: new Date(second * 1000).toISOString().replace('.000Z', 'Z') };
  }
  return last.text;
}
