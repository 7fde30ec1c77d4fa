import * as z from 'zod';
import { configJsonSchema } from '../../src/config/schema.ts';
import { REASON_GROUPS } from './reasons.ts';
import { GENERATED, table } from './tables.ts';

/** `docs/reasons.md`. */
export function reasonsPage(): string {
  const groups = REASON_GROUPS.flatMap(({ title, about, reasons }) => [
    `## ${title}`,
    ...(about === '' ? [] : [about]),
    table(
      ['reason', 'meaning'],
      Object.entries(reasons)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([code, meaning]) => [`\`${code}\``, meaning]),
    ),
  ]);
  const intro =
    'The same code stands in the log line, the Event, and the report. A report also says what is so in this cluster, and how to mend it.';
  return `${['# Reason codes', GENERATED, intro, ...groups].join('\n\n')}\n`;
}

const Property = z.looseObject({
  type: z.string().optional(),
  description: z.string().optional(),
  default: z.json().optional(),
  enum: z.array(z.json()).optional(),
  get properties() {
    return z.record(z.string(), Property).optional();
  },
});
type Property = z.infer<typeof Property>;

/** `docs/configuration.md`. */
export function configurationPage(): string {
  const rows = rowsOf(Property.parse(configJsonSchema()), '');
  const intro = [
    'The file given with `--config`, YAML or JSON. Every key has a default; an empty file is a good one. Flags win over it.',
    'Unknown keys and wrong values stop the program before it connects, all of them in one message.',
    'Durations are written as `30s`, `10m`, `1h30m`.',
  ].join('\n');
  return `${['# Configuration', GENERATED, intro, table(['key', 'default', 'meaning'], rows)].join('\n\n')}\n`;
}

function rowsOf({ properties = {} }: Property, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const key = `${prefix}${name}`;
    if (property.properties !== undefined) return rowsOf(property, `${key}.`);
    const fallback =
      property.default === undefined ? '' : `\`${JSON.stringify(property.default).replaceAll('"', '')}\``;
    const choices =
      property.enum === undefined ? '' : `One of ${property.enum.map((one) => `\`${String(one)}\``).join(', ')}.`;
    return [[`\`${key}\``, fallback, [property.description ?? '', choices].filter((part) => part !== '').join(' ')]];
  });
}
