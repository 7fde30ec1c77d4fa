import { afterEach, expect, test } from 'vitest';
import { createAddressBook } from '../../src/gateway/address-book.ts';
import type { CloudAccess } from '../../src/providers/open.types.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { cloudError, settle } from '../providers/drive.ts';
import { type LoadBalancerAnswer, loadBalancer, stubAccess } from '../providers/stub-reader.ts';

const ELB = { cloud: 'huawei', id: 'elb-1' } as const;
const ends: AbortController[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.abort(new Error('the test is over'));
});

function scene(access: CloudAccess | Promise<CloudAccess>, graceMs = 0) {
  const clock = fakeClock();
  const end = new AbortController();
  ends.push(end);
  let changes = 0;
  const book = createAddressBook({
    findCloud: () => Promise.resolve(access),
    clock,
    graceMs,
    onChange: () => {
      changes += 1;
    },
    signal: end.signal,
  });
  return { clock, book, end, changes: () => changes, seen: (id: string = ELB.id) => book.answers().get(id) };
}

/** Answers from a list, the last one for ever; counts. */
function answers(...list: readonly ('here' | Error)[]): {
  readonly answer: LoadBalancerAnswer;
  readonly asked: string[];
} {
  const asked: string[] = [];
  return {
    asked,
    answer: (id) => {
      const one = list[Math.min(asked.length, list.length - 1)];
      asked.push(id);
      return one instanceof Error ? Promise.reject(one) : Promise.resolve(loadBalancer(id));
    },
  };
}

test('nothing is asked until it is wanted; then once, in the background, and the change is told', async () => {
  const { answer, asked } = answers('here');
  const { book, changes, seen } = scene(stubAccess('huawei', answer));
  await settle();
  expect(asked).toEqual([]);
  book.want([ELB]);
  expect(seen()).toMatchObject({ state: 'asking' });
  book.want([ELB]);
  await settle();
  expect(asked).toEqual(['elb-1']);
  expect(changes()).toBe(1);
  expect(seen()).toMatchObject({ state: 'read', source: 'load balancer elb-1 of Huawei Cloud' });
});

test('while the cloud is being found, and in the grace time, it is asked nothing', async () => {
  const { answer, asked } = answers('here');
  const found = Promise.withResolvers<CloudAccess>();
  const { book, clock } = scene(found.promise, 10_000);
  book.want([ELB]);
  await settle();
  found.resolve(stubAccess('huawei', answer));
  await settle();
  clock.advance(9_999);
  await settle();
  expect(asked).toEqual([]);
  clock.advance(1);
  await settle();
  expect(asked).toEqual(['elb-1']);
});

test('an address is asked for again every 10 minutes; an equal answer wakes nobody', async () => {
  const { answer, asked } = answers('here');
  const { book, clock, changes } = scene(stubAccess('huawei', answer));
  book.want([ELB]);
  await settle();
  clock.advance(599_999);
  await settle();
  expect(asked).toHaveLength(1);
  clock.advance(1);
  await settle();
  expect(asked).toHaveLength(2);
  expect(changes()).toBe(1);
});

test('failures are repeated after 15 s, 30 s, … 10 min, and a recovery is told', async () => {
  const down = cloudError('unavailable');
  const { answer, asked } = answers(down, down, down, down, down, down, down, 'here');
  const { book, clock, seen, changes } = scene(stubAccess('huawei', answer));
  book.want([ELB]);
  const waits: number[] = [];
  for (let round = 0; round < 7; round++) {
    await settle();
    const [wait = 0] = clock.sleeping();
    waits.push(wait);
    clock.advance(wait);
  }
  await settle();
  expect(waits).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000]);
  expect(asked).toHaveLength(8);
  expect(changes()).toBe(2);
  expect(seen()).toMatchObject({ state: 'read' });
});

test('what was read once stays while the cloud is down, and goes when the cloud says that it is gone', async () => {
  const { answer } = answers('here', cloudError('unavailable'), cloudError('not-found'));
  const { book, clock, seen } = scene(stubAccess('huawei', answer));
  book.want([ELB]);
  await settle();
  clock.advance(600_000);
  await settle();
  expect(seen()).toMatchObject({ state: 'read' });
  clock.advance(600_000);
  await settle();
  expect(seen()).toEqual({ state: 'absent', why: 'elb:get: it failed (not-found)' });
});

