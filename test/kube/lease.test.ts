import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import type { KubeEvent } from '../../src/kube/event-object.ts';
import { createLease, type Lease } from '../../src/kube/lease.ts';
import { readLeaseHolder } from '../../src/kube/lease-holder.ts';
import { readLease } from '../../src/kube/lease-record.ts';
import { takeLeaseOver } from '../../src/kube/lease-takeover.ts';
import { asRecord, at } from '../../src/kube/read.ts';
import { LEASES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { eventually } from './eventually.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { type RecordedLog, recordLog } from './recorded-log.ts';

const REF = { namespace: 'kube-system', name: 'cilium-cloud-bridge' };
const TIMES = { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
const START = Date.parse('2026-01-01T00:00:00Z');
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

const FORBIDDEN = { kind: 'answer', status: 403, reason: 'Forbidden', message: 'no' } as const;

interface Candidate {
  readonly lease: Lease;
  readonly clock: FakeClock;
  readonly log: RecordedLog;
  /** Events. */
  readonly told: readonly string[];
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

function stand(identity: string, startMs = START, random = () => 0): Candidate {
  const clock = fakeClock(startMs);
  const log = recordLog();
  const told: string[] = [];
  const recorder = {
    record: ({ target, reason, message }: KubeEvent) => told.push(`${target.kind} ${reason}: ${message}`),
  };
  const lease = createLease({ client, ...REF, ...TIMES, identity, clock, logger: log, recorder, random });
  const stopping = new AbortController();
  const running = lease.run(stopping.signal);
  const candidate = {
    lease,
    clock,
    log,
    told,
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
  await watching(1);
  return candidate;
}

/** So many have opened their watch. */
async function watching(count: number): Promise<void> {
  await eventually(() => api.requests.filter(({ verb }) => verb === 'watch').length).toBeGreaterThanOrEqual(count);
}

function spec(): RawObject {
  return asRecord(at(api.get(LEASES, REF), 'spec'));
}

/** Somebody else writes the Lease. */
function store(next: RawObject, metadata: RawObject = {}): void {
  api.apply({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { ...REF, ...metadata }, spec: next });
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
    await watching(1);
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
    await passSlowly(b, 1_000);
    await eventually(() => b.lease.isLeader()).toBe(true);
    expect(spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1, acquireTime: spec().renewTime });
    expect(spec().acquireTime).toBe('2025-12-31T23:00:15.000000Z');
  });

  test('is looked at every 2 to 4.4 s by those who do not hold it, and renewed every 2 s', async () => {
    const a = await leading('a');
    const b = stand('b', START, () => 0.999);
    await eventually(() => [a, b].map(({ clock }) => clock.sleeping()[0])).toEqual([2_000, 2_000 * (1 + 1.2 * 0.999)]);
  });

  test('counts as unchanged when only its annotations change: that is no sign of life of its holder', async () => {
    await leading('a');
    const b = stand('b');
    for (let second = 0; second < 15; second += 1) {
      await b.pass(1_000);
      store({ ...spec() }, { annotations: { second: String(second) } });
    }
    await eventually(() => spec().holderIdentity).toBe('b');
  });

  test('that is annotated by somebody stays with its holder', async () => {
    const a = await leading('a');
    const term = a.lease.term();
    store({ ...spec() }, { annotations: { by: 'somebody' } });
    await a.pass(2_000);
    await eventually(() => spec().renewTime).toBe('2026-01-01T00:00:02.000000Z');
    expect(term.aborted).toBe(false);
    expect(a.log.messages('warn')).toEqual([]);
  });

  test('that is deleted is made anew by its holder at once, and is not free for others', async () => {
    const a = await leading('a');
    const b = stand('b');
    await watching(2);
    const restore = api.faults.intercept(({ verb, userAgent }) =>
      verb === 'create' && userAgent === 'test' ? { kind: 'delay', ms: 200 } : undefined,
    );
    api.remove(LEASES, REF);
    await b.pass(2_000);
    await eventually(() => at(api.get(LEASES, REF), 'spec', 'holderIdentity')).toBe('a');
    restore();
    expect([a.lease.isLeader(), b.lease.isLeader()]).toEqual([true, false]);
    expect(spec()).toMatchObject({ renewTime: '2026-01-01T00:00:00.000000Z', leaseTransitions: 0 });
  });

  test.each<[string, RawObject]>([
    ['says nothing', {}],
    ['has a holder and no more', { holderIdentity: 'x' }],
    ['has a holder without a duration', { holderIdentity: 'x', renewTime: '2020-01-01T00:00:00.000000Z' }],
    ['was renewed in the far future', { holderIdentity: 'x', renewTime: '2099-01-01T00:00:00.000000Z' }],
    ['has a duration and no holder', { leaseDurationSeconds: 3_600 }],
  ])('that %s is taken after 15 s at the latest', async (_, garbage) => {
    store(garbage);
    const b = stand('b');
    await passSlowly(b, 15_000);
    await eventually(() => b.lease.isLeader()).toBe(true);
    expect(spec()).toMatchObject({ holderIdentity: 'b', leaseDurationSeconds: 15, leaseTransitions: 1 });
  });

  test.each<[string, unknown]>([
    ['no spec at all', {}],
    ['a spec of another kind', { spec: 'none' }],
    ['numbers for texts', { spec: { holderIdentity: 7, renewTime: 5, acquireTime: [] } }],
    ['texts for numbers', { spec: { leaseDurationSeconds: 'soon', leaseTransitions: 'many' } }],
    ['numbers below zero', { spec: { leaseDurationSeconds: -5, leaseTransitions: -1 } }],
  ])('read with %s is one that nobody holds', (_, raw) => {
    const nothing = { holder: '', durationMs: 0, renewTime: '', acquireTime: '', transitions: 0 };
    expect(readLease(asRecord(raw))).toEqual({ ...nothing, resourceVersion: '', uid: '' });
  });

  test('of a newer protocol is held as any other, and what that protocol says in it stays', async () => {
    const newer = { strategy: 'OldestEmulationVersion', preferredHolder: 'somebody' };
    store({ holderIdentity: '', leaseTransitions: 3, ...newer });
    await leading('a');
    expect(spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 4, ...newer });
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

  test('is given up on a stop, and the next one has it at once', async () => {
    const a = await leading('a');
    const b = stand('b');
    await watching(2);
    const term = await a.lease.whenLeader(AbortSignal.timeout(1_000));
    await a.stop();
    expect(term.aborted).toBe(true);
    expect(a.lease.isLeader()).toBe(false);
    expect(spec()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 });
    await eventually(() => b.lease.isLeader()).toBe(true);
    expect(spec()).toMatchObject({ holderIdentity: 'b', leaseDurationSeconds: 15, leaseTransitions: 1 });
    const events = ['became leader', 'stopped leading'].map((what) => `Lease LeaderElection: a ${what}`);
    expect([a.told, b.told]).toEqual([events, ['Lease LeaderElection: b became leader']]);
  });

  test('is given up even when a renewal that nobody waits for comes in between', async () => {
    const a = await leading('a');
    api.faults.failNext(({ verb }) => verb === 'get', { kind: 'delay', ms: 100 });
    const stopped = a.stop();
    await eventually(() => api.requests.at(-1)?.verb).toBe('get');
    api.faults.failNext(({ verb }) => verb === 'patch', { kind: 'delay', ms: 100 });
    await eventually(() => api.requests.at(-1)?.verb).toBe('patch');
    store({ ...spec() }, { annotations: { late: 'true' } });
    await stopped;
    expect(spec().holderIdentity).toBe('');
    expect(a.log.messages('warn')).toEqual([]);
  });

  test('can be followed without the right to watch it', async () => {
    api.faults.intercept(({ verb }) => (verb === 'watch' ? FORBIDDEN : undefined));
    const a = stand('a');
    await a.lease.whenLeader(AbortSignal.timeout(2_000));
    const b = stand('b');
    await eventually(() => b.clock.sleeping().length).toBe(2); // its next look, and its next try to watch
    await a.stop();
    b.clock.advance(2_000);
    await eventually(() => b.lease.isLeader()).toBe(true);
  });

  test.each(['get', 'create', 'patch'])('that it may not %s leaves it standing by, told once', async (forbidden) => {
    if (forbidden === 'patch') store({ holderIdentity: '' });
    api.faults.intercept(({ verb }) => (verb === forbidden ? FORBIDDEN : undefined));
    const a = stand('a');
    for (let round = 0; round < 3; round += 1) await a.pass(2_000);
    await eventually(() => a.clock.sleeping().length).toBe(1);
    expect(a.lease.isLeader()).toBe(false);
    expect(a.log.messages('warn')).toEqual(['lease cannot be read or written; trying again']);
  });

  test('is taken as soon as the API server answers, when it does not at the start', async () => {
    const restore = api.faults.intercept(() => ({ kind: 'drop', how: 'reset' }));
    const a = stand('a');
    for (let round = 0; round < 3; round += 1) await a.pass(2_000);
    await eventually(() => a.clock.sleeping().length).toBe(1);
    restore();
    await a.pass(2_000);
    await eventually(() => a.lease.isLeader()).toBe(true);
  });

  test('in a namespace that is not there leaves it standing by, told once, until somebody makes the namespace', async () => {
    const missing = { kind: 'answer', status: 404, reason: 'NotFound', message: 'namespaces "ops" not found' } as const;
    const restore = api.faults.intercept(({ verb }) => (verb === 'create' ? missing : undefined));
    const a = stand('a');
    await passSlowly(a, 20_000);
    await eventually(() => a.clock.sleeping().length).toBe(1);
    expect(a.lease.isLeader()).toBe(false);
    expect(a.log.messages('warn')).toEqual(['lease cannot be read or written; trying again']);
    expect(JSON.stringify(a.log.lines)).toContain('namespaces \\"ops\\" not found');
    restore();
    await a.pass(2_000);
    await eventually(() => a.lease.isLeader()).toBe(true);
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

  test.each([
    ['403', FORBIDDEN],
    ['429 that asks to wait', { kind: 'answer', status: 429, headers: { 'Retry-After': '1' } }],
    ['409 each time', { kind: 'answer', status: 409, reason: 'Conflict' }],
  ] as const)('ends in time when renewals are answered with %s, is told once, and comes back', async (_, fault) => {
    const a = await leading('a');
    const term = a.lease.term();
    const restore = api.faults.intercept(({ verb }) => (verb === 'patch' ? fault : undefined));
    await passSlowly(a, 9_000);
    await eventually(() => a.clock.sleeping().length).toBe(1);
    expect([a.lease.isLeader(), term.aborted]).toEqual([true, false]);
    a.clock.advance(1_000);
    expect(a.lease.isLeader()).toBe(false);
    await eventually(() => term.aborted).toBe(true);
    restore();
    await passSlowly(a, 5_000);
    await eventually(() => a.lease.isLeader()).toBe(true);
    expect(a.log.messages('warn').filter((line) => line === 'no longer leading')).toHaveLength(1);
    expect(a.log.messages('warn').length).toBeLessThanOrEqual(2);
    expect(spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 });
  });

  test('survives renewals that are throttled for less than that', async () => {
    const a = await leading('a');
    const slowDown = { kind: 'answer', status: 429, headers: { 'Retry-After': '1' } } as const;
    const restore = api.faults.intercept(({ verb }) => (verb === 'patch' ? slowDown : undefined));
    await passSlowly(a, 6_000);
    restore();
    await passSlowly(a, 4_000);
    await eventually(() => a.clock.sleeping().length).toBe(1);
    expect(a.lease.isLeader()).toBe(true);
    expect(a.log.messages('warn').filter((line) => line === 'no longer leading')).toEqual([]);
  });

  test('is lost to one who took it meanwhile', async () => {
    const a = await leading('a');
    const term = await a.lease.whenLeader(AbortSignal.timeout(1_000));
    store({ ...spec(), holderIdentity: 'b' });
    await eventually(() => term.aborted).toBe(true); // at once: no time has passed
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

  test('ends after 10 s of an API server that is away, and the same process leads again when it is back', async () => {
    const a = await leading('a');
    const term = a.lease.term();
    const restore = api.faults.intercept(() => ({ kind: 'answer', status: 503 }));
    for (let passed = 0; passed < 20_000; passed += 2_000) await a.pass(2_000);
    expect([a.lease.isLeader(), term.aborted]).toEqual([false, true]);
    restore();
    await a.pass(2_000);
    await eventually(() => a.lease.isLeader()).toBe(true);
    expect(spec()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 });
    expect(a.lease.term().aborted).toBe(false);
  });

  test('ends at the very deadline though a renewal hangs, and what was under way with it', async () => {
    const a = await leading('a');
    api.faults.intercept(({ verb }) => (verb === 'watch' ? undefined : { kind: 'drop', how: 'hang' }));
    await a.pass(2_000);
    a.clock.advance(7_999);
    expect(a.lease.isLeader()).toBe(true);
    a.clock.advance(1);
    expect(a.lease.isLeader()).toBe(false);
  });

  test('of one name is of one process: whoever finds that another writes under its name stops at once', async () => {
    const a = await leading('a');
    const term = a.lease.term();
    const twin = stand('a', START + 7);
    await twin.lease.whenLeader(AbortSignal.timeout(2_000));
    await eventually(() => term.aborted).toBe(true);
    expect((term.reason as Error).message).toBe('no longer leading: another process uses the same identity');
    await a.stop();
    expect(spec().holderIdentity).toBe('a'); // the other's, which is not given up for it
    expect(twin.lease.isLeader()).toBe(true);
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
    const nobody = { live: false, holder: '', renewTime: '' };
    expect(await readLeaseHolder(client, REF.namespace, REF.name, clock)).toEqual(nobody);
    write('', 1_000);
    expect(await readLeaseHolder(client, REF.namespace, REF.name, clock)).toEqual(nobody);
  });

  test.each([1_000, 60_000])('nobody, by one look, where the holder said %i ms ago that it has ended', async (ago) => {
    write('uninstalled_laptop_1', ago);
    const answer = await readLeaseHolder(client, REF.namespace, REF.name, fakeClock(now));
    expect(answer).toMatchObject({ live: false, holder: 'uninstalled_laptop_1' });
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
      renewTime: '2025-12-31T22:59:59.999000Z',
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
    await expect(answer).resolves.toMatchObject({ live: false, holder: 'a' });
  });
});

describe('a Lease that is taken over', () => {
  const renewTime = '2025-12-31T23:59:00.000000Z';
  const seen = { live: false, holder: 'a', renewTime } as const;

  async function takeOver(written: string): Promise<unknown> {
    const spec = { holderIdentity: 'a', leaseDurationSeconds: 15, acquireTime: renewTime, leaseTransitions: 0 };
    store({ ...spec, renewTime: written });
    const options = {
      client,
      ...REF,
      identity: 'b',
      durationMs: 60_000,
      fieldManager: 'test',
      clock: fakeClock(START),
    };
    const taken = await takeLeaseOver({ ...options, seen });
    expect(readLease(await client.get(LEASES, REF))).toMatchObject({ holder: 'b', durationMs: 60_000 });
    return taken;
  }

  test('is not watched for as long again where its holder was seen to be dead', async () => {
    expect(await takeOver(renewTime)).toEqual({ former: '', waitMs: 0 });
  });

  test('is waited for where that holder has renewed it since', async () => {
    expect(await takeOver('2025-12-31T23:59:59.000000Z')).toEqual({ former: 'a', waitMs: 15_000 });
  });
});
