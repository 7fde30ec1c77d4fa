import { printable } from '../lib/printable.ts';
import type { Json } from '../plan/plan.types.ts';
import type { Paint } from './color.ts';
import { isList } from './report.ts';
import type { ReportedChange } from './report.types.ts';
import { shorten } from './text.ts';

/** How wide and how colourful. */
export interface Style {
  readonly width: number;
  readonly paint: Paint;
}

/**
 * One change as the lines of a diff:
 * - `field: before → after` where both fit on the line, else the two under the field;
 * - `+ field: after` and `- field: before` for what appears and what goes;
 * - lists and objects item by item under the field, only those that differ marked.
 */
export function diffLines({ field, before, after }: ReportedChange, style: Style, indent: string): string[] {
  const name = printable(field);
  if (isScalar(before) && isScalar(after)) {
    return scalarLines(name, before, after, style, indent);
  }
  const items = itemLines(toItems(before), toItems(after));
  const room = style.width - indent.length - 4;
  return [
    `${indent}${name}:`,
    ...items.map(([mark, text]) => `${indent}  ${paintMark(mark, `${mark} ${shorten(printable(text), room)}`, style)}`),
  ];
}

type Mark = '+' | '-' | ' ';

function isScalar(value: Json | undefined): boolean {
  return typeof value !== 'object' || value === null;
}

function scalarLines(
  name: string,
  before: Json | undefined,
  after: Json | undefined,
  style: Style,
  indent: string,
): string[] {
  const room = style.width - indent.length - 4;
  if (before === undefined || after === undefined) {
    const mark = before === undefined ? '+' : '-';
    const text = showItem(before ?? after ?? null);
    const line = `${mark} ${name}: ${text}`;
    return line.length <= style.width - indent.length
      ? [`${indent}${paintMark(mark, line, style)}`]
      : [`${indent}${name}:`, `${indent}  ${paintMark(mark, `${mark} ${shorten(text, room)}`, style)}`];
  }
  const [old, fresh] = [showItem(before), showItem(after)];
  if (indent.length + name.length + old.length + fresh.length + 5 <= style.width) {
    return [`${indent}${name}: ${style.paint.red(old)} → ${style.paint.green(fresh)}`];
  }
  return [
    `${indent}${name}:`,
    `${indent}  ${paintMark('-', `- ${shorten(old, room)}`, style)}`,
    `${indent}  ${paintMark('+', `+ ${shorten(fresh, room)}`, style)}`,
  ];
}

/** The parts of a value that are compared one by one: a list's items, an object's `key: value`. */
function toItems(value: Json | undefined): string[] {
  if (value === undefined) {
    return [];
  }
  if (typeof value !== 'object' || value === null) {
    return [showItem(value)];
  }
  return isList(value)
    ? value.map((item) => showItem(item))
    : Object.entries(value).map(([key, item]) => `${key}: ${showItem(item ?? null)}`);
}

/** A value on one line, as YAML writes it: `{ip: 1.2.3.4, ipMode: Proxy}`. */
export function showItem(value: Json): string {
  if (typeof value === 'string') {
    const text = printable(value);
    return /^[\w./:*@%+-][\w./:*@%+ -]*$/.test(text) && text === text.trim() ? text : JSON.stringify(text);
  }
  if (typeof value !== 'object' || value === null) {
    return String(value);
  }
  if (isList(value)) {
    return `[${value.map((item) => showItem(item)).join(', ')}]`;
  }
  const pairs = Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : [`${printable(key)}: ${showItem(item)}`],
  );
  return `{${pairs.join(', ')}}`;
}

/** The longest common part stays unmarked; a line that goes stands before the one that comes in its place. */
function itemLines(before: readonly string[], after: readonly string[]): [Mark, string][] {
  const common = commonItems(before, after);
  const lines: [Mark, string][] = [];
  let [left, right] = [0, 0];
  for (const item of [...common, undefined]) {
    for (; left < before.length && before[left] !== item; left++) {
      lines.push(['-', before[left] ?? '']);
    }
    for (; right < after.length && after[right] !== item; right++) {
      lines.push(['+', after[right] ?? '']);
    }
    if (item !== undefined) {
      lines.push([' ', item]);
      left++;
      right++;
    }
  }
  return lines;
}

/** What is compared item by item is at most so long; longer lists are told as gone and come. */
const MOST_COMPARED = 300;

/** What both lists have, in order: the same beginning and end, and of what is between a longest common subsequence. */
function commonItems(before: readonly string[], after: readonly string[]): string[] {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const middle = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)] as const;
  const between = middle.some((items) => items.length > MOST_COMPARED) ? [] : longestCommon(...middle);
  return [...before.slice(0, head), ...between, ...before.slice(before.length - tail)];
}

function longestCommon(before: readonly string[], after: readonly string[]): string[] {
  let above: string[][] = Array.from({ length: after.length + 1 }, () => []);
  for (const item of before) {
    const row: string[][] = [[]];
    for (const [index, other] of after.entries()) {
      const [diagonal, up, left] = [above[index] ?? [], above[index + 1] ?? [], row[index] ?? []];
      row.push(item === other ? [...diagonal, item] : up.length >= left.length ? up : left);
    }
    above = row;
  }
  return above.at(-1) ?? [];
}

function paintMark(mark: Mark, text: string, { paint }: Style): string {
  switch (mark) {
    case '+':
      return paint.green(text);
    case '-':
      return paint.red(text);
    case ' ':
      return paint.dim(text);
  }
}
