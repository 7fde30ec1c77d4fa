import { printable } from '../lib/printable.ts';

/** Breaks a text into lines of at most `width` characters, each after `indent`. Words longer than a line stay whole. */
export function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text)
    .split(/\s+/)
    .filter((part) => part !== '')) {
    if (line === '') {
      line = word;
    } else if (indent.length + line.length + 1 + word.length <= width) {
      line += ` ${word}`;
    } else {
      lines.push(indent + line);
      line = word;
    }
  }
  return line === '' ? lines : [...lines, indent + line];
}

/** A text cut in its middle to at most `most` characters, since both ends of ids and addresses tell something. */
export function shorten(text: string, most: number): string {
  const characters = [...text];
  if (characters.length <= most) {
    return text;
  }
  const kept = Math.max(2, most - 1);
  const head = Math.ceil(kept / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (kept - head)).join('')}`;
}

/** The width to write for: the terminal's, from 60 to 120 columns; 80 where there is none. */
export function columnsOf(stream: { readonly columns?: number | undefined }): number {
  const { columns } = stream;
  return columns === undefined || columns <= 0 ? 80 : Math.min(120, Math.max(60, columns));
}
