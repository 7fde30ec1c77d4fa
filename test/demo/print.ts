import { createPaint, type Paint, wantsColor } from '../../src/cli/color.ts';
import { columnsOf, wrap } from '../../src/cli/text.ts';
import type { Row, Section } from './view.ts';

/** Where the demo writes, in words of a story: headings, commands, what they said. */
export interface Printer {
  readonly color: boolean;
  heading(text: string): void;
  text(text: string): void;
  /** A command as a user would type it; not broken, so that it can be copied. */
  command(text: string): void;
  /** What a command said, set off by a bar. */
  output(text: string): void;
  verdict(good: boolean, text: string): void;
  view(sections: readonly Section[], before?: readonly Section[]): void;
  blank(): void;
}

export interface Out {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const INDENT = '  ';

export function createPrinter(out: Out, env: Readonly<Record<string, string | undefined>>): Printer {
  const color = wantsColor(out.isTTY === true, env);
  const paint = createPaint(color);
  const width = Math.min(100, columnsOf(out));
  let headings = 0;
  let isBlank = false;
  const line = (text: string): void => {
    if (text !== '' || !isBlank) out.write(`${text}\n`);
    isBlank = text === '';
  };
  return {
    color,
    blank: () => line(''),
    heading(text) {
      headings += 1;
      const head = `${headings}  ${text} `;
      line('');
      line(`${paint.bold(head)}${paint.dim('─'.repeat(Math.max(0, width - head.length)))}`);
      line('');
    },
    text(text) {
      for (const part of wrap(text, width, INDENT)) line(part);
    },
    command: (text) => line(`${INDENT}${paint.bold('$')} ${paint.cyan(text)}`),
    output(text) {
      for (const part of text.trimEnd().split('\n')) line(`${INDENT}${paint.dim('│')} ${part}`.trimEnd());
    },
    verdict(good, text) {
      const [first = '', ...rest] = wrap(text, width - 4, '');
      line(`${INDENT}${good ? paint.green('✓') : paint.red('✗')} ${first}`);
      for (const part of rest) line(`${INDENT}  ${part}`);
    },
    view(sections, before = []) {
      const known = new Set(before.flatMap(({ title, rows }) => rows.map((row) => keyOf(title, row))));
      for (const { title, note, rows } of sections) {
        line(`${INDENT}${paint.bold(title)}${note === '' ? '' : paint.dim(`  ${note}`)}`);
        for (const row of rows) {
          const changed = before.length > 0 && !known.has(keyOf(title, row));
          line(rowLine(row, changed, paint));
        }
      }
    },
  };
}

function keyOf(title: string, { label, value }: Row): string {
  return `${title} ${label} ${value}`;
}

function rowLine({ label, value, verdict, note }: Row, changed: boolean, paint: Paint): string {
  const mark = { good: paint.green('✓'), bad: paint.red('✗'), plain: ' ' }[verdict];
  const strong = verdict === 'bad' ? paint.red(value) : changed ? paint.green(value) : value;
  return `${INDENT}${INDENT}${mark} ${label.padEnd(11)} ${strong}${note === '' ? '' : paint.dim(`  ${note}`)}`;
}
