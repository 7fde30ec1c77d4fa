import { printable } from '../lib/printable.ts';
import type { Style } from './diff.ts';
import type { MigrateReport } from './migrate-report.types.ts';
import { findingLines, shownFindings, subjectSections, whereOf } from './table.ts';
import { wrap } from './text.ts';

/** The report of a move for people. */
export function renderMigration(report: MigrateReport, style: Style): string {
  const { paint } = style;
  const color = report.exitCode === 0 ? paint.green : report.exitCode === 1 ? paint.red : paint.yellow;
  const sections = [
    [headline(report, style)],
    ...(report.steps.length === 0 ? [] : [stepLines(report, style)]),
    ...subjectSections(report.actions, style),
    ...shownFindings(report.findings).map((one) => findingLines(one, style)),
    ...(report.manifest === null ? [] : [report.manifest.split('\n').map((line) => printable(line))]),
    [color(printable(report.summary))],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Only what is to come: what the question before it refers to. */
export function renderMigrationPlan(report: MigrateReport, style: Style): string {
  const sections = [[headline(report, style)], stepLines(report, style), ...subjectSections(report.actions, style)];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n\n`;
}

function headline({ gateway, fromClass, toClass, server, context }: MigrateReport, { paint }: Style): string {
  const way = toClass === null || toClass === fromClass ? fromClass : `${fromClass} → ${toClass}`;
  return (
    paint.bold(printable(`Gateway ${gateway.namespace}/${gateway.name}: ${way}`)) +
    paint.dim(printable(`  on ${whereOf(server, context)}`))
  );
}

function stepLines({ steps }: MigrateReport, { paint, width }: Style): string[] {
  return steps.flatMap(({ what, outage, state }, index) => {
    const mark = state === 'done' ? paint.green('✓') : String(index + 1);
    const [first = '', ...rest] = wrap(what, width, '  ');
    return [`${mark} ${first.trimStart()}`, ...rest, ...wrap(`outage: ${outage}`, width, '    ').map(paint.dim)];
  });
}
