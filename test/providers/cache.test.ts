import { expect, test } from 'vitest';
import { orAborted } from '../../src/lib/abort.ts';
import { createAnswerCache } from '../../src/providers/cache.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { settle } from './drive.ts';

const never = new AbortController().signal;

/** An `ask` that counts, and answers when it is told to. */
function questions() {
  const asked: { readonly signal: AbortSignal; readonly answer: PromiseWithResolvers<string> }[] = [];
  return {
    asked,
    ask: (signal: AbortSignal): Promise<string> => {
      const answer = Promise.withResolvers<string>();
      asked.push({ signal, answer });
      return orAborted(answer.promise, signal);
    },
  };
}

test('all who ask at the same time share one flight', async () => {
  const cache = createAnswerCache(1_000, fakeClock());
  const { asked, ask } = questions();
  const both = [cache.get('q', ask, never), cache.get('q', ask, never)];
  const other = cache.get('other', ask, never);
  expect(asked).toHaveLength(2);
  asked[0]?.answer.resolve('yes');
  asked[1]?.answer.resolve('no');
  expect(await Promise.all([...both, other])).toEqual(['yes', 'yes', 'no']);
});

test('an answer is kept for its time and asked for again after it', async () => {
  const clock = fakeClock();
  const cache = createAnswerCache(1_000, clock);
  let count = 0;
  const ask = (): Promise<number> => Promise.resolve(++count);
  expect(await cache.get('q', ask, never)).toBe(1);
  clock.advance(999);
  expect(await cache.get('q', ask, never)).toBe(1);
  clock.advance(1);
  expect(await cache.get('q', ask, never)).toBe(2);
});

test('a failure is told to all who wait, and not kept', async () => {
  const cache = createAnswerCache(1_000, fakeClock());
  const { asked, ask } = questions();
  const both = [cache.get('q', ask, never), cache.get('q', ask, never)].map((answer) => answer.catch(String));
  asked[0]?.answer.reject(new Error('down'));
  expect(await Promise.all(both)).toEqual(['Error: down', 'Error: down']);
  const again = cache.get('q', ask, never);
  expect(asked).toHaveLength(2);
  asked[1]?.answer.resolve('up');
  expect(await again).toBe('up');
});

test('one who gives up leaves at once; the others get their answer', async () => {
  const cache = createAnswerCache(1_000, fakeClock());
  const { asked, ask } = questions();
  const leaving = new AbortController();
  const gone = cache.get('q', ask, leaving.signal);
  const stays = cache.get('q', ask, never);
  leaving.abort(new Error('enough'));
  await expect(gone).rejects.toThrow('enough');
  expect(asked[0]?.signal.aborted).toBe(false);
  asked[0]?.answer.resolve('here');
  expect(await stays).toBe('here');
  expect(asked).toHaveLength(1);
});

test('when nobody waits any more the flight is given up, and who comes next starts a new one', async () => {
  const cache = createAnswerCache(1_000, fakeClock());
  const { asked, ask } = questions();
  const leaving = new AbortController();
  const gone = cache.get('q', ask, leaving.signal);
  leaving.abort(new Error('enough'));
  await expect(gone).rejects.toThrow('enough');
  expect(asked[0]?.signal.aborted).toBe(true);
  const next = cache.get('q', ask, never);
  await settle();
  expect(asked).toHaveLength(2);
  asked[1]?.answer.resolve('new');
  expect(await next).toBe('new');
});
