import { systemClock } from '../../src/lib/clock.ts';
import { waitFor } from '../control-plane/wait.ts';
import type { Attempt, EnvoyAnswer } from './answer.ts';
import type { Target } from './client.ts';
import type { Datapath } from './fixture.ts';

const TIMEOUT_MS = 30_000;
/** The gap of a Service write begins up to 500 ms after it, later on a busy machine. */
const SETTLED_MS = 2_000;

/** A port of every node, as targets. */
export function everyNode(datapath: Datapath, port: number, rest: Omit<Target, 'address'> = {}): readonly Target[] {
  return datapath.nodes.map((node) => ({ name: node.name, address: `${node.address}:${port}`, ...rest }));
}

/** Resolves when each target's answer is as wanted; else rejects with what they answered last. */
export async function untilAnswered(
  datapath: Datapath,
  targets: readonly Target[],
  wanted: (answer: EnvoyAnswer) => boolean,
): Promise<void> {
  let last: readonly Attempt[] = [];
  const look = async (): Promise<boolean> => {
    last = (await datapath.client.connect({ targets, count: targets.length })).attempts;
    return last.every(({ body }) => body !== null && wanted(body));
  };
  await waitFor('every target to answer as wanted', look, { timeoutMs: TIMEOUT_MS }).catch((error: unknown) => {
    const seen = last.map(
      ({ target, outcome, error: why, body }) => `${target} ${outcome} ${why} ${JSON.stringify(body)}`,
    );
    throw new Error(`not every target answered as wanted in ${TIMEOUT_MS} ms:\n${seen.join('\n')}`, { cause: error });
  });
}

/** Resolves when each target has answered as wanted without a break for so long that no gap of an earlier Service write can follow. */
export async function untilSettled(
  datapath: Datapath,
  targets: readonly Target[],
  wanted: (answer: EnvoyAnswer) => boolean,
): Promise<void> {
  const endsAt = performance.now() + TIMEOUT_MS;
  let goodSince = Number.POSITIVE_INFINITY;
  while (performance.now() - goodSince < SETTLED_MS) {
    if (performance.now() > endsAt) throw new Error(`the targets did not settle within ${TIMEOUT_MS} ms`);
    const { attempts } = await datapath.client.connect({ targets, count: targets.length });
    const good = attempts.every(({ body }) => body !== null && wanted(body));
    goodSince = good ? Math.min(goodSince, performance.now()) : Number.POSITIVE_INFINITY;
    await systemClock.sleep(50);
  }
}
