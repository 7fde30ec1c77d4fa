import { afterEach, expect, test } from 'vitest';
import { LEASES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createRandom } from '../random.ts';
import type { AuditEvent } from './audit.ts';
import {
  cluster,
  expectOneWriterAtATime,
  inSync,
  isDone,
  isOfLease,
  keepChanging,
  LEASE,
  leader,
  leaderAfter,
  type Replica,
  replicas,
  requestsOfReplicas,
  SECOND_ENTRYPOINT,
  spoil,
  startReplica,
  useLeaderScene,
} from './leader-scene.ts';
import { valueAt } from './objects.ts';
import { isWrite } from './product.ts';
import { waitFor } from './wait.ts';

/*
 * Three processes on a real API server, of which one leads. Who wrote what is read in the audit log: each process has a
 * token of its own. `npm run leader-kills` repeats the first test.
 */

const LEASE_MS = 15_000;
/** Answers of a busy machine. */
const SLACK_MS = 1_000;
const KILLS = Number(process.env.LEADER_KILLS ?? 1);
const SEED = Number(process.env.LEADER_SEED ?? Date.now() % 100_000);

useLeaderScene(8 + KILLS);

afterEach(async () => {
  expect(await expectOneWriterAtATime()).toBeGreaterThan(0);
});

test(
  `kill -9 at a random moment, while things change: another takes over within the Lease's time (seed ${SEED})`,
  async () => {
    const random = createRandom(SEED, 'kills');
    const stopChanges = keepChanging();
    const takeovers: number[] = [];
    try {
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const former = await leader();
        await systemClock.sleep(random.below(4_000));
        const mark = await cluster.audit.mark();
        const killedAt = Date.now();
        await former.controller.program.kill();
        const next = await leaderAfter(former);
        const first = (await requestsOfReplicas(mark)).find(
          (event) => isOfLease(event) && isDone(event) && event.user.username === next.name,
        );
        const takeoverMs = Date.parse(first?.stageTimestamp ?? '') - killedAt;
        takeovers.push(takeoverMs);
        await waitFor('a write of the next leader', async () =>
          (await requestsOfReplicas(mark)).some(
            (event) => isWrite(event) && isDone(event) && event.user.username === next.name,
          ),
        );
        if (KILLS > 1) console.log(`kill ${kill}: ${former.name} → ${next.name} after ${takeoverMs} ms`);
        expect(takeoverMs).toBeLessThan(LEASE_MS + SLACK_MS);
        await startReplica();
      }
    } finally {
      await stopChanges();
    }
    await inSync();
    if (KILLS > 1) console.log(distribution(takeovers));
  },
  60_000 + KILLS * 40_000,
);

test('SIGTERM: another takes over within three seconds, and does what changed in between', async () => {
  const former = await leader();
  const mark = await cluster.audit.mark();
  const before = Number(valueAt(await cluster.get(LEASES, LEASE), 'spec', 'leaseTransitions'));
  const stoppedAt = Date.now();
  former.controller.program.signal('SIGTERM');
  await spoil();
  const next = await leaderAfter(former);
  await inSync();
  expect(Date.now() - stoppedAt).toBeLessThan(3_000);
  await former.controller.program.exited;
  expect(Number(valueAt(await cluster.get(LEASES, LEASE), 'spec', 'leaseTransitions'))).toBe(before + 1);
  const told = (await cluster.list(EVENTS, LEASE.namespace)).map((event) => String(valueAt(event, 'message')));
  expect(told.filter((message) => message.startsWith(`${former.name}_`)).map(lastWords)).toEqual([
    'became leader',
    'stopped leading',
  ]);
  expect(told.filter((message) => message.startsWith(`${next.name}_`)).map(lastWords)).toEqual(['became leader']);
  expect((await requestsOfReplicas(mark)).filter(isWrite).filter((event) => !isDone(event))).toEqual([]);
  await startReplica();
});

