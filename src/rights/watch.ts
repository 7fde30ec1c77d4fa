import type { KubeClient } from '../kube/client.types.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Target } from '../plan/plan.types.ts';
import { rulesFor } from './mend.ts';
import { type Need, PARTS, type Part } from './needed.ts';
import { askRights, describeNeeds, type RightsReport } from './preflight.ts';

/** While something is missing, or got no answer, it is asked for so often. */
const ASK_AGAIN_MS = 60_000;
/** Only a change of the configuration ends it. */
const NOTHING_TO_ASK_MS = 24 * 3_600_000;

export interface RightsWatchOptions {
  readonly client: KubeClient;
  /** What is needed now; asked again after each change of the configuration. */
  readonly needs: () => readonly Need[];
  /** What was asked before the first write. */
  readonly first: RightsReport;
  readonly onConfigChange: (listener: () => void) => () => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly recorder: Pick<EventRecorder, 'record'>;
  /** The program's own Pod; undefined: it runs in none. */
  readonly pod: Target | undefined;
}

/** Tells which parts of the program have to do without their rights, and when they have them. */
export interface RightsWatch {
  /** For metrics: missing rights by part. */
  missing(): ReadonlyMap<Part, number>;
  /** Ends after `signal` is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export function createRightsWatch(options: RightsWatchOptions): RightsWatch {
  const { client, needs, first, onConfigChange, clock, logger, recorder, pod } = options;
  let missing = new Map<Part, readonly Need[]>();
  /** Something got no answer, and may get one. */
  let isOpen = first.unknown?.isRefused === false;

  function takeFirst(): void {
    if (first.unknown !== undefined) {
      const { count, error, fix } = first.unknown;
      logger.warn({ asked: first.asked, unknown: count, err: error, fix }, 'not all rights could be asked for');
    }
    take(first);
  }

  function take(report: RightsReport): void {
    const next = Map.groupBy(report.missing, ({ part }) => part);
    for (const [part, own] of next) {
      if (describeNeeds(own) !== describeNeeds(missing.get(part) ?? [])) tell(part, own);
    }
    for (const part of missing.keys()) {
      if (!next.has(part)) logger.info({ part: PARTS[part].title }, 'no right is missing any more');
    }
    missing = next;
  }

  function tell(part: Part, own: readonly Need[]): void {
    const { title, loss } = PARTS[part];
    const rules = Object.fromEntries(rulesFor(own.map(({ permission }) => permission)));
    logger.warn(
      { reason: 'RightsMissing', part: title, missing: describeNeeds(own), loss, rules },
      'rights are missing',
    );
    if (pod === undefined) return;
    const message = `For ${title}, this account may not ${describeNeeds(own)}. ${loss}`;
    recorder.record({ target: pod, type: 'Warning', reason: 'RightsMissing', action: 'Preflight', message });
  }

  /** Whether the configuration changed meanwhile. */
  async function wait(signal: AbortSignal): Promise<boolean> {
    const changed = new AbortController();
    const forget = onConfigChange(() => changed.abort());
    const ms = missing.size > 0 || isOpen ? ASK_AGAIN_MS : NOTHING_TO_ASK_MS;
    await clock.sleep(ms, AbortSignal.any([signal, changed.signal])).catch(() => undefined);
    forget();
    return changed.signal.aborted;
  }

  return {
    missing: () => new Map([...missing].map(([part, own]) => [part, own.length])),
    run: async (signal) => {
      takeFirst();
      while (!signal.aborted) {
        const hasChanged = await wait(signal);
        const asked = hasChanged || isOpen ? needs() : [...missing.values()].flat();
        const report = await askRights(client, asked, signal).catch(() => undefined);
        if (report === undefined) continue;
        isOpen = report.unknown?.isRefused === false;
        // What could not be asked is as it was.
        if (report.unknown === undefined) take(report);
      }
    },
  };
}
