import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import type { Attempt, ProbeLimits, ProbeTarget, Untried } from '../../src/probe/probe.types.ts';
import { runProbe } from '../../src/probe/run.ts';

const LIMITS: ProbeLimits = { count: 3, perSecond: 1000, timeMs: 5_000, timeoutMs: 500 };
const ANSWERED: Attempt = { outcome: 'answered', latencyMs: 1, status: 200 };

function target(node: string): ProbeTarget {
  return {
    place: 'gateway',
    subject: 'Gateway default/web',
    listenerPort: 80,
    node,
    address: '127.0.0.1',
    port: 1,
    speaks: 'http',
    hostname: '',
  };
}

const NEVER = new AbortController().signal;

describe('runProbe', () => {
  it('tries each target so often, in turn', async () => {
    const order: string[] = [];
    const attempt = async ({ node }: ProbeTarget): Promise<Attempt> => {
      order.push(node);
      return ANSWERED;
    };
    const found = await runProbe([target('a'), target('b')], LIMITS, { clock: systemClock, attempt }, NEVER);
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(found.results.map(({ attempts }) => attempts.length)).toEqual([3, 3]);
    expect(found.leftOut).toBe(0);
  });

  it('begins no more a second than it may', async () => {
    const times: number[] = [];
    const attempt = async (): Promise<Attempt> => {
      times.push(performance.now());
      return ANSWERED;
    };
    const limits = { ...LIMITS, count: 20, perSecond: 100 };
    await runProbe([target('a')], limits, { clock: systemClock, attempt }, NEVER);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(180);
  });

  it('ends when the time is up, with as much for each target, and says how many were left out', async () => {
    const limits = { ...LIMITS, count: 1000, perSecond: 100, timeMs: 200 };
    const ports = { clock: systemClock, attempt: async () => ANSWERED };
    const { results, leftOut } = await runProbe([target('a'), target('b')], limits, ports, NEVER);
    const [a = 0, b = 0] = results.map(({ attempts }) => attempts.length);
    expect(Math.abs(a - b)).toBeLessThanOrEqual(1);
    expect(a + b).toBeGreaterThan(5);
    expect(a + b).toBeLessThanOrEqual(21);
    expect(leftOut).toBe(2000 - a - b);
  });

  it('counts what this machine could not begin apart, by cause', async () => {
    let tried = 0;
    const attempt = async ({ node }: ProbeTarget): Promise<Attempt | Untried> => {
      tried += 1;
      if (node === 'b') return { outcome: 'not-tried', code: 'EADDRNOTAVAIL' };
      return tried === 1 ? { outcome: 'not-tried', code: 'EMFILE' } : ANSWERED;
    };
    const found = await runProbe([target('a'), target('b')], LIMITS, { clock: systemClock, attempt }, NEVER);
    expect(found.results.map(({ attempts }) => attempts.length)).toEqual([2, 0]);
    expect(found.untried).toEqual({ EADDRNOTAVAIL: 3, EMFILE: 1 });
    expect(found.leftOut).toBe(0);
  });

  it('has at most 64 connections open', async () => {
    let open = 0;
    let most = 0;
    const attempt = async (): Promise<Attempt> => {
      open += 1;
      most = Math.max(most, open);
      await systemClock.sleep(30);
      open -= 1;
      return ANSWERED;
    };
    const limits = { ...LIMITS, count: 200, perSecond: 100_000 };
    await runProbe([target('a')], limits, { clock: systemClock, attempt }, NEVER);
    expect(most).toBe(64);
  });

  it('stops at once', async () => {
    const stop = new AbortController();
    const attempt = (_: ProbeTarget, signal: AbortSignal): Promise<Attempt> =>
      systemClock.sleep(60_000, signal).then(() => ANSWERED);
    const running = runProbe([target('a')], { ...LIMITS, perSecond: 1 }, { clock: systemClock, attempt }, stop.signal);
    setTimeout(() => stop.abort(new Error('stopped by SIGINT')), 50);
    const before = performance.now();
    await expect(running).rejects.toThrow('stopped by SIGINT');
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});
