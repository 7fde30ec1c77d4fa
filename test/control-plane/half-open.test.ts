import { expect, test } from 'vitest';
import {
  changeRoute,
  cluster,
  expectFewCalls,
  inStep,
  inSync,
  relay,
  sourceChanged,
  spoilTargetPort,
  useFaultScene,
} from './fault-scene.ts';
import { settledWritesSince } from './product.ts';
import { PATCH_COPY, TARGET_PORT } from './redirect-scene.ts';
import { waitFor } from './wait.ts';

/* In a file of its own: it mostly waits, though the program's time runs faster here. */

const SPEED = 4;

useFaultScene(SPEED);

test('half-open connections: what passes nothing any more is given up, and the program goes on over new ones', async () => {
  const mark = await cluster.audit.mark();
  relay.stall();
  await changeRoute('/while-half-open');
  await sourceChanged('/while-half-open');
  await spoilTargetPort();
  // A watch may be silent for two minutes and a fifth, since a kind that nobody touches is.
  await waitFor('the targetPort to be mended', inStep, {
    timeoutMs: 160_000 / SPEED,
    everyMs: 500,
  });
  await inSync();
  expect((await settledWritesSince(cluster, mark)).toSorted()).toEqual([PATCH_COPY, TARGET_PORT].toSorted());
  await expectFewCalls(mark);
}, 300_000);
