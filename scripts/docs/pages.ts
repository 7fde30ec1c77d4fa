import * as z from 'zod';
import { FLAG_VARIABLES, variableOf } from '../../src/config/environment.ts';
import { type Reload, reloadOf } from '../../src/config/reload.ts';
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
    'The file given with `--config`, YAML or JSON. Every key has a default; an empty file is a good one.',
    'Unknown keys and wrong values stop the program before it connects, all of them in one message.',
    'Durations are written as `30s`, `10m`, `1h30m`.',
  ].join('\n');
  const environment = [
    'Each key can be said by an environment variable instead: `CCB_`, then the key in capitals, with `_` for dots and before',
    'each capital. Flags win over the environment, the environment over the file, the file over the defaults. A list is written',
    '`a,b` or `[a, b]`, keys with values as `{a: b}`; an empty variable counts as absent. A variable that begins with `CCB_` and',
    'means nothing stops the program, with the nearest name; only what the kubelet says of Services is passed over.',
    `Besides: ${Object.entries(FLAG_VARIABLES)
      .map(([variable, flag]) => `\`${variable}\` stands for \`--${flag}\``)
      .join(
        ', ',
      )}, and \`KUBECONFIG\` is taken as kubectl does. Credentials of a cloud have variables of their own: [cloud.md](cloud.md).`,
  ].join('\n');
  const keys = table(['key', 'default', 'meaning', 'restart', 'variable'], rows);
  const changing = [
    'The controller follows the file: a mounted ConfigMap (the kubelet brings a change of it within about a minute and a half), a',
    'file that is edited, one that is put in its place. A change is in force within seconds, as a whole, from the next look on,',
    'and no write that was planned before is sent any more: consent that is taken back holds at once. A file that cannot be used',
    'is told once, with all its mistakes, and what was good before stays in force; so it does while the file is away or empty.',
    'Keys with `yes` under *restart* wait for one: the log, and an Event on the Pod, name them. `on` is for `taints.enabled`: off',
    'is obeyed at once, on needs a restart where it was off at the start. The chart restarts the Pods for these keys only.',
    'A hold-off that has begun lasts as long as it was set to.',
  ].join('\n');
  const parts = [
    '# Configuration',
    GENERATED,
    intro,
    keys,
    '## While it runs',
    changing,
    '## Environment',
    environment,
  ];
  return `${parts.join('\n\n')}\n`;
}

const RESTART: Readonly<Record<Reload, string>> = { hot: '', off: 'on', restart: 'yes' };

function rowsOf({ properties = {} }: Property, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const key = `${prefix}${name}`;
    if (property.properties !== undefined) return rowsOf(property, `${key}.`);
    const fallback =
      property.default === undefined ? '' : `\`${JSON.stringify(property.default).replaceAll('"', '')}\``;
    const choices =
      property.enum === undefined ? '' : `One of ${property.enum.map((one) => `\`${String(one)}\``).join(', ')}.`;
    return [
      [
        `\`${key}\``,
        fallback,
        [property.description ?? '', choices].filter((part) => part !== '').join(' '),
        RESTART[reloadOf(key)],
        `\`${variableOf(key.split('.'))}\``,
      ],
    ];
  });
}
