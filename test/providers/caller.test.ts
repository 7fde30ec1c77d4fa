import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CALLER_LIMITS, type CallerLimits, createCaller } from '../../src/providers/caller.ts';
import type { CloudCaller, CloudRequest, SentAnswer } from '../../src/providers/caller.types.ts';
import { CloudError, type CloudErrorCategory } from '../../src/providers/errors.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { recordLog } from '../kube/recorded-log.ts';
import { cloudError, drive, settle } from './drive.ts';

const never = new AbortController().signal;

interface SceneOptions {
  readonly limits?: Partial<CallerLimits>;
  readonly random?: () => number;
  readonly refresh?: () => Promise<boolean>;
}

/** A caller with a fake clock whose sends follow a script; what the script does not say succeeds. */
function scene({ limits = {}, random = () => 0.5, refresh = () => Promise.resolve(false) }: SceneOptions = {}) {
  const clock = fakeClock();
  const logger = recordLog();
  const sentAt: number[] = [];
  let refreshes = 0;
  const credentials = {
    refresh: () => {
      refreshes += 1;
      return refresh();
    },
  };
  const caller = createCaller({ credentials, clock, logger, limits, random });
  const request = (key: string, ...script: readonly (Error | 'hangs')[]): CloudRequest<string> => {
    let sent = 0;
    return {
      action: 'elb:get',
      service: 'elb',
      key,
      send: (): Promise<SentAnswer<string>> => {
        sentAt.push(clock.monotonic());
        const step = script[sent++];
        if (step === 'hangs') return new Promise(() => undefined);
        return step === undefined
          ? Promise.resolve({ value: `answer ${key}`, requestId: `r-${key}` })
          : Promise.reject(step);
      },
    };
  };
  return { clock, logger, sentAt, refreshes: () => refreshes, caller, request };
}

async function failureOf(clock: ReturnType<typeof fakeClock>, call: ReturnType<CloudCaller['call']>) {
  const result = await drive(clock, call, 120_000);
  if (result === 'waiting' || result.status === 'fulfilled') throw new Error('it should have failed');
  const reason: unknown = result.reason;
  if (!(reason instanceof CloudError)) throw new Error('it should have failed with a CloudError', { cause: reason });
  return reason;
}

test('an answer says which action and request it came from', async () => {
  const { caller, request } = scene();
  expect(await caller.call(request('a'), never)).toEqual({
    value: 'answer a',
    from: [{ action: 'elb:get', requestId: 'r-a' }],
  });
});

test.each<readonly [CloudErrorCategory, number]>([
  ['throttled', 4],
  ['unavailable', 4],
  ['credentials', 1],
  ['denied', 1],
  ['not-found', 1],
  ['unsupported', 1],
  ['invalid', 1],
  ['garbage', 1],
])('%s is tried %i times', async (category, times) => {
  const { clock, caller, request, sentAt } = scene();
  const errors = Array.from({ length: 9 }, () => cloudError(category));
  const error = await failureOf(clock, caller.call(request('a', ...errors), never));
  expect(error.details.category).toBe(category);
  expect(sentAt).toHaveLength(times);
  expect(error.message.endsWith('It was tried 4 times.')).toBe(times === 4);
});

test('what works at the third try is an answer like any other', async () => {
  const { clock, caller, request, sentAt } = scene();
  const result = await drive(
    clock,
    caller.call(request('a', cloudError('unavailable'), cloudError('throttled')), never),
  );
  expect(result).toMatchObject({ status: 'fulfilled', value: { value: 'answer a' } });
  expect(sentAt).toHaveLength(3);
});

test('each wait is between nothing and the doubled base (full jitter)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 5 }), async (values) => {
      let next = 0;
      const random = (): number => values[next++ % values.length] ?? 0;
      const { clock, caller, request, sentAt } = scene({ random, limits: { attempts: 6, perSecond: 1_000 } });
      await failureOf(
        clock,
        caller.call(request('a', ...Array.from({ length: 9 }, () => cloudError('unavailable'))), never),
      );
      const waits = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0));
      const bounds = [500, 1_000, 2_000, 4_000, 8_000];
      expect(waits).toHaveLength(5);
      waits.forEach((wait, index) => {
        const wanted = (values[index % values.length] ?? 0) * (bounds[index] ?? 0);
        expect(wait).toBeGreaterThanOrEqual(wanted);
        expect(wait).toBeLessThanOrEqual(wanted + 20); // the clock moves in steps of 10 ms
      });
    }),
    { numRuns: 10 },
  );
});

test('a hanging attempt ends after 10 s, and all of them together after 30 s', async () => {
  const { clock, caller, request, sentAt } = scene();
  const startedAt = clock.monotonic();
  const error = await failureOf(clock, caller.call(request('a', 'hangs', 'hangs', 'hangs', 'hangs'), never));
  expect(error.details.category).toBe('unavailable');
  expect(error.message).toContain('Check that the endpoint can be reached from here');
  expect((sentAt[1] ?? 0) - (sentAt[0] ?? 0)).toBeGreaterThanOrEqual(10_000);
  expect(sentAt).toHaveLength(3);
  expect(clock.monotonic() - startedAt).toBeLessThanOrEqual(CALLER_LIMITS.totalMs + 50);
  expect(clock.sleeping()).toEqual([]);
});