test('SIGSTOP for a minute, then SIGCONT: it writes no more, and what the network still held fails', async () => {
  const former = await leader();
  await eventsSent(former); // they have no precondition: one that the network held would be written by another than the leader
  const mark = await cluster.audit.mark();
  // What it sends from now on lies in the network.
  former.relay.hold();
  await spoil();
  await systemClock.sleep(3_000);
  await spoil(SECOND_ENTRYPOINT);
  await systemClock.sleep(500);
  former.controller.program.signal('SIGSTOP');
  const stoppedAt = Date.now();
  const next = await leaderAfter(former);
  await inSync();
  await systemClock.sleep(60_000 - (Date.now() - stoppedAt));
  const asked = async (): Promise<readonly AuditEvent[]> =>
    (await requestsOfReplicas(mark)).filter((event) => event.user.username === former.name && isWrite(event));
  expect(await asked()).toEqual([]);
  former.relay.release();
  await waitFor('the write that was under way to arrive', async () => (await asked()).length > 0);
  const continuedAt = Date.now();
  former.controller.program.signal('SIGCONT');
  await former.controller.waitForLine('that it lost the Lease', ({ msg }) => msg === 'no longer leading');
  await former.controller.waitForLine(
    'whom it stands by',
    ({ msg, holder }) => msg === 'standing by' && String(holder).startsWith(`${next.name}_`),
  );
  await systemClock.sleep(3_000);
  // What had left the process, refused by its precondition; nothing since.
  const late = await asked();
  expect(new Set(late.map(({ responseStatus }) => responseStatus?.code))).toEqual(new Set([422]));
  expect(late.filter(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp) >= continuedAt)).toEqual(
    [],
  );
  expect(late.map(({ objectRef }) => objectRef?.name)).toContain('gateway-entrypoint');
  await inSync();

  // It did not end: it stands by as the others do, and leads again when its turn comes.
  for (const { name, controller } of replicas) if (name !== former.name) controller.program.signal('SIGTERM');
  await spoil();
  expect((await leaderAfter(next)).name).toBe(former.name);
  await inSync(5_000);
}, 180_000);

test('who stands by reads and writes nothing, not even as a dry run, and tells nothing', async () => {
  const led = new Set(
    (await requestsOfReplicas()).filter((event) => isOfLease(event) && isDone(event)).map(({ user }) => user.username),
  );
  const standbys = replicas.filter(({ name }) => !led.has(name));
  expect(standbys.length).toBeGreaterThan(0);
  const names = new Set(standbys.map(({ name }) => name));
  const asked = (await requestsOfReplicas()).filter(({ user }) => names.has(user.username));
  // Of two who reach for a Lease that is free, one is refused.
  const wrote = asked.filter(
    (event) =>
      !['get', 'list', 'watch'].includes(event.verb) &&
      event.objectRef?.resource !== 'selfsubjectaccessreviews' &&
      !(isOfLease(event) && event.responseStatus?.code === 409),
  );
  expect(wrote).toEqual([]);
  for (const { controller } of standbys) {
    expect(controller.log().filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    expect(controller.log().filter(({ check, action }) => check !== undefined || action !== undefined)).toEqual([]);
  }
});

const EVENTS = { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };

/**
 * All that it had to tell of its beginning is told, and of its last write: it has asked for nothing but its Lease for
 * longer than a finding must stand before it is told.
 */
async function eventsSent({ name }: Replica): Promise<void> {
  const sent = async (): Promise<number> =>
    (await requestsOfReplicas()).filter((event) => event.user.username === name && !isOfLease(event)).length;
  let before = -1;
  await waitFor(
    `the Events of ${name}`,
    async () => {
      const now = await sent();
      const isQuiet = now === before;
      before = now;
      return isQuiet;
    },
    { timeoutMs: 50_000, everyMs: 7_000 },
  );
}

function lastWords(message: string): string {
  return message.split(' ').slice(1).join(' ');
}

/** Of milliseconds, for people. */
function distribution(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const seconds = (share: number): string =>
    ((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) / 1000).toFixed(2);
  return `${values.length} kills: take-over after ${seconds(0)} s at least, ${seconds(0.5)} s median, ${seconds(0.9)} s p90, ${seconds(1)} s at most`;
}
