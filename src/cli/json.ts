import { printable } from '../lib/printable.ts';

/**
 * A report as its published schema describes it: one JSON document, indented, with a line break at its end. Control
 * characters of every kind are escaped in it, since it may be read on a terminal.
 */
export function renderJson(report: object): string {
  return `${printable(JSON.stringify(report, null, 2), true)}\n`;
}
