import { isSecretField, redactText } from '../lib/redact.ts';
import { describeTarget } from '../plan/make.ts';
import type { Action, Change, Declined, Finding, Json, Outcome, Target } from '../plan/plan.types.ts';
import type { NodeVerdict } from '../taints/evaluate.ts';
import { formatTaint } from '../taints/rules.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type {
  Report,
  ReportedAction,
  ReportedChange,
  ReportedFinding,
  ReportedNode,
  ReportedOutcome,
  ReportedTarget,
  Summary,
} from './report.types.ts';
import { buildHead, type ReportOrigin } from './report-head.ts';

export interface ReportInput extends ReportOrigin {
  readonly mode: Report['mode'];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Every subject that was looked at, by its key: `Gateway default/web`. */
  readonly subjects: readonly string[];
  /** The plan's, in the plan's order. One that is in neither of the next two lists is pending. */
  readonly actions: readonly Action[];
  readonly declined: readonly Declined[];
  /** Tainted nodes; absent: they were not looked at. */
  readonly nodes?: readonly NodeVerdict[];
  readonly outcomes: readonly Outcome[];
  readonly findings: readonly Finding[];
  /** The command was stopped before it had done or seen everything. */
  readonly stopped?: boolean;
}

/** Puts a pass's results into the report that is printed, without secrets, and decides the exit code. */
export function buildReport(input: ReportInput): Report {
  const actions = [...collectOutcomes(input)].map(([action, outcome]) => reportAction(action, outcome));
  const findings = input.findings.map(reportFinding);
  const failing = input.findings.filter(({ verdict }) => verdict === 'fail').flatMap(({ target }) => target ?? []);
  const troubled = new Set([...actions.map(({ subject }) => subject), ...failing.map(describeTarget)]);
  const inSync = input.subjects.filter((subject) => !troubled.has(subject)).toSorted();
  const stopped = input.stopped === true;
  const summary = summarise(inSync, actions, findings, { mode: input.mode, stopped });
  return {
    ...buildHead(input),
    mode: input.mode,
    startedAt: new Date(input.startedAt).toISOString(),
    inSync,
    actions,
    nodes: (input.nodes ?? []).map(reportNode),
    findings,
    summary,
    exitCode: stopped ? EXIT.error : exitCodeOf(actions, findings),
  };
}

/**
 * The exit code that actions and findings call for. A write error wins over everything, even if other writes
 * succeeded; `warn` and `unknown` never change the code.
 */
export function exitCodeOf(
  actions: readonly Pick<ReportedAction, 'outcome'>[],
  findings: readonly Pick<Finding, 'verdict'>[],
): ExitCode {
  const statuses = new Set(actions.map(({ outcome }) => outcome.status));
  if (statuses.has('refused') || statuses.has('failed')) {
    return EXIT.error;
  }
  const isPending = statuses.has('pending') || statuses.has('declined') || statuses.has('conflict');
  return isPending || findings.some(({ verdict }) => verdict === 'fail') ? EXIT.pending : EXIT.ok;
}

const PENDING: ReportedOutcome = { status: 'pending', reason: '', message: '' };

/** Each action once, in the order of the plan, with the last thing that was said about it. */
function collectOutcomes({ actions, declined, outcomes }: ReportInput): Map<Action, ReportedOutcome> {
  const collected = new Map<Action, ReportedOutcome>(actions.map((action) => [action, PENDING]));
  for (const { action, reason, message } of declined) {
    const status = reason === 'DryRun' ? 'pending' : 'declined';
    collected.set(action, { status, reason, message: redactText(message) });
  }
  for (const { action, status, reason, message } of outcomes) {
    collected.set(action, { status, reason, message: redactText(message) });
  }
  return collected;
}

function reportAction(action: Action, outcome: ReportedOutcome): ReportedAction {
  return {
    subject: action.key,
    kind: action.kind,
    target: reportTarget(action.target),
    changes: action.changes.map(reportChange),
    reason: action.reason,
    message: redactText(action.message),
    outcome,
  };
}

