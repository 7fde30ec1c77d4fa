import * as z from 'zod';
import { printable } from '../lib/printable.ts';
import { redactText } from '../lib/redact.ts';
import type { Leftover, LeftoverKind } from '../uninstall/leftovers.ts';
import type { Leftovers } from '../uninstall/read.ts';
import type { Style } from './diff.ts';
import { target } from './report.schema.ts';
import type { ReportedTarget } from './report.types.ts';
import { buildHead, headFields, type ReportHead, type ReportOrigin } from './report-head.ts';
import { nameOf, whereOf } from './table.ts';
import { wrap } from './text.ts';

/** What `--uninstall-report -o json` prints. */
export interface UninstallReport extends ReportHead {
  readonly startedAt: string;
  readonly leftovers: readonly {
    readonly kind: LeftoverKind;
    readonly target: ReportedTarget | null;
    readonly message: string;
    readonly command: string;
    readonly consequence: string;
  }[];
  readonly unread: readonly { readonly kind: string; readonly why: string }[];
  readonly summary: string;
  readonly exitCode: 0;
}

const KINDS: { readonly [K in LeftoverKind]: K } = {
  'redirect-copy': 'redirect-copy',
  'published-address': 'published-address',
  'target-port': 'target-port',
  'type-annotation': 'type-annotation',
  'managed-entrypoint': 'managed-entrypoint',
  'node-port': 'node-port',
  'gateway-class': 'gateway-class',
  'gateway-class-config': 'gateway-class-config',
  lease: 'lease',
  events: 'events',
};

/** `docs/uninstall.schema.json` is generated from it. */
export const uninstallReportSchema: z.ZodType<UninstallReport> = z
  .object({
    ...headFields,
    startedAt: z.string().meta({ format: 'date-time' }),
    leftovers: z.array(
      z.object({
        kind: z.enum(KINDS),
        target: target.nullable().describe('Null: many objects.'),
        message: z.string().describe('What it is, and what it still does.'),
        command: z.string().describe('Takes it back: one line for a shell.'),
        consequence: z.string().describe('What taking it back costs; empty: nothing.'),
      }),
    ),
    unread: z
      .array(z.object({ kind: z.string(), why: z.string() }))
      .describe('Kinds of objects that could not be looked at.'),
    summary: z.string(),
    exitCode: z.literal(0),
  })
  .meta({ title: 'Report of cilium-cloud-bridge --uninstall-report -o json' });

/** @param startedAt milliseconds since the epoch */
export function buildUninstallReport(
  { items, unread }: Leftovers,
  about: ReportOrigin & { readonly startedAt: number },
): UninstallReport {
  const count = items.length;
  const blind = unread.length === 0 ? '' : ` ${unread.map(({ kind }) => kind).join(', ')} could not be read.`;
  return {
    ...buildHead(about),
    startedAt: new Date(about.startedAt).toISOString(),
    leftovers: items.map(reportLeftover),
    unread: unread.map(({ kind, why }) => ({ kind, why: redactText(why) })),
    summary: `${count === 0 ? 'Nothing stays behind' : count === 1 ? '1 thing stays behind' : `${count} things stay behind`}. Nothing was changed.${blind}`,
    exitCode: 0,
  };
}

function reportLeftover({
  kind,
  target: on,
  message,
  command,
  consequence,
}: Leftover): UninstallReport['leftovers'][number] {
  const { apiVersion = '', kind: of = '', namespace = '', name = '' } = on ?? {};
  return {
    kind,
    target: on === undefined ? null : { apiVersion, kind: of, namespace, name },
    message: redactText(message),
    command: redactText(command),
    consequence,
  };
}

/** The report for people: each with the command on a line of its own. */
export function renderUninstallReport(report: UninstallReport, { paint, width }: Style): string {
  const sections = [
    [paint.dim(printable(`What stays behind on ${whereOf(report.server, report.context)}`))],
    ...report.leftovers.map(({ kind, target: on, message, command, consequence }) => [
      paint.bold(on === null ? kind : nameOf(on)),
      ...wrap(message, width, '  '),
      `    ${printable(command)}`,
      ...(consequence === '' ? [] : wrap(`then: ${consequence}`, width, '  ').map(paint.yellow)),
    ]),
    ...report.unread.map(({ kind, why }) => wrap(`? ${kind} could not be read: ${why}`, width, '')),
    [printable(report.summary)],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
