import { LINKS } from '../checks/check.types.ts';
import { printable } from '../lib/printable.ts';
import { connectivityLines } from './connectivity-lines.ts';
import type { Style } from './diff.ts';
import {
  countText,
  type DoctorGroups,
  groupChecks,
  stationVerdict,
  type UnknownGroup,
  wrongFindings,
} from './doctor-groups.ts';
import type { DoctorReport, ReportedCheck } from './doctor-report.types.ts';
import { evidenceLines } from './evidence.ts';
import type { ReportedFinding } from './report.types.ts';
import { fixLines, nameOf, verdictMark, whereOf } from './table.ts';
import { wrap } from './text.ts';

/** The report for people: the packet's way with its first broken link, then each section; what is well is only counted. */
export function renderDoctor(report: DoctorReport, style: Style, verbose: boolean): string {
  const sections = groupChecks(report.checks).map((groups) => sectionLines(groups, report.brokenLink, style, verbose));
  const { paint } = style;
  const color = report.summary.fail > 0 ? paint.red : report.summary.warn > 0 ? paint.yellow : paint.green;
  const parts = [
    [paint.dim(printable(whereOf(report.server, report.context)))],
    chainLines(report, style),
    ...sections,
    wrap(report.summary.text, style.width, '').map(color),
    connectivityLines(report, style),
  ].filter((lines) => lines.length > 0);
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** `client → ✓ load balancer → ✗ Envoy → …`: the broken link is marked by sign, colour and an arrow under it. */
function chainLines({ checks, brokenLink }: DoctorReport, style: Style): string[] {
  const { paint, width } = style;
  const broken = checks.find(({ id }) => id === brokenLink)?.link;
  const lines: { text: string; length: number }[] = [{ text: 'client', length: 6 }];
  for (const link of LINKS) {
    const verdict = stationVerdict(checks.filter((check) => check.link === link));
    const name = link === broken ? paint.bold(paint.red(link)) : verdict === undefined ? paint.dim(link) : link;
    const mark = verdict === undefined ? paint.dim('·') : verdictMark(verdict, style);
    const length = link.length + 5;
    const line = lines.at(-1);
    if (line === undefined || line.length + length > width) {
      lines.push({ text: `  → ${mark} ${name}`, length: length + 1 });
    } else {
      line.text += ` → ${mark} ${name}`;
      line.length += length;
    }
  }
  const pointer = broken === undefined ? [] : [paint.red(`✗ broken at ${broken}: ${brokenLink}`)];
  return [...lines.map(({ text }) => text), ...pointer];
}

function sectionLines(
  { title, wrong, unknown, passed, notApplicable }: DoctorGroups,
  brokenLink: string | null,
  style: Style,
  verbose: boolean,
): string[] {
  const body = [
    ...wrong.flatMap((check) => checkLines(check, check.id === brokenLink, style)),
    ...unknown.flatMap((group) => unknownLines(group, style)),
    ...(verbose
      ? [...passed, ...notApplicable].flatMap((check) => plainLines(check, style))
      : countLine(passed.length, notApplicable.length, style)),
  ];
  return [style.paint.bold(title), ...body];
}

function countLine(passed: number, rest: number, { paint }: Style): string[] {
  const text = countText(passed, rest);
  return text === '' ? [] : [`  ${passed === 0 ? paint.dim('-') : paint.green('✓')} ${text}`];
}

/** Everything that is wrong with one check; what is well with it is left out. */
function checkLines(check: ReportedCheck, isFirst: boolean, style: Style): string[] {
  const { paint } = style;
  const follows = check.followsFrom === null ? '' : paint.dim(`  follows from ${check.followsFrom}`);
  const first = isFirst ? paint.red('  ← first broken link') : '';
  return wrongFindings(check).flatMap((finding) => [
    `  ${verdictMark(finding.verdict, style)} ${paint.bold(check.id)}  ${finding.reason}${targetOf(finding)}${first}${follows}`,
    ...wrap(finding.message, style.width, '    '),
    ...evidenceLines(finding.evidence, style, '    '),
    ...indent(fixLines(finding.fix, { ...style, width: style.width - 2 })),
    `    ${paint.dim(check.docs)}`,
  ]);
}

/** What could not be told for one cause. */
function unknownLines({ ids, finding }: UnknownGroup, style: Style): string[] {
  const [head = '', ...more] = wrap(ids.join(', '), style.width - 4, '');
  return [
    `  ${verdictMark('unknown', style)} ${head}`,
    ...more.map((line) => `    ${line}`),
    ...wrap(finding.message, style.width, '    ').map(style.paint.dim),
    ...indent(fixLines(finding.fix, { ...style, width: style.width - 2 })),
  ];
}

/** A check that is well, by name. */
function plainLines(check: ReportedCheck, style: Style): string[] {
  return check.findings.flatMap((finding) => [
    `  ${verdictMark(finding.verdict, style)} ${check.id}${targetOf(finding)}`,
    ...wrap(finding.message, style.width, '    ').map(style.paint.dim),
  ]);
}

function targetOf({ target }: ReportedFinding): string {
  return target === null ? '' : `  ${nameOf(target)}`;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
