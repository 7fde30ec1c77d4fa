import type { GatewayConfig } from '../config/config.types.ts';
import type { GatewayPlan } from '../gateway/plan.ts';
import { NOT_PROGRAMMED } from '../gateway/programmed.ts';
import { copyMend, specMend, statusMend } from '../gateway/second-writer.ts';
import type { Bell } from '../lib/bell.ts';
import type { Clock } from '../lib/clock.ts';
import { actionId, undoes, writtenBy } from '../plan/history.ts';
import { describeTarget, finding } from '../plan/make.ts';
import type { Action, Finding, Outcome } from '../plan/plan.types.ts';
import type { Reconciler } from '../plan/reconciler.types.ts';
import type { Executor } from './once-executor.ts';
import type { OncePlan } from './once-reconciler.ts';

/** A cloud controller that clears what it did not write does so within 1 to 3 s (huawei.md §0.7). */
const QUIET_MS = 4_000;

export interface SettleParts {
  readonly waitMs: number;
  readonly config: GatewayConfig;
  readonly reconciler: Reconciler<OncePlan>;
  readonly executor: Executor;
  readonly changes: Bell;
  readonly clock: Clock;
}

export interface Settled {
  readonly plan: OncePlan;
  readonly findings: readonly Finding[];
  readonly followUps: readonly Action[];
}

/** Waits until the Gateways show what was published and nothing was set back, or the time is up. */
export async function settle(parts: SettleParts, signal: AbortSignal): Promise<Settled> {
  const { reconciler, executor, clock } = parts;
  const deadline = clock.monotonic() + parts.waitMs;
  const followUps: Action[] = [];
  for (;;) {
    const plan = await reconciler.look(signal);
    const outcomes = executor.outcomes();
    const undone = plan.actions.filter((action) => isUndone(action, outcomes));
    if (undone.length > 0) {
      const findings = undone.map((action) => undoneFinding(action, reconciler.writerOf(action), parts.config));
      return { plan, findings, followUps };
    }
    // An entrypoint that was just made gets its address from the cloud a little later: that belongs to this run.
    const more = plan.actions.filter((action) => follows(action, outcomes));
    if (more.length > 0) {
      followUps.push(...more);
      await executor.apply(more);
      continue;
    }
    const now = clock.monotonic();
    const until = isWaiting(plan, outcomes) ? deadline : Math.min(deadline, quietUntil(plan, parts, now));
    if (until <= now)
      return { plan: parts.waitMs === 0 ? withoutVerdict(plan, outcomes) : plan, findings: [], followUps };
    await parts.changes.wait(Math.min(until - now, 500), clock, signal);
  }
}

/** Asked not to wait, the run does not judge whether Cilium took over what it has just written. */
function withoutVerdict(plan: OncePlan, outcomes: readonly Outcome[]): OncePlan {
  const written = new Set(outcomes.filter((one) => one.status === 'applied').map((one) => one.action.key));
  const judged = plan.subjects.filter((state) => written.has(state.subject.key)).map((state) => state.subject.target);
  const findings = plan.findings.filter(
    (one) => one.reason !== NOT_PROGRAMMED || !judged.some((target) => target === one.target),
  );
  return { ...plan, findings };
}

/** The same write is due again: somebody undid it. */
function isUndone(action: Action, outcomes: readonly Outcome[]): boolean {
  return outcomes.some(
    (one) =>
      one.status === 'applied' && actionId(one.action) === actionId(action) && undoes(writtenBy(one.action), action),
  );
}

/** A write for a subject whose entrypoint this run made, and which was not tried yet. */
function follows(action: Action, outcomes: readonly Outcome[]): boolean {
  const made = outcomes.some(
    (one) => one.action.key === action.key && one.action.kind === 'create-entrypoint' && one.status === 'applied',
  );
  return made && action.pausedBy === undefined && !outcomes.some((one) => actionId(one.action) === actionId(action));
}

/** Cilium has not taken an address over yet, or the cloud has not given one to an entrypoint that was just made. */
function isWaiting(plan: GatewayPlan, outcomes: readonly Outcome[]): boolean {
  const made = new Set(
    outcomes
      .filter((one) => one.action.kind === 'create-entrypoint' && one.status === 'applied')
      .map((one) => one.action.key),
  );
  return (
    plan.findings.some((one) => one.reason === NOT_PROGRAMMED) ||
    plan.subjects.some((state) => made.has(state.subject.key) && state.addresses.length === 0)
  );
}

/** How long a Service without a class of our own must stay as it was written before it counts as kept. */
function quietUntil(plan: GatewayPlan, { executor, config }: SettleParts, now: number): number {
  const lastWriteAt = executor.lastWriteAt();
  if (lastWriteAt === undefined) return now;
  const written = new Set(executor.outcomes().map((one) => one.action.key));
  const contested = plan.subjects.some(
    ({ subject }) => written.has(subject.key) && subject.service?.loadBalancerClass !== config.loadBalancerClass,
  );
  return contested ? lastWriteAt + QUIET_MS : now;
}

function undoneFinding(action: Action, writer: string, config: GatewayConfig): Finding {
  const status = action.kind === 'publish-address' || action.kind === 'clear-address';
  const who = writer === '' ? 'another writer' : writer;
  return finding('second-writer', 'fail', {
    reason: 'SecondWriter',
    target: action.target,
    message: `${who} undid what was written to ${describeTarget(action.target)} (${action.changes.map((change) => change.field).join(', ')}).`,
    fix: status ? statusMend(config) : action.request.verb === 'copy' ? copyMend(action) : specMend(),
    evidence: { writer },
  });
}
