import * as z from 'zod';
import { printable } from '../lib/printable.ts';
import type { Paint } from './color.ts';
import { showItem } from './diff.ts';

/** One JSON line of the logger as a person reads it: `12:03:44 INFO  address published  gateway=default/web`. */
export function prettyLine(json: string, paint: Paint): string {
  const { time, level, msg, err, changes, ...fields } = parseLine(json);
  const clock = new Date(String(time)).toTimeString().slice(0, 8);
  const diffs = changeTexts(changes).map((text) => paint.cyan(text));
  const pairs = Object.entries(fields).map(([key, value]) => `${paint.dim(`${printable(key)}=`)}${inline(value)}`);
  const head = `${paint.dim(clock)} ${levelTag(String(level), paint)} ${printable(String(msg))}`;
  return `${[head, ...diffs, ...pairs].join('  ')}${errorLines(err, paint)}\n`;
}

const Changes = z.array(z.object({ field: z.string(), before: z.json().optional(), after: z.json().optional() }));

/** The changes of a write as `spec.ports[80].targetPort: 32546 → 31597`. */
function changeTexts(changes: unknown): string[] {
  const parsed = Changes.safeParse(changes);
  if (!parsed.success) return changes === undefined ? [] : [inline(changes)];
  return parsed.data.map(({ field, before, after }) => {
    const values = [before, after].flatMap((value) => (value === undefined ? [] : [showItem(value)]));
    return `${printable(field)}: ${after === undefined ? `${values.join('')} → gone` : values.join(' → ')}`;
  });
}

function parseLine(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function levelTag(level: string, paint: Paint): string {
  const tag = level.toUpperCase().padEnd(5);
  switch (level) {
    case 'error':
      return paint.red(tag);
    case 'warn':
      return paint.yellow(tag);
    case 'trace':
    case 'debug':
      return paint.dim(tag);
    default:
      return paint.green(tag);
  }
}

function inline(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return printable(typeof value === 'string' && /[\s"=]|^$/.test(text) ? JSON.stringify(text) : text);
}

/** An error under its line: what it is, then each cause, indented once more. */
function errorLines(error: unknown, paint: Paint, depth = 1): string {
  if (error === undefined) {
    return '';
  }
  const indent = '  '.repeat(depth);
  if (typeof error !== 'object' || error === null) {
    return `\n${indent}${inline(error)}`;
  }
  const { type, message, stack, cause, ...fields }: Record<string, unknown> = { ...error };
  const details = Object.entries(fields).map(([key, value]) => `${key}=${inline(value)}`);
  const head = `${String(type)}: ${printable(String(message), true).replaceAll('\n', `\n${indent}  `)}`;
  const frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
  const trace = frames.map((frame) => `\n${indent}  ${paint.dim(printable(frame.trim()))}`).join('');
  return `\n${indent}${[paint.red(head), ...details].join('  ')}${trace}${errorLines(cause, paint, depth + 1)}`;
}
