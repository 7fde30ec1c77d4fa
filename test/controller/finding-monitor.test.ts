import { describe, expect, it } from 'vitest';
import { createFindingMonitor } from '../../src/controller/finding-monitor.ts';
import { finding } from '../../src/plan/make.ts';
import type { Verdict } from '../../src/plan/plan.types.ts';

const target = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'a', uid: 'u' };

function found(reason: string, verdict: Verdict = 'fail', uid = 'u') {
  return finding('check', verdict, { reason, target: { ...target, uid }, message: `${reason}.` });
}

describe('a finding', () => {
  it('is told after it stood for the settling time, once', () => {
    const monitor = createFindingMonitor(5_000, new Set());
    expect(monitor.update([found('Broken')], 0)).toMatchObject({ appeared: [], nextMs: 5_000 });
    expect(monitor.update([found('Broken')], 3_000)).toMatchObject({ appeared: [], nextMs: 2_000 });
    expect(monitor.update([found('Broken')], 5_000)).toMatchObject({
      appeared: [{ reason: 'Broken' }],
      nextMs: undefined,
    });
    expect(monitor.update([found('Broken')], 9_000)).toMatchObject({ appeared: [], resolved: [] });
  });

  it('that passes by is never told, nor its end', () => {
    const monitor = createFindingMonitor(5_000, new Set());
    monitor.update([found('Broken')], 0);
    expect(monitor.update([], 1_000)).toEqual({ appeared: [], resolved: [], nextMs: undefined });
    expect(monitor.update([found('Broken')], 6_000).appeared).toEqual([]);
  });

  it('is told to be gone, with its last words', () => {
    const monitor = createFindingMonitor(0, new Set());
    monitor.update([found('Broken')], 0);
    expect(monitor.update([], 1).resolved).toMatchObject([{ message: 'Broken.' }]);
    expect(monitor.update([], 2).resolved).toEqual([]);
  });

  it('is told anew when it comes back', () => {
    const monitor = createFindingMonitor(0, new Set());
    const counts = [[found('Broken')], [], [found('Broken')]].map(
      (all, now) => monitor.update(all, now).appeared.length,
    );
    expect(counts).toEqual([1, 0, 1]);
  });

  it('is told again when its category changes, once for each, and is not said to be gone', () => {
    const monitor = createFindingMonitor(5_000, new Set());
    const unknown = (category: string) => ({ ...found('CloudAddressUnknown', 'unknown'), evidence: { category } });
    const told = (category: string, now: number) => {
      const { appeared, resolved } = monitor.update([unknown(category)], now);
      return [...appeared.map(({ evidence }) => evidence.category), ...resolved.map(() => 'gone')];
    };
    expect([told('unavailable', 0), told('unavailable', 5_000)]).toEqual([[], ['unavailable']]);
    expect([told('denied', 6_000), told('denied', 11_000), told('denied', 12_000)]).toEqual([[], ['denied'], []]);
    expect([told('unavailable', 20_000), told('unavailable', 30_000), told('denied', 40_000)]).toEqual([[], [], []]);
    expect(monitor.update([], 41_000).resolved).toMatchObject([{ evidence: { category: 'denied' } }]);
    expect([told('unavailable', 50_000), told('unavailable', 55_000)]).toEqual([[], ['unavailable']]);
  });

  it('of the named reasons is told at once', () => {
    const monitor = createFindingMonitor(5_000, new Set(['SecondWriter']));
    expect(monitor.update([found('SecondWriter'), found('Broken')], 0)).toMatchObject({
      appeared: [{ reason: 'SecondWriter' }],
      nextMs: 5_000,
    });
  });

  it.each<[Verdict, number]>([
    ['fail', 1],
    ['warn', 1],
    ['unknown', 1],
    ['pass', 0],
    ['not-applicable', 0],
  ])('of verdict %s is told %i times', (verdict, times) => {
    expect(createFindingMonitor(0, new Set()).update([found('X', verdict)], 0).appeared).toHaveLength(times);
  });

  it('about another object, or with another verdict, is another finding', () => {
    const monitor = createFindingMonitor(0, new Set());
    monitor.update([found('X')], 0);
    expect(monitor.update([found('X'), found('X', 'fail', 'other'), found('X', 'warn')], 1).appeared).toHaveLength(2);
  });
});
