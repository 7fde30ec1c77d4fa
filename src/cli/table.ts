import { printable } from '../lib/printable.ts';
import { diffLines, type Style } from './diff.ts';
import { fixParts } from './fix-parts.ts';
import { nodeLines } from './node-table.ts';
import type { Report, ReportedAction, ReportedFinding, ReportedTarget } from './report.types.ts';
import { wrap } from './text.ts';

/** The report for people: what is written where and why, then what was found, then a line that sums it up. */
export function renderTable(report: Report, style: Style): string {
  const findings = shownFindings(report.findings);
  const nodes = nodeLines(report.nodes, style);
  if (report.actions.length === 0 && findings.length === 0 && nodes.length === 0) {
    return quietLine(report, style);
  }
  const sections = [
    [headline(report, style)],
    ...subjectSections(report.actions, style),
    ...(nodes.length === 0 ? [] : [nodes]),
    ...findings.map((finding) => findingLines(finding, style)),
    [...programmedLines(report, style), ...inSyncLines(report.inSync, style), summaryLine(report, style)],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Only the plan, without findings and summary: what a question `Apply?` refers to. */
export function renderPlan(report: Report, style: Style): string {
  return `${subjectSections(report.actions, style)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** Nothing to tell but that. */
function quietLine({ server, context, inSync }: Report, { paint }: Style): string {
  const text = inSync.length === 0 ? 'Nothing to do' : `${inSync.length} in sync, nothing to write`;
  return `${paint.green(text)} on ${printable(whereOf(server, context))}.\n`;
}

function headline({ server, context, mode }: Report, { paint }: Style): string {
  return paint.dim(printable(`${mode === 'dry-run' ? 'Dry run on' : 'Cluster'} ${whereOf(server, context)}`));
}

export function whereOf(server: string, context: string | null): string {
  return context === null ? server : `${server} (context ${context})`;
}

export function subjectSections(actions: readonly ReportedAction[], style: Style): string[][] {
  const bySubject = Map.groupBy(actions, ({ subject }) => subject);
  return [...bySubject].map(([subject, group]) => [
    style.paint.bold(printable(subject)),
    ...group.flatMap((action) => actionLines(action, style)),
  ]);
}

function actionLines(action: ReportedAction, style: Style): string[] {
  const { paint, width } = style;
  return [
    `  ${ACTION_WORDS[action.kind] ?? ''}${paint.cyan(nameOf(action.target))}`,
    ...action.changes.flatMap((change) => diffLines(change, style, '    ')),
    ...wrap(`${action.message} (${action.reason})`, width, '    ').map(paint.dim),
    ...outcomeLines(action, style),
  ];
}

/** What is done to the object as a whole, where it is more than a change of some fields. */
const ACTION_WORDS: Partial<Record<ReportedAction['kind'], string>> = {
  'create-entrypoint': 'create ',
  'delete-entrypoint': 'delete ',
  'delete-redirect-copy': 'delete ',
  'recreate-service': 'recreate ',
};

function outcomeLines({ outcome }: ReportedAction, { paint, width }: Style): string[] {
  const said = outcome.message === '' ? outcome.reason : outcome.message;
  switch (outcome.status) {
    case 'pending':
      return [];
    case 'applied':
      return [`    ${paint.green('✓ written')}`];
    case 'declined':
      return wrap(`– not written: ${said} (${outcome.reason})`, width, '    ').map(paint.yellow);
    case 'conflict':
      return wrap(`! not written, the object changed meanwhile: ${said}`, width, '    ').map(paint.yellow);
    case 'refused':
    case 'failed':
      return wrap(`✗ ${outcome.status}: ${said}`, width, '    ').map(paint.red);
  }
}

const RANK: Readonly<Record<ReportedFinding['verdict'], number>> = {
  fail: 0,
  warn: 1,
  unknown: 2,
  pass: 3,
  'not-applicable': 4,
};

/** What a person has to know, the worst first; what passes is only counted. */
export function shownFindings(findings: readonly ReportedFinding[]): ReportedFinding[] {
  return findings
    .filter(({ verdict }) => RANK[verdict] < RANK.pass)
    .toSorted((a, b) => RANK[a.verdict] - RANK[b.verdict]);
}

export function findingLines(finding: ReportedFinding, style: Style): string[] {
  const target = finding.target === null ? '' : `  ${nameOf(finding.target)}`;
  return [
    `${verdictMark(finding.verdict, style)} ${finding.reason}${target}`,
    ...wrap(finding.message, style.width, '  '),
    ...fixLines(finding.fix, style),
  ];
}

export function verdictMark(verdict: ReportedFinding['verdict'], { paint }: Style): string {
  switch (verdict) {
    case 'fail':
      return paint.red('✗');
    case 'warn':
      return paint.yellow('!');
    case 'unknown':
      return paint.dim('?');
    case 'pass':
      return paint.green('✓');
    case 'not-applicable':
      return paint.dim('-');
  }
}

/** What people ran the program for: that what was written has made the Gateway Programmed. */
function programmedLines({ actions, findings }: Report, { paint, width }: Style): string[] {
  const written = new Set(actions.filter(({ outcome }) => outcome.status === 'applied').map(({ subject }) => subject));
  return findings
    .filter(({ check, verdict }) => check === 'programmed' && verdict === 'pass')
    .filter(({ target }) => target !== null && written.has(nameOf(target)))
    .flatMap(({ message }) => wrap(`✓ ${message}`, width, '').map(paint.green));
}

/** Commands stay on a line of their own, unbroken, so that they can be copied. */
export function fixLines(fix: string, { paint, width }: Style): string[] {
  return fixParts(fix).flatMap(({ text: part, isCommand }, index) => {
    const label = index === 0 ? 'fix: ' : '';
    if (isCommand) {
      return [...(label === '' ? [] : [`  ${paint.bold('fix:')}`]), `    ${printable(part)}`];
    }
    const lines = wrap(`${label}${part}`, width, index === 0 ? '  ' : '    ');
    return lines.map((line) => (line.startsWith('  fix: ') ? line.replace('fix:', paint.bold('fix:')) : line));
  });
}

function inSyncLines(subjects: readonly string[], { paint, width }: Style): string[] {
  if (subjects.length === 0) {
    return [];
  }
  const most = 10;
  const more = subjects.length > most ? `, and ${subjects.length - most} more` : '';
  return wrap(`In sync: ${subjects.slice(0, most).join(', ')}${more}`, width, '').map(paint.dim);
}

function summaryLine({ summary, exitCode }: Report, { paint }: Style): string {
  const color = exitCode === 0 ? paint.green : exitCode === 1 ? paint.red : paint.yellow;
  return color(summary.text);
}

export function nameOf({ kind, namespace, name }: ReportedTarget): string {
  return printable(namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`);
}
