import type { Diagnosis } from '../checks/check.types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { describeTarget } from '../plan/make.ts';
import type { Finding } from '../plan/plan.types.ts';
import type { Announcer } from './announcer.ts';
import { createFindingMonitor } from './finding-monitor.ts';

/** What is wrong at one look and well again at the next, such as an agent that restarts, is no news. */
const CONFIRM_MS = 60_000;
/** Parts of the interval until the first look: after a start everybody else reads, too. */
const FIRST_SHARE = 0.2;
const JITTER = 0.1;
/** What a look asks of the API server counts for so long each: five calls a minute, however large the cluster is. */
const MS_A_CALL = 12_000;
const LONGEST_REST_MS = 3_600_000;
/** Only a change of the configuration ends it. */
const SWITCHED_OFF_MS = 24 * 3_600_000;

/** What the checks last came to. */
export interface LastChecks {
  /** Undefined: they could not be run; then `error` says why. */
  readonly diagnosis: Diagnosis | undefined;
  readonly error: string;
  /** Wall clock, milliseconds. */
  readonly finishedAt: number;
  readonly tookMs: number;
}

export interface CheckScheduleOptions {
  /** Reads the cluster and its cloud, and runs the checks. */
  readonly diagnose: (signal: AbortSignal) => Promise<Diagnosis>;
  /** Whether and how often; asked again after each change. */
  readonly config: () => { readonly enabled: boolean; readonly intervalMs: number };
  /** Calls back after each change of the configuration, until what it returns is called. */
  readonly onConfigChange: (listener: () => void) => () => void;
  /** Resolves with a signal that ends with the term, as soon as this process leads. */
  readonly whenLeader: (signal: AbortSignal) => Promise<AbortSignal>;
  /** Whether a loop told a finding already: it is not told again. */
  readonly isTold: (finding: Finding) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly announcer: Announcer;
  /** Requests to the API server that all looks made so far; absent: they are not counted. */
  readonly callsMade?: (() => number) | undefined;
  /** Told what each run came to. */
  readonly onEnded?: ((last: LastChecks) => void) | undefined;
  /** Yields 0 ≤ x < 1, for jitter. */
  readonly random: () => number;
}

/** Runs doctor's checks now and then while this process leads, and tells what changed. */
export interface CheckSchedule {
  /** Undefined: they have not run yet. */
  last(): LastChecks | undefined;
  /** Ends after `signal` is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export function createCheckSchedule(options: CheckScheduleOptions): CheckSchedule {
  const { diagnose, config, onConfigChange, whenLeader, isTold, clock, logger, announcer, onEnded, random } = options;
  const callsMade = options.callsMade ?? (() => 0);
  const monitor = createFindingMonitor(CONFIRM_MS, new Set());
  let last: LastChecks | undefined;
  /** What the last look asks for in peace, milliseconds. */
  let restMs = 0;

  /** One look. Resolves with the time until what is new will have been confirmed; undefined: nothing is. */
  async function look(term: AbortSignal): Promise<number | undefined> {
    const startedAt = clock.monotonic();
    const callsBefore = callsMade();
    const finish = (diagnosis: Diagnosis | undefined, error: string): void => {
      last = { diagnosis, error, finishedAt: clock.now(), tookMs: clock.monotonic() - startedAt };
      onEnded?.(last);
    };
    try {
      const diagnosis = await diagnose(term);
      if (term.aborted) return undefined;
      finish(diagnosis, '');
      return tell(diagnosis);
    } catch (error) {
      if (term.aborted) return undefined;
      finish(undefined, error instanceof Error ? error.message : String(error));
      logger.warn({ err: error }, 'the checks could not be run');
      return undefined;
    } finally {
      restMs = Math.min(LONGEST_REST_MS, (callsMade() - callsBefore) * MS_A_CALL);
    }
  }

  function tell({ outcomes }: Diagnosis): number | undefined {
    const followsFrom = new Map(outcomes.map(({ check, followsFrom: cause }) => [check.id, cause]));
    const findings = outcomes.flatMap((outcome) => outcome.findings).filter((finding) => !isTold(finding));
    const { appeared, resolved, nextMs } = monitor.update(
      [...findings.filter(({ verdict }) => verdict !== 'unknown'), ...unknownOnce(findings)],
      clock.monotonic(),
    );
    for (const finding of appeared) {
      const { check, reason, verdict, fix, message, target, evidence } = finding;
      const object = target === undefined ? {} : { object: describeTarget(target) };
      const cause = followsFrom.get(check);
      const fields = { check, reason, verdict, ...object, fix, ...(cause === undefined ? {} : { followsFrom: cause }) };
      // What cannot be told is no trouble of the cluster.
      if (verdict === 'unknown') logger.info({ ...fields, checks: evidence.checks }, message);
      else logger.warn(fields, message);
      if (verdict !== 'unknown' && target !== undefined) announcer.finding(finding, target);
    }
    for (const { check, reason, message, target } of resolved) {
      const object = target === undefined ? {} : { object: describeTarget(target) };
      logger.info({ check, reason, ...object }, `No longer so: ${message}`);
    }
    return nextMs;
  }

  /** Waits for its share of the interval; false: the configuration changed, and with it maybe the interval. */
  async function pause(share: number, atMostMs: number, term: AbortSignal): Promise<boolean> {
    const { enabled, intervalMs } = config();
    if (!enabled) last = undefined; // nobody keeps it up to date any more
    const changed = new AbortController();
    const forget = onConfigChange(() => changed.abort());
    try {
      const ms = enabled ? Math.min(atMostMs, Math.max(intervalMs, restMs) * share) : SWITCHED_OFF_MS;
      await clock.sleep(ms, AbortSignal.any([term, changed.signal]));
      return enabled;
    } catch (error) {
      if (term.aborted) throw error;
      return false;
    } finally {
      forget();
    }
  }

  /** Looks again and again until the term ends. */
  async function serve(term: AbortSignal): Promise<void> {
    let share = FIRST_SHARE + JITTER * random();
    let atMostMs = Number.POSITIVE_INFINITY;
    let isConfirming = false;
    while (!term.aborted) {
      if (!(await pause(share, atMostMs, term))) continue;
      const confirmMs = await look(term);
      share = 1 - JITTER + 2 * JITTER * random();
      // A cluster in which something new happens all the time is not read more than twice as often.
      isConfirming = confirmMs !== undefined && confirmMs < config().intervalMs * share && !isConfirming;
      atMostMs = isConfirming && confirmMs !== undefined ? confirmMs : Number.POSITIVE_INFINITY;
    }
  }

  return {
    last: () => last,
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          const term = await whenLeader(signal);
          await serve(AbortSignal.any([term, signal]));
        } catch (error) {
          // A sleep ends so when the term does.
          if (!signal.aborted) logger.debug({ err: error }, 'the checks rest until this process leads again');
        }
      }
    },
  };
}

/** What several checks cannot tell for one cause, once. */
function unknownOnce(findings: readonly Finding[]): readonly Finding[] {
  const unknown = findings.filter(({ verdict }) => verdict === 'unknown');
  return [...Map.groupBy(unknown, ({ reason, message }) => `${reason} ${message}`).values()].flatMap((group) => {
    const [one] = group;
    return one === undefined
      ? []
      : [{ ...one, evidence: { ...one.evidence, checks: group.map(({ check }) => check) } }];
  });
}
