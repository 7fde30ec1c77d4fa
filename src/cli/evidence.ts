import { printable } from '../lib/printable.ts';
import type { Json } from '../plan/plan.types.ts';
import type { Style } from './diff.ts';
import { shorten, wrap } from './text.ts';

const LONGEST_VALUE = 300;

/** `key: value` of what a finding rests on, dimmed; what is empty is left out. */
export function evidenceLines(
  evidence: { readonly [key: string]: Json },
  { width, paint }: Style,
  indent: string,
): string[] {
  return evidencePairs(evidence, LONGEST_VALUE).flatMap(([key, text]) =>
    wrap(`${key}: ${text}`, width, indent).map(paint.dim),
  );
}

/** What a finding rests on, as text of at most so many characters each; what is empty is left out. */
export function evidencePairs(
  evidence: { readonly [key: string]: Json },
  longest: number,
): (readonly [key: string, text: string])[] {
  return Object.entries(evidence)
    .map(([key, value]) => [key, shorten(textOf(value), longest)] as const)
    .filter(([, text]) => text !== '');
}

function textOf(value: Json): string {
  if (value === null) return '';
  if (Array.isArray(value))
    return value
      .map((item: Json) => textOf(item))
      .filter((one) => one !== '')
      .join(', ');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([key, one]) => `${key}=${one === undefined ? '' : textOf(one)}`)
      .join(' ');
  }
  return printable(String(value));
}
