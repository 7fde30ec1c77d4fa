import { describe, expect, it } from 'vitest';
import { createRenewing, type Leased } from '../../src/providers/renewing.ts';
import { type FakeClock, fakeClock } from '../kube/fake-clock.ts';

const MINUTE_MS = 60_000;
const never = new AbortController().signal;

/** Keys `1`, `2`, … that live for `lifeMs`; the test may make fetches fail or wait. */
function renewing(lifeMs: number) {
  const clock: FakeClock = fakeClock();
  const state = { fetched: 0, failing: false, gate: Promise.resolve() };
  const source = createRenewing(async (): Promise<Leased<string>> => {
    state.fetched += 1;
    const name = String(state.fetched);
    await state.gate;
    if (state.failing) throw new Error(`fetch ${name} failed`);
    return { credentials: name, goodUntilMs: clock.now() + lifeMs };
  }, clock);
  return { clock, state, source };
}

describe('temporary keys', () => {
  it('serve until five minutes before their end', async () => {
    const { clock, source } = renewing(120 * MINUTE_MS);
    expect(await source.current(never)).toBe('1');
    clock.advance(115 * MINUTE_MS - 1);
    expect(await source.current(never)).toBe('1');
    clock.advance(1);
    expect(await source.current(never)).toBe('2');
  });

  it('that live for a few minutes serve for half of them', async () => {
    const { clock, source } = renewing(4 * MINUTE_MS);
    await source.current(never);
    clock.advance(2 * MINUTE_MS - 1);
    expect(await source.current(never)).toBe('1');
    clock.advance(1);
    expect(await source.current(never)).toBe('2');
  });

  it('are fetched once for all who wait', async () => {
    const { state, source } = renewing(MINUTE_MS);
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    const all = Promise.all([source.current(never), source.current(never), source.current(never)]);
    gate.resolve();
    expect(await all).toEqual(['1', '1', '1']);
  });

  it('that could not be fetched are asked for again the next time', async () => {
    const { state, source } = renewing(MINUTE_MS);
    state.failing = true;
    await expect(source.current(never)).rejects.toThrow('fetch 1 failed');
    await expect(source.current(never)).rejects.toThrow('fetch 2 failed');
    state.failing = false;
    expect(await source.current(never)).toBe('3');
  });

  it('serve on while they are good and new ones cannot be had', async () => {
    const { clock, state, source } = renewing(60 * MINUTE_MS);
    await source.current(never);
    state.failing = true;
    clock.advance(58 * MINUTE_MS);
    expect(await source.current(never)).toBe('1');
    clock.advance(2 * MINUTE_MS - 30_000);
    await expect(source.current(never)).rejects.toThrow('fetch 3 failed');
  });

  it('serve on while whoever gives new ones hangs, and are not held up again for a while', async () => {
    const { clock, state, source } = renewing(60 * MINUTE_MS);
    await source.current(never);
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    clock.advance(56 * MINUTE_MS);
    const waiting = source.current(never);
    clock.advance(3_000);
    expect(await waiting).toBe('1');
    expect(await source.current(never)).toBe('1');
    expect(state.fetched).toBe(2);
    gate.resolve();
    clock.advance(15_000);
    expect(await source.current(never)).toBe('3');
  });

  it('that were refused are fetched anew, once for all who were refused', async () => {
    const { clock, state, source } = renewing(60 * MINUTE_MS);
    await source.current(never);
    clock.advance(10 * MINUTE_MS);
    expect(await Promise.all([source.refresh(never), source.refresh(never)])).toEqual([true, true]);
    clock.advance(1_000);
    expect(await source.refresh(never)).toBe(true);
    expect(state.fetched).toBe(2);
    expect(await source.current(never)).toBe('2');
  });

  it('that were refused do not serve again when new ones cannot be had', async () => {
    const { clock, state, source } = renewing(60 * MINUTE_MS);
    await source.current(never);
    clock.advance(10 * MINUTE_MS);
    state.failing = true;
    await expect(source.refresh(never)).rejects.toThrow('fetch 2 failed');
    await expect(source.current(never)).rejects.toThrow('fetch 3 failed');
  });

  it('that never were there are not fetched twice for one refusal', async () => {
    const { state, source } = renewing(60 * MINUTE_MS);
    state.failing = true;
    await expect(source.current(never)).rejects.toThrow('fetch 1 failed');
    expect(await source.refresh(never)).toBe(false);
    expect(state.fetched).toBe(1);
  });

  it('are given up only by who no longer waits', async () => {
    const { state, source } = renewing(MINUTE_MS);
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    const controller = new AbortController();
    const impatient = source.current(controller.signal);
    const patient = source.current(never);
    controller.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    gate.resolve();
    expect(await patient).toBe('1');
  });
});