function reportNode({ node, cloud, network, listed, judged, blockedBy }: NodeVerdict): ReportedNode {
  return {
    name: node.meta.name,
    cloud,
    network,
    taints: listed.map(formatTaint),
    removable: blockedBy === undefined,
    reason: blockedBy?.reason ?? '',
    conditions: judged.map(({ condition, verdict, reason, message }) => ({
      condition,
      verdict,
      reason,
      message: redactText(message),
    })),
  };
}

export function reportFinding(finding: Finding): ReportedFinding {
  return {
    check: finding.check,
    verdict: finding.verdict,
    reason: finding.reason,
    target: finding.target === undefined ? null : reportTarget(finding.target),
    message: redactText(finding.message),
    fix: redactText(finding.fix),
    evidence: redactObject(finding.evidence),
  };
}

function reportTarget({ apiVersion, kind, namespace, name }: Target): ReportedTarget {
  return { apiVersion, kind, namespace, name };
}

function reportChange({ field, before, after }: Change): ReportedChange {
  const name = field.replace(/\]$/, '');
  return {
    field,
    ...(before === undefined ? {} : { before: redactField(name, before) }),
    ...(after === undefined ? {} : { after: redactField(name, after) }),
  };
}

function redactField(name: string, value: Json): Json {
  if (typeof value === 'string') {
    return isSecretField(name) ? '[redacted]' : redactText(value);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return isList(value) ? value.map((item) => redactField(name, item)) : redactObject(value);
}

function redactObject(object: { readonly [key: string]: Json | undefined }): { readonly [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(object).flatMap(([key, value]) => (value === undefined ? [] : [[key, redactField(key, value)]])),
  );
}

/** `Array.isArray` that also narrows read-only arrays. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function summarise(
  inSync: readonly string[],
  actions: readonly ReportedAction[],
  findings: readonly ReportedFinding[],
  ending: Ending,
): Summary {
  function outcomes(...statuses: readonly ReportedOutcome['status'][]): number {
    return actions.filter(({ outcome }) => statuses.includes(outcome.status)).length;
  }
  function verdicts(verdict: Finding['verdict']): number {
    return findings.filter((finding) => finding.verdict === verdict).length;
  }
  const counts = {
    inSync: inSync.length,
    applied: outcomes('applied'),
    pending: outcomes('pending'),
    declined: outcomes('declined'),
    failed: outcomes('conflict', 'refused', 'failed'),
    failFindings: verdicts('fail'),
    warnFindings: verdicts('warn'),
    unknownFindings: verdicts('unknown'),
  };
  return { ...counts, text: summaryText(counts, ending) };
}

interface Ending {
  readonly mode: Report['mode'];
  readonly stopped: boolean;
}

function summaryText(counts: Omit<Summary, 'text'>, { mode, stopped }: Ending): string {
  const parts = [
    countOf(counts.applied, 'write done', 'writes done'),
    countOf(counts.pending, 'write planned', 'writes planned'),
    countOf(counts.declined, 'write declined', 'writes declined'),
    countOf(counts.failed, 'write failed', 'writes failed'),
    countOf(counts.inSync, 'in sync', 'in sync'),
    countOf(counts.failFindings, 'problem', 'problems'),
    countOf(counts.warnFindings, 'warning', 'warnings'),
    countOf(counts.unknownFindings, 'unknown', 'unknown'),
  ].filter((part) => part !== '');
  const text = parts.length === 0 ? 'nothing to do' : parts.join(', ');
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  if (stopped) return `${sentence} Stopped early: run it again.`;
  return mode === 'dry-run' && counts.pending > 0 ? `${sentence} Dry run: nothing was written.` : sentence;
}

function countOf(count: number, one: string, many: string): string {
  return count === 0 ? '' : `${count} ${count === 1 ? one : many}`;
}
