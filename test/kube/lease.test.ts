import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import { createLease, type Lease } from '../../src/kube/lease.ts';
import { readLeaseHolder } from '../../src/kube/lease-holder.ts';
import { asRecord, at } from '../../src/kube/read.ts';
import { LEASES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { eventually } from './eventually.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { type RecordedLog, recordLog } from './recorded-log.ts';

const REF = { namespace: 'kube-system', name: 'cilium-cloud-bridge' };
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

interface Candidate {
  readonly lease: Lease;
  readonly clock: FakeClock;
  readonly log: RecordedLog;
  readonly stop: () => Promise<void>;
  /** Lets the answers arrive and moves this candidate's clock. */
  readonly pass: (ms: number) => Promise<void>;
}

let api: FakeApi;
let dir: string;
let client: KubeClient;
let candidates: Candidate[];

beforeEach(async () => {
  api = await startFakeApi();
  dir = mkdtempSync(join(tmpdir(), 'ccb-lease-'));
  const path = api.writeKubeconfig(join(dir, 'config'));
  client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
  candidates = [];
});

afterEach(async () => {
  await Promise.all(candidates.map((candidate) => candidate.stop()));
  client.close();
  await api.stop();
  rmSync(dir, { recursive: true, force: true });
});

function stand(identity: string, startMs = Date.parse('2026-01-01T00:00:00Z')): Candidate {
  const clock = fakeClock(startMs);
  const log = recordLog();
  const lease = createLease({ client, ...REF, identity, clock, logger: log, random: () => 0 });
  const stopping = new AbortController();
  const running = lease.run(stopping.signal);
  const candidate = {
    lease,
    clock,
    log,
    stop: async () => {
      stopping.abort(new Error('stopping'));
      await running;
    },
    pass: async (ms: number) => {
      await eventually(() => clock.sleeping().length).toBe(1);
      clock.advance(ms);
    },
  };
  candidates.push(candidate);
  return candidate;
}

async function leading(identity: string): Promise<Candidate> {
  const candidate = stand(identity);
  await candidate.lease.whenLeader(AbortSignal.timeout(2_000));
  return candidate;
}

function spec(): RawObject {
  return asRecord(at(api.get(LEASES, REF), 'spec'));
}

/** Somebody else writes the Lease. */
function store(next: RawObject): void {
  api.apply({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: REF, spec: next });
}

/** Passes time in small steps, as it passes. */
async function passSlowly(candidate: Candidate, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await candidate.pass(1_000);
  }
}

describe('a Lease', () => {
  test('that nobody holds is made, with times of six decimals', async () => {
    const a = await leading('a');
    expect(a.lease.isLeader()).toBe(true);
    expect(a.lease.holder()).toBe('a');
    expect(spec()).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(spec().renewTime).toMatch(MICRO_TIME);
    expect(spec().acquireTime).toMatch(MICRO_TIME);
  });

  test('is renewed every two seconds by one write each, without a read', async () => {
    const a = await leading('a');
    const { acquireTime, renewTime } = spec();
    const before = api.requests.length;
    for (let round = 0; round < 3; round += 1) {
      await a.pass(2_000);
    }
    await eventually(() => spec().renewTime).toBe('2026-01-01T00:00:06.000000Z');
    expect(renewTime).toBe('2026-01-01T00:00:00.000000Z');
    expect(spec()).toMatchObject({ acquireTime, leaseTransitions: 0 });
    expect(api.requests.slice(before).map((request) => request.verb)).toEqual(['patch', 'patch', 'patch']);
  });

  test('held by another is left alone while it changes, whatever the clocks say', async () => {
    const a = await leading('a');
    // A day ahead: by its clock, every renewal is long expired.
    const b = stand('b', Date.parse('2026-01-02T00:00:00Z'));
    for (let round = 0; round < 15; round += 1) {
      await a.pass(2_000);
      await b.pass(2_000);
    }
    expect([a.lease.isLeader(), b.lease.isLeader()]).toEqual([true, false]);
    expect(b.lease.holder()).toBe('a');
  });

  test('whose record does not change for its duration is taken over', async () => {
    await leading('a');
    // An hour behind: by its clock, the renewal lies in the future.
    const b = stand('b', Date.parse('2025-12-31T23:00:00Z'));
    await passSlowly(b, 14_000);
    expect(spec().holderIdentity).toBe('a');
    await passSlowly(b, 4_000);
    await eventually(() => b.lease.isLeader()).toBe(true);
    expect(spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1, acquireTime: spec().renewTime });
  });

  test('that expired is taken by one of two', async () => {
    const a = await leading('a');
    await a.stop();
    store({ holderIdentity: 'dead', leaseDurationSeconds: 1 });
    const [b, c] = [stand('b'), stand('c')];
    for (let round = 0; round < 3; round += 1) {
      await Promise.all([b.pass(2_000), c.pass(2_000)]);
    }
    await eventually(() => [b, c].filter((each) => each.lease.isLeader()).length).toBe(1);
    await Promise.all([b.pass(2_000), c.pass(2_000)]);
    await eventually(() => b.clock.sleeping().length + c.clock.sleeping().length).toBe(2);
    expect([b, c].filter((each) => each.lease.isLeader())).toHaveLength(1);
  });

  test('is given up on a stop, and the next one has it at its next try', async () => {
    const a = await leading('a');
    const b = stand('b');
    await b.pass(2_000);
    const term = await a.lease.whenLeader(AbortSignal.timeout(1_000));
    await a.stop();
    expect(term.aborted).toBe(true);
    expect(a.lease.isLeader()).toBe(false);
    expect(spec()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 });
    await b.pass(2_000);
    await eventually(() => b.lease.isLeader()).toBe(true);
    expect(spec()).toMatchObject({ holderIdentity: 'b', leaseDurationSeconds: 15, leaseTransitions: 1 });
  });

  test('of another is not given up on a stop', async () => {
    await leading('a');
    const b = stand('b');
    await b.pass(2_000);
    await b.stop();
    expect(spec().holderIdentity).toBe('a');
  });
});

