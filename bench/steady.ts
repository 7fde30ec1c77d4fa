import { systemClock } from '../src/lib/clock.ts';
import type { Result } from './stats.ts';
import { startController, type World } from './world.ts';

const SETTLE_MS = 5_000;
const WINDOW_MS = 60_000;

/** A minute in which nothing changes: what the controller asks and costs besides its Lease. */
export async function steadyState({ cluster }: World): Promise<Result[]> {
  const controller = startController(cluster);
  await systemClock.sleep(SETTLE_MS);
  const mark = await cluster.audit.mark();
  const cpu = controller.cpuSeconds();
  await systemClock.sleep(WINDOW_MS);
  const busy = ((controller.cpuSeconds() - cpu) / (WINDOW_MS / 1000)) * 100;
  const events = (await cluster.audit.since(mark)).filter(
    (event) => event.userAgent.startsWith('cilium-cloud-bridge') && event.objectRef?.resource !== 'leases',
  );
  const memory = controller.residentMiB();
  await controller.stop();
  const writes = events.filter((event) => !['get', 'list', 'watch'].includes(event.verb));
  return [
    {
      what: 'steady state, one minute',
      figures: [
        `writes: ${writes.length}, calls: ${events.length} (besides the Lease)`,
        `processor: ${busy.toFixed(2)} % of a core, resident memory ${memory.toFixed(0)} MiB`,
      ],
      target: '0 writes, < 10 calls, < 1 % of a core',
      reached: writes.length === 0 && events.length < 10 && busy < 1,
    },
  ];
}
