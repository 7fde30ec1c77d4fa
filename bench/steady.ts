import { systemClock } from '../src/lib/clock.ts';
import type { Result } from './stats.ts';
import { startController, type World } from './world.ts';

/**
 * After it nothing of the start is left: second lists of what was empty, the first look of the checks (after 2 to 3
 * minutes) and its confirmation, a minute later.
 */
const SETTLE_MS = 250_000;
/** What comes again comes every ten minutes at the latest: a list of each kind (`resync`) and a look (`checks.interval`). */
const WINDOW_MS = 600_000;
const MINUTES = WINDOW_MS / 60_000;

/** Ten minutes in which nothing changes: what the controller asks and costs in one of them, besides its Lease. */
export async function steadyState({ cluster }: World): Promise<Result[]> {
  const controller = startController(cluster);
  await systemClock.sleep(SETTLE_MS);
  const mark = await cluster.audit.mark();
  const cpu = controller.cpuSeconds();
  await systemClock.sleep(WINDOW_MS);
  const busy = ((controller.cpuSeconds() - cpu) / (WINDOW_MS / 1000)) * 100;
  const events = (await cluster.audit.since(mark)).filter(
    ({ userAgent, objectRef, verb, stage }) =>
      userAgent.startsWith('cilium-cloud-bridge') &&
      objectRef?.resource !== 'leases' &&
      stage === (verb === 'watch' ? 'ResponseStarted' : 'ResponseComplete'),
  );
  const memory = controller.residentMiB();
  await controller.stop();
  const count = (...verbs: readonly string[]): number => events.filter(({ verb }) => verbs.includes(verb)).length;
  const reads = { watches: count('watch'), lists: count('list'), others: count('get') };
  const writes = events.length - reads.watches - reads.lists - reads.others;
  const calls = events.length / MINUTES;
  return [
    {
      what: `steady state, a minute of ${MINUTES}`,
      figures: [
        `writes: ${writes}, calls: ${calls.toFixed(1)} (besides the Lease), processor: ${busy.toFixed(2)} % of a core; resident memory ${memory.toFixed(0)} MiB`,
        `in ${MINUTES} minutes: ${reads.watches} watches opened, ${reads.lists} lists, ${reads.others} other reads`,
      ],
      target: '0 writes, < 10 calls, < 1 % of a core',
      reached: writes === 0 && calls < 10 && busy < 1,
    },
  ];
}
