import { describe, expect, it } from 'vitest';
import { createPaint } from '../../src/cli/color.ts';
import { diffLines } from '../../src/cli/diff.ts';
import type { ReportedChange } from '../../src/cli/report.types.ts';

function diff(change: ReportedChange, width = 80): string[] {
  return diffLines(change, { width, paint: createPaint(false) }, '  ');
}

describe('diffLines', () => {
  it.each<[ReportedChange, string[]]>([
    [{ field: 'a', before: 1, after: 2 }, ['  a: 1 → 2']],
    [{ field: 'a', before: 'http', after: 31544 }, ['  a: http → 31544']],
    [{ field: 'a', before: true, after: null }, ['  a: true → null']],
    [{ field: 'a', before: '', after: 'x: y' }, ['  a: "" → x: y']],
    [{ field: 'a', after: 'NodePort' }, ['  + a: NodePort']],
    [{ field: 'a', before: 'web' }, ['  - a: web']],
    [{ field: 'a', before: 'x', after: 'y\nz' }, ['  a: x → "y\\\\nz"']],
    [{ field: 'a', before: [], after: ['x'] }, ['  a:', '    + x']],
    [{ field: 'a', before: ['x'], after: [] }, ['  a:', '    - x']],
    [
      { field: 'a', before: ['x', 'y', 'z'], after: ['x', 'q', 'z'] },
      ['  a:', '      x', '    - y', '    + q', '      z'],
    ],
    [
      { field: 'a', before: { k: 'v', old: 1 }, after: { k: 'v', new: { deep: [1, 'b c'] } } },
      ['  a:', '      k: v', '    - old: 1', '    + new: {deep: [1, b c]}'],
    ],
    [{ field: 'a', after: { 'k8s-app': 'cilium' } }, ['  a:', '    + k8s-app: cilium']],
    [{ field: 'a', before: 'x', after: ['y'] }, ['  a:', '    - x', '    + y']],
  ])('shows %j', (change, lines) => {
    expect(diff(change)).toEqual(lines);
  });

  it('marks what changed in a long list, without comparing each item with each', () => {
    const before = Array.from({ length: 20_000 }, (_, index) => `k${index}`);
    const after = before.filter((_, index) => index !== 10_000);
    const marked = diff({ field: 'a', before, after }).filter(
      (line) => line.startsWith('    - ') || line.includes('+'),
    );
    expect(marked).toEqual(['    - k10000']);
    const others = before.map((item) => `${item}x`);
    expect(diff({ field: 'a', before, after: others })).toHaveLength(40_001);
  });

  it('puts before and after below each other when a line is too short, and cuts them in the middle', () => {
    expect(diff({ field: 'spec.x', before: 'a'.repeat(40), after: 'b'.repeat(5) }, 30)).toEqual([
      '  spec.x:',
      '    - aaaaaaaaaaaa…aaaaaaaaaaa',
      '    + bbbbb',
    ]);
  });
});