test.each([
  ['denied', 'unread'],
  ['credentials', 'unread'],
  ['throttled', 'unread'],
  ['unsupported', 'unread'],
  ['invalid', 'unread'],
  ['unavailable', 'unread'],
  ['garbage', 'unread'],
  ['not-found', 'absent'],
] as const)('%s makes it %s', async (category, state) => {
  const { book, seen } = scene(stubAccess('huawei', answers(cloudError(category)).answer));
  book.want([ELB]);
  await settle();
  const kept = state === 'unread' ? { category } : {};
  expect(seen()).toEqual({ state, why: `elb:get: it failed (${category})`, ...kept });
});

test('even a bug of a reader is data', async () => {
  const { book, seen } = scene(stubAccess('huawei', answers(new TypeError('x is undefined')).answer));
  book.want([ELB]);
  await settle();
  expect(seen()).toEqual({ state: 'unread', why: 'x is undefined' });
});

test('no cloud, another cloud, no credentials: not asked, and why', async () => {
  const none = scene({ cloud: undefined, why: 'the configuration says cloud.provider: none', wanted: false });
  none.book.want([ELB]);
  const { answer, asked } = answers('here');
  const other = scene(stubAccess('tencent', answer));
  other.book.want([ELB]);
  const empty = scene(stubAccess('huawei', answer, () => 'no credentials are given'));
  empty.book.want([ELB]);
  await settle();
  expect(none.seen()).toEqual({ state: 'not-asked', why: 'the configuration says cloud.provider: none' });
  expect(other.seen()).toEqual({
    state: 'not-asked',
    why: 'the cluster runs on Tencent Cloud, which has no such id',
  });
  expect(empty.seen()).toEqual({ state: 'not-asked', why: 'no credentials are given' });
  expect(asked).toEqual([]);
});

test('a cloud that is wanted and cannot be asked is one that cannot be read', async () => {
  const { book, seen } = scene({ cloud: undefined, why: 'the project id is not given', wanted: true });
  book.want([ELB]);
  await settle();
  expect(seen()).toEqual({ state: 'unread', why: 'the project id is not given' });
});

test('credentials that are mounted later are noticed', async () => {
  let missing: string | undefined = 'no credentials are given';
  const { book, clock, seen } = scene(stubAccess('huawei', answers('here').answer, () => missing));
  book.want([ELB]);
  await settle();
  missing = undefined;
  clock.advance(15_000);
  await settle();
  expect(seen()).toMatchObject({ state: 'read' });
});

test('a text that is no id is not sent to the cloud', async () => {
  const { answer, asked } = answers('here');
  const { book, seen } = scene(stubAccess('huawei', answer));
  book.want([{ cloud: 'huawei', id: '../../v3/keys?x=' }]);
  await settle();
  expect(seen('../../v3/keys?x=')).toMatchObject({ state: 'absent' });
  expect(asked).toEqual([]);
});

test('what is not wanted any more is forgotten, and its request ends', async () => {
  let ended: unknown;
  const hanging: LoadBalancerAnswer = (_id, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        ended = signal.reason;
        reject(new Error('aborted'));
      });
    });
  const { book, seen } = scene(stubAccess('huawei', hanging));
  book.want([ELB]);
  await settle();
  book.want([]);
  await settle();
  expect(ended).toBeInstanceOf(Error);
  expect(seen()).toBeUndefined();
});

test('one who waits gets the answer as soon as it is there, or goes on when the time is over', async () => {
  const later = Promise.withResolvers<void>();
  const { book, clock, seen } = scene(
    stubAccess('huawei', async (id) => {
      await later.promise;
      return loadBalancer(id);
    }),
  );
  const signal = new AbortController().signal;
  book.want([ELB]);
  const patient = book.answered(10_000, signal);
  let impatient = false;
  const waited = book.answered(1_000, signal).then(() => {
    impatient = true;
  });
  clock.advance(1_000);
  await waited;
  expect(impatient).toBe(true);
  expect(seen()).toMatchObject({ state: 'asking' });
  later.resolve();
  await patient;
  expect(seen()).toMatchObject({ state: 'read' });
  expect(clock.sleeping()).toEqual([600_000]);
  await book.answered(10_000, signal);
});

test('a stop ends the waiting with its reason', async () => {
  const { book } = scene(stubAccess('huawei', () => new Promise(() => undefined)));
  const stop = new AbortController();
  book.want([ELB]);
  const waiting = book.answered(10_000, stop.signal);
  stop.abort(new Error('stopped by SIGINT'));
  await expect(waiting).rejects.toThrow('stopped by SIGINT');
});
