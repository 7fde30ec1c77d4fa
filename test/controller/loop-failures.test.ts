import { describe, expect, it } from 'vitest';
import { action, kubeError } from '../plan/build.ts';
import { settled, startLoop } from './harness.ts';

const MINUTE = 60_000;
const a = action({ uid: 'a', name: 'a' });
const b = action({ uid: 'b', name: 'b' });
const other = action({ uid: 'c', name: 'c', key: 'Gateway default/api' });

describe('a write that fails', () => {
  it('is tried again with a growing delay, with nothing sent before', async () => {
    const loop = startLoop({ answer: () => Promise.reject(kubeError('unavailable')) });
    await loop.become(a);
    const times: number[] = [];
    let last = loop.client.sent.length;
    for (let ms = 0; ms < 2_000; ms += 10) {
      loop.wake();
      await loop.pass(10);
      if (loop.client.sent.length > last) times.push(ms + 10);
      last = loop.client.sent.length;
    }
    expect(times).toEqual([50, 150, 350, 750, 1550]);
  });

  it('waits as long as the server asks', async () => {
    const loop = startLoop({ answer: () => Promise.reject(kubeError('throttled', 5_000)) });
    await loop.become(a);
    await loop.pass(4_999);
    expect(loop.written()).toEqual(['a']);
    await loop.pass(1);
    expect(loop.written()).toEqual(['a', 'a']);
  });

  it('keeps the later ones of its subject back, not those of others', async () => {
    const loop = startLoop({
      answer: ({ name }) => (name === 'a' ? Promise.reject(kubeError('timeout')) : Promise.resolve({})),
    });
    await loop.become(a, b, other);
    expect(loop.written()).toEqual(['a', 'c']);
  });

  it('that may fail lets the later ones go on, and waits its own time', async () => {
    const optional = action({ uid: 'a', name: 'a', parts: { mayFail: true } });
    const loop = startLoop({
      answer: ({ name }) => (name === 'a' ? Promise.reject(kubeError('unavailable')) : Promise.resolve({})),
    });
    await loop.become(optional, b);
    expect(loop.written()).toEqual(['a', 'b']);
    for (let wake = 0; wake < 10; wake += 1) {
      loop.wake();
      await settled();
    }
    expect(loop.written()).toEqual(['a', 'b']);
    await loop.pass(50);
    expect(loop.written()).toEqual(['a', 'b', 'a']);
    await loop.pass(50);
    expect(loop.written()).toEqual(['a', 'b', 'a']);
  });

  it('is no revert, however often', async () => {
    let failing = false;
    const loop = startLoop({
      answer: () => (failing ? Promise.reject(kubeError('unavailable')) : Promise.resolve({})),
    });
    await loop.become(a);
    failing = true;
    await loop.become(a);
    for (let round = 0; round < 10; round += 1) await loop.pass(30_000);
    expect(loop.told.filter((line) => line.startsWith('hold-off'))).toEqual([]);
  });

  it('of a conflict is looked at anew at once, not sent again', async () => {
    let answers = 0;
    const loop = startLoop({
      answer: () => (answers++ === 0 ? Promise.reject(kubeError('conflict')) : Promise.resolve({})),
    });
    await loop.become(a);
    const { looks } = loop.cluster;
    expect(loop.written()).toEqual(['a']);
    await loop.pass(10);
    expect(loop.cluster.looks).toBeGreaterThan(looks);
    expect(loop.written()).toEqual(['a', 'a']);
  });
});

describe('a write that is refused', () => {
  const refusing = () => Promise.reject(kubeError('forbidden'));

  it('is not tried again until the object changes', async () => {
    const loop = startLoop({ answer: refusing });
    await loop.become(a);
    await loop.become(a);
    await loop.pass(5 * MINUTE);
    expect(loop.written()).toEqual(['a']);
    await loop.become(action({ uid: 'a', name: 'a', version: '8' }));
    expect(loop.written()).toEqual(['a', 'a']);
  });

  it('is tried again when something else is wanted', async () => {
    const loop = startLoop({ answer: refusing });
    await loop.become(a);
    await loop.become(action({ uid: 'a', name: 'a', after: { field: 'new' } }));
    expect(loop.written()).toEqual(['a', 'a']);
  });

  it('is tried again with a full pass: rights may have been given', async () => {
    const loop = startLoop({ answer: refusing });
    await loop.become(a);
    await loop.pass(10 * MINUTE);
    await loop.pass(1);
    expect(loop.written()).toEqual(['a', 'a']);
  });

  it('keeps back what rests on it, look after look', async () => {
    const loop = startLoop({ answer: ({ name }) => (name === 'a' ? refusing() : Promise.resolve({})) });
    await loop.become(a, b);
    await loop.become(a, b);
    await loop.pass(MINUTE);
    expect(loop.written()).toEqual(['a']);
  });

  it('is told once', async () => {
    const loop = startLoop({ answer: refusing });
    for (let round = 0; round < 5; round += 1) await loop.become(a);
    expect(loop.told).toEqual(['refused a']);
    expect(loop.log.messages('error')).toEqual(['the API server refused a write']);
  });
});