test('a wait that the cloud asks for is kept, and holds back other requests of the service', async () => {
  const { clock, caller, request, sentAt } = scene({ random: () => 0 });
  const first = caller.call(request('a', cloudError('throttled', 5_000)), never);
  await settle();
  const second = caller.call(request('b'), never);
  const startedAt = clock.monotonic();
  await drive(clock, Promise.all([first, second]));
  expect(sentAt.map((at) => at - startedAt >= 5_000)).toEqual([false, true, true]);
});

test('a wait that does not fit into the total is not begun; who asks meanwhile is refused without a request', async () => {
  const { clock, caller, request, sentAt } = scene();
  const startedAt = clock.monotonic();
  const error = await failureOf(clock, caller.call(request('a', cloudError('throttled', 300_000)), never));
  expect(error.details).toMatchObject({ category: 'throttled', retryAfterMs: 300_000 });
  const other = await failureOf(clock, caller.call(request('b'), never));
  expect(other.details.category).toBe('throttled');
  expect(other.message).toContain('the cloud asked to wait for another 300 s');
  expect(sentAt).toHaveLength(1);
  expect(clock.monotonic() - startedAt).toBeLessThan(100);
  clock.advance(300_000);
  expect(await drive(clock, caller.call(request('b'), never))).toMatchObject({ status: 'fulfilled' });
});

test('refused credentials are refreshed once', async () => {
  const { clock, caller, request, sentAt, refreshes } = scene({ refresh: () => Promise.resolve(true) });
  const works = drive(clock, caller.call(request('a', cloudError('credentials')), never));
  expect(await works).toMatchObject({ status: 'fulfilled' });
  expect([sentAt.length, refreshes()]).toEqual([2, 1]);
  const error = await failureOf(
    clock,
    caller.call(request('b', cloudError('credentials'), cloudError('credentials')), never),
  );
  expect(error.details.category).toBe('credentials');
  expect([sentAt.length, refreshes()]).toEqual([4, 2]);
});

test('an abort ends a wait at once, with its own reason, and leaves nothing behind', async () => {
  const { clock, caller, request, sentAt } = scene({ random: () => 0.9 });
  const leaving = new AbortController();
  const call = caller.call(request('a', cloudError('unavailable')), leaving.signal);
  await settle();
  expect(clock.sleeping()).toEqual([450]);
  leaving.abort(new Error('stopped by SIGTERM'));
  await expect(call).rejects.toThrow('stopped by SIGTERM');
  await settle();
  expect(clock.sleeping()).toEqual([]);
  expect(sentAt).toHaveLength(1);
});

test('an abort ends an attempt that does not listen', async () => {
  const { clock, caller, request } = scene();
  const leaving = new AbortController();
  const call = caller.call(request('a', 'hangs'), leaving.signal);
  await settle();
  leaving.abort(new Error('stopped'));
  await expect(call).rejects.toThrow('stopped');
  await settle();
  expect(clock.sleeping()).toEqual([]);
});

test('equal questions are one request, also while the first is tried again; one that gives up does not end it', async () => {
  const { clock, caller, request, sentAt } = scene();
  const leaving = new AbortController();
  const gone = caller.call(request('a', cloudError('unavailable')), leaving.signal);
  const stays = caller.call(request('a'), never);
  await settle();
  leaving.abort(new Error('enough'));
  await expect(gone).rejects.toThrow('enough');
  expect(await drive(clock, stays)).toMatchObject({ status: 'fulfilled', value: { value: 'answer a' } });
  expect(sentAt).toHaveLength(2);
});

test('services have limits of their own', async () => {
  const { clock, caller, request, sentAt } = scene({ limits: { perSecond: 1 } });
  const calls = ['a', 'b'].map((key) => caller.call(request(key), never));
  const other = caller.call({ ...request('c'), service: 'vpc' }, never);
  await settle();
  expect(sentAt).toHaveLength(2);
  await drive(clock, Promise.all([...calls, other]));
  expect(sentAt).toHaveLength(3);
});

test('the time in the queue does not count: the last of many is tried as often as the first', async () => {
  const { clock, caller, request, sentAt } = scene({ limits: { perSecond: 1, attempts: 2, totalMs: 5_000 } });
  const many = Array.from({ length: 20 }, (_, index) => caller.call(request(`${index}`), never));
  const last = caller.call(request('last', cloudError('unavailable')), never);
  expect(await drive(clock, last)).toMatchObject({ status: 'fulfilled' });
  await Promise.all(many);
  expect(sentAt).toHaveLength(22);
});

test('whatever else is thrown becomes garbage, without its secrets', async () => {
  const { clock, caller, request } = scene();
  const error = await failureOf(
    clock,
    caller.call(request('a', new TypeError('no Response in token=abcdefghijklmnop')), never),
  );
  expect(error.details.category).toBe('garbage');
  expect(error.message).toBe('elb:get: the answer could not be understood (no Response in token=[redacted]).');
});

test('each answer and each retry is a debug line', async () => {
  const { clock, caller, request, logger } = scene();
  await drive(clock, caller.call(request('a', cloudError('unavailable')), never));
  expect(logger.messages('debug')).toEqual(['cloud call failed; trying again', 'cloud asked']);
  expect(logger.messages('trace')).toEqual(['cloud call goes out', 'cloud call goes out']);
  const debugged = logger.lines.filter(({ level }) => level === 'debug');
  expect(debugged[0]?.fields).toMatchObject({ action: 'elb:get', tried: 1, waitMs: 250 });
  expect(debugged[1]?.fields).toMatchObject({ action: 'elb:get', key: 'a', requestId: 'r-a' });
});
