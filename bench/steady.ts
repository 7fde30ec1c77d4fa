import { systemClock } from '../src/lib/clock.ts';
import type { Result } from './stats.ts';
import { startController, type World } from './world.ts';

const SETTLE_MS = 5_000;
/**
 * Longer than any watch stays silent before it is opened anew. In the first one falls the first look of the checks,
 * after a minute, and a minute later its confirmation.
 */
const WINDOW_MS = 150_000;
const MINUTES = WINDOW_MS / 60_000;
/** From one look to the next: `checks.interval`. */
const LOOKS_EVERY_MINUTES = 10;

interface Spent {
  readonly writes: number;
  readonly calls: number;
  readonly cpuSeconds: number;
}

/**
 * A minute in which nothing changes: what the controller asks and costs besides its Lease. The checks of such a minute
 * are the share of those that were seen, for they come every ten minutes.
 */
export async function steadyState({ cluster }: World): Promise<Result[]> {
  const controller = startController(cluster);
  await systemClock.sleep(SETTLE_MS);
  const looks = await spentIn();
  const quiet = await spentIn();
  const memory = controller.residentMiB();
  await controller.stop();
  const calls = quiet.calls / MINUTES + (looks.calls - quiet.calls) / LOOKS_EVERY_MINUTES;
  const cpuSeconds = quiet.cpuSeconds / MINUTES + (looks.cpuSeconds - quiet.cpuSeconds) / LOOKS_EVERY_MINUTES;
  const busy = (cpuSeconds / 60) * 100;
  return [
    {
      what: 'steady state, one minute',
      figures: [
        `${WINDOW_MS / 1000} s between the looks of the checks: ${figuresOf(quiet)}`,
        `${WINDOW_MS / 1000} s with the first look and its confirmation: ${figuresOf(looks)}`,
        `a minute with its share of them: calls: ${calls.toFixed(1)}, processor: ${busy.toFixed(2)} % of a core; resident memory ${memory.toFixed(0)} MiB`,
      ],
      target: '0 writes, < 10 calls, < 1 % of a core',
      reached: quiet.writes === 0 && calls < 10 && busy < 1,
    },
  ];

  async function spentIn(): Promise<Spent> {
    const mark = await cluster.audit.mark();
    const cpu = controller.cpuSeconds();
    await systemClock.sleep(WINDOW_MS);
    const cpuSeconds = controller.cpuSeconds() - cpu;
    const events = (await cluster.audit.since(mark)).filter(
      ({ userAgent, objectRef, verb, stage }) =>
        userAgent.startsWith('cilium-cloud-bridge') &&
        objectRef?.resource !== 'leases' &&
        stage === (verb === 'watch' ? 'ResponseStarted' : 'ResponseComplete'),
    );
    const writes = events.filter((event) => !['get', 'list', 'watch'].includes(event.verb));
    return { writes: writes.length, calls: events.length, cpuSeconds };
  }
}

function figuresOf({ writes, calls, cpuSeconds }: Spent): string {
  return `writes: ${writes}, calls: ${calls} (besides the Lease), processor: ${cpuSeconds.toFixed(2)} s`;
}
