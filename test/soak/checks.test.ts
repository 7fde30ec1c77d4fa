import { describe, expect, it } from 'vitest';
import { descriptorVerdict, logVerdicts, memoryVerdict, pendingOf, socketVerdict } from './checks.ts';
import { readLog, type Sample } from './program.ts';

/** A sample each second. */
function samples(minutes: number, measure: (minute: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: minutes * 60 }, (_, second) => ({
    at: second * 1_000,
    residentMiB: 100,
    descriptors: 40,
    sockets: 16,
    ...measure(second / 60),
  }));
}

function line(fields: object): string {
  return `${JSON.stringify({ level: 'info', time: '2026-01-01T00:00:00Z', msg: 'said', ...fields })}\n`;
}

describe('the verdict on memory', () => {
  it('lets the heap breathe', () => {
    const breath = samples(24, (minute) => ({ residentMiB: 100 + 20 * Math.sin(minute * 5) }));
    expect(memoryVerdict(breath)).toMatchObject({ good: true });
  });

  it('finds a leak of a megabyte a minute under that breath', () => {
    const leak = samples(24, (minute) => ({ residentMiB: 100 + minute + 20 * Math.sin(minute * 5) }));
    expect(memoryVerdict(leak).good).toBe(false);
  });

  it('is bad without samples', () => {
    expect(memoryVerdict([]).good).toBe(false);
  });
});

describe('the verdict on descriptors', () => {
  it('finds one that is lost every two minutes', () => {
    expect(descriptorVerdict(samples(24, (minute) => ({ descriptors: 40 + Math.floor(minute / 2) }))).good).toBe(false);
    expect(descriptorVerdict(samples(24, (minute) => ({ descriptors: 40 + (Math.floor(minute) % 5) }))).good).toBe(
      true,
    );
  });

  it('counts the sockets that no watch explains', () => {
    const [sample] = samples(1, () => ({ sockets: 20 }));
    if (sample === undefined) throw new Error('no sample');
    expect(socketVerdict(sample, 14).good).toBe(true);
    expect(socketVerdict(sample, 13).good).toBe(false);
  });
});

describe('the verdict on the log', () => {
  it('is bad for whatever Node says, and for errors of the program', () => {
    const node = '(node:12) MaxListenersExceededWarning: Possible EventTarget memory leak detected.\n';
    const goods = (text: string): boolean[] => logVerdicts(readLog(text)).map(({ good }) => good);
    expect(goods(line({}))).toEqual([true, true]);
    expect(goods(line({}) + node)).toEqual([false, true]);
    expect(goods(line({ level: 'error', msg: 'a pass failed' }))).toEqual([true, false]);
    expect(goods(line({ level: 'error', msg: 'the API server refused a write' }))).toEqual([true, true]);
    expect(goods('')).toEqual([false, true]);
  });

  it('knows what has not ended', () => {
    const finding = { level: 'warn', check: 'entrypoint-subject', reason: 'SubjectNotFound' };
    const { lines } = readLog(
      [
        line({ level: 'warn', resource: 'nodes', msg: 'list or watch fails; trying again' }),
        line({ level: 'warn', resource: 'services', msg: 'list or watch fails; trying again' }),
        line({ resource: 'services', msg: 'watch works again' }),
        line({ ...finding, object: 'Service a/b' }),
        line({ ...finding, object: 'Service a/c' }),
        line({ ...finding, level: 'info', object: 'Service a/c', msg: 'No longer so: nobody' }),
      ].join(''),
    );
    expect(pendingOf(lines)).toEqual({ reads: ['nodes'], findings: [{ reason: 'SubjectNotFound' }] });
  });
});
