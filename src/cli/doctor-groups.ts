import type { Section } from '../checks/check.types.ts';
import type { Verdict } from '../plan/plan.types.ts';
import type { ReportedCheck } from './doctor-report.types.ts';
import type { ReportedFinding } from './report.types.ts';

/** How doctor's report is grouped for people, in the table and on the page. */
export interface DoctorGroups {
  readonly title: string;
  /** Fails or warns. */
  readonly wrong: readonly ReportedCheck[];
  readonly unknown: readonly UnknownGroup[];
  readonly passed: readonly ReportedCheck[];
  readonly notApplicable: readonly ReportedCheck[];
}

/** What could not be told for one cause. */
export interface UnknownGroup {
  readonly ids: readonly string[];
  readonly finding: ReportedFinding;
}

const SECTION_TITLES: Readonly<Record<Section, string>> = {
  cluster: 'Cluster and Cilium',
  'way-in': 'Way in',
  'way-out': 'Way out',
  probe: 'Connections made',
};

/** The sections that have checks, in the order of the packet's way. */
export function groupChecks(checks: readonly ReportedCheck[]): readonly DoctorGroups[] {
  return Object.entries(SECTION_TITLES).flatMap(([section, title]) => {
    const own = checks.filter((check) => check.section === section);
    return own.length === 0 ? [] : [groupSection(title, own)];
  });
}

function groupSection(title: string, checks: readonly ReportedCheck[]): DoctorGroups {
  return {
    title,
    wrong: checks.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn'),
    unknown: groupUnknown(checks),
    passed: checks.filter(({ verdict }) => verdict === 'pass'),
    notApplicable: checks.filter(({ verdict }) => verdict === 'not-applicable'),
  };
}

/** Those with one cause together. */
function groupUnknown(checks: readonly ReportedCheck[]): UnknownGroup[] {
  const unknown = checks.flatMap((check) =>
    check.findings
      .filter(({ verdict }) => verdict === 'unknown')
      .map((finding) => ({ id: check.id, finding, key: `${finding.message}\n${finding.fix}` })),
  );
  return [...Map.groupBy(unknown, ({ key }) => key).values()].flatMap((group) => {
    const [one] = group;
    return one === undefined ? [] : [{ ids: [...new Set(group.map(({ id }) => id))], finding: one.finding }];
  });
}

/** What a station comes to; undefined: nothing looked at it. */
export function stationVerdict(checks: readonly ReportedCheck[]): Verdict | undefined {
  const order: readonly Verdict[] = ['fail', 'warn', 'unknown', 'pass'];
  return order.find((verdict) => checks.some((check) => check.verdict === verdict));
}

/** What is wrong with a check; what is well with it is left out. */
export function wrongFindings({ findings }: ReportedCheck): readonly ReportedFinding[] {
  return findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn');
}

/** `12 pass, 3 do not apply`; empty for none. */
export function countText(passed: number, rest: number): string {
  if (passed === 0 && rest === 0) return '';
  const more = rest === 0 ? '' : `, ${rest} ${rest === 1 ? 'does' : 'do'} not apply`;
  return `${passed} ${passed === 1 ? 'passes' : 'pass'}${more}`;
}