describe('the leadership', () => {
  test('ends by the clock, in the same tick, when it was not renewed for ten seconds', async () => {
    const a = await leading('a');
    const term = await a.lease.whenLeader(AbortSignal.timeout(1_000));
    await eventually(() => a.clock.sleeping().length).toBe(1);
    // As a process that was stopped by a signal: no timer has run yet when it goes on.
    api.faults.intercept((request) => (request.verb === 'patch' ? { kind: 'drop', how: 'reset' } : undefined));
    expect(a.lease.isLeader()).toBe(true);
    const wall = a.clock.now();
    a.clock.advance(10_000);
    expect(a.lease.isLeader()).toBe(false);
    a.clock.setNow(wall);
    expect(a.lease.isLeader()).toBe(false);
    await eventually(() => term.aborted).toBe(true);
    expect((term.reason as Error).message).toBe('no longer leading: it could not be renewed in time');
  });

  test('counts from when the renewal was sent, not from when its answer came', async () => {
    const a = await leading('a');
    api.faults.failNext((request) => request.verb === 'patch', { kind: 'delay', ms: 100 });
    await a.pass(2_000);
    await eventually(() => a.clock.sleeping().length).toBe(0);
    a.clock.advance(3_000);
    await eventually(() => a.clock.sleeping().length).toBe(1);
    expect(spec().renewTime).toBe('2026-01-01T00:00:02.000000Z');
    api.faults.intercept(() => ({ kind: 'drop', how: 'hang' }));
    a.clock.advance(6_999);
    expect(a.lease.isLeader()).toBe(true);
    a.clock.advance(1);
    expect(a.lease.isLeader()).toBe(false);
  });

  test('survives an API server that is away for less than that, and is told once', async () => {
    const a = await leading('a');
    const restore = api.faults.intercept(() => ({ kind: 'answer', status: 503 }));
    for (let round = 0; round < 3; round += 1) {
      await a.pass(2_000);
    }
    await eventually(() => a.clock.sleeping().length).toBe(1);
    expect(a.lease.isLeader()).toBe(true);
    restore();
    await a.pass(2_000);
    await eventually(() => spec().renewTime).toBe('2026-01-01T00:00:08.000000Z');
    expect(a.log.messages('warn')).toEqual(['lease cannot be read or written; trying again']);
  });

  test('is lost to one who took it meanwhile', async () => {
    const a = await leading('a');
    const term = await a.lease.whenLeader(AbortSignal.timeout(1_000));
    store({ ...spec(), holderIdentity: 'b' });
    await a.pass(2_000);
    await eventually(() => term.aborted).toBe(true);
    expect((term.reason as Error).message).toBe('no longer leading: another holds it now');
    expect(a.lease.isLeader()).toBe(false);
    await a.stop();
    expect(spec()).toMatchObject({ holderIdentity: 'b', leaseDurationSeconds: 15 });
  });

  test('goes on when the answer to a renewal was lost', async () => {
    const a = await leading('a');
    api.faults.failNext((request) => request.verb === 'patch', { kind: 'cut', afterBytes: 0, how: 'reset' });
    await a.pass(2_000);
    await eventually(() => a.clock.sleeping().length).toBe(1);
    expect(spec().renewTime).toBe('2026-01-01T00:00:02.000000Z');
    await a.pass(2_000);
    await eventually(() => spec().renewTime).toBe('2026-01-01T00:00:04.000000Z');
    expect(a.lease.isLeader()).toBe(true);
    expect(spec().leaseTransitions).toBe(0);
  });

  test('goes on when somebody deleted the Lease', async () => {
    const a = await leading('a');
    api.remove(LEASES, REF);
    await a.pass(2_000);
    await eventually(() => spec().holderIdentity).toBe('a');
    expect(a.lease.isLeader()).toBe(true);
  });

  test('pauses when the wall clock jumps ahead (a virtual machine that slept) until it is renewed', async () => {
    const a = await leading('a');
    const term = await a.lease.whenLeader(AbortSignal.timeout(1_000));
    a.clock.setNow(a.clock.now() + 60_000);
    expect(a.lease.isLeader()).toBe(false);
    await a.pass(2_000);
    await eventually(() => a.lease.isLeader()).toBe(true);
    a.clock.setNow(a.clock.now() - 600_000);
    expect(a.lease.isLeader()).toBe(true);
    // What waits for a term is told of the new one: writes that were not allowed in between are due.
    expect(term.aborted).toBe(true);
    const next = await a.lease.whenLeader(AbortSignal.timeout(1_000));
    expect(next.aborted).toBe(false);
  });

  test('can be waited for, and the wait be given up', async () => {
    await leading('a');
    const b = stand('b');
    await expect(b.lease.whenLeader(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('who leads, asked from outside', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');

  function write(holderIdentity: string, renewedAgoMs: number): void {
    const renewTime = new Date(now - renewedAgoMs).toISOString().replace('Z', '000Z');
    store({ holderIdentity, leaseDurationSeconds: 15, renewTime, acquireTime: renewTime, leaseTransitions: 0 });
  }

  test('nobody, where there is no Lease or it was given up', async () => {
    const clock = fakeClock(now);
    expect(await readLeaseHolder(client, REF.namespace, REF.name, clock)).toEqual({ live: false, holder: '' });
    write('', 1_000);
    expect(await readLeaseHolder(client, REF.namespace, REF.name, clock)).toEqual({ live: false, holder: '' });
  });

  test('a holder that renewed within the duration, by one look', async () => {
    write('a', 14_000);
    expect(await readLeaseHolder(client, REF.namespace, REF.name, fakeClock(now))).toEqual({
      live: true,
      holder: 'a',
      renewTime: '2025-12-31T23:59:46.000000Z',
    });
  });

  test('nobody, by one look, where the renewal is older than clocks can differ', async () => {
    write('a', 3_600_001);
    expect(await readLeaseHolder(client, REF.namespace, REF.name, fakeClock(now))).toEqual({
      live: false,
      holder: 'a',
    });
  });

  test.each([60_000, -60_000])(
    'a holder whose clock differs (renewed %i ms ago), when its record changes',
    async (ago) => {
      write('a', ago);
      const clock = fakeClock(now);
      const answer = readLeaseHolder(client, REF.namespace, REF.name, clock);
      await eventually(() => clock.sleeping().length).toBe(1);
      write('a', ago - 2_000);
      clock.advance(1_000);
      await expect(answer).resolves.toMatchObject({ live: true, holder: 'a' });
    },
  );

  test('nobody, when such a record does not change for its duration', async () => {
    write('a', 60_000);
    const clock = fakeClock(now);
    const answer = readLeaseHolder(client, REF.namespace, REF.name, clock);
    for (let second = 0; second < 15; second += 1) {
      await eventually(() => clock.sleeping().length).toBe(1);
      clock.advance(1_000);
    }
    await expect(answer).resolves.toEqual({ live: false, holder: 'a' });
  });
});
