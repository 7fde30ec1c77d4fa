import { printable } from '../../lib/printable.ts';

/** Text that is HTML already. Only `html` makes it from what others wrote, and escapes it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text is escaped, markup is not. */
export type Piece = string | number | Markup | readonly Markup[];

/**
 * HTML from a template. Values may stand between tags and in attributes within double quotes, nowhere else: no value
 * can end an element, an attribute or a comment there. Control characters are made visible, half characters replaced.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  const pieces = strings.map((text, index) => text + (index < values.length ? pieceText(values[index] ?? '') : ''));
  return new Markup(pieces.join(''));
}

function pieceText(piece: Piece): string {
  if (piece instanceof Markup) return piece.text;
  if (typeof piece === 'string' || typeof piece === 'number') return escapeHtml(String(piece));
  return piece.map(({ text }) => text).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

function escapeHtml(text: string): string {
  return printable(text.toWellFormed()).replaceAll(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '');
}
