import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { describedValues } from '../../scripts/docs/chart-readme.ts';
import { chartSchema } from '../../scripts/docs/chart-schema.ts';
import { at } from '../../src/kube/read.ts';

test('the version of the chart is that of the program', () => {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8')));
  const chart = readFileSync('deploy/chart/Chart.yaml', 'utf8');
  expect(chart).toContain(`\nversion: ${version}\n`);
  expect(chart).toContain(`\nappVersion: ${version}\n`);
});

test('a described value has its path, its default and its comment', () => {
  const text = 'a:\n  b:\n    # -- Deep.\n    c: 5\n  # -- Less deep.\n  d: [x]\n# a note\ne: 1\n';
  expect(describedValues(text)).toEqual([
    { key: 'a.b.c', fallback: 5, meaning: 'Deep.' },
    { key: 'a.d', fallback: ['x'], meaning: 'Less deep.' },
  ]);
});

test('every value that the schema knows is described in values.yaml, and no other', () => {
  const described = describedValues(readFileSync('deploy/chart/values.yaml', 'utf8')).map(({ key }) => key);
  const known = leavesOf(JSON.parse(chartSchema()), '').filter((key) => key !== 'global' && !key.startsWith('config.'));
  // The configuration has a page of its own.
  expect(described.toSorted()).toEqual([...known, 'config', 'config.cilium.namespace'].toSorted());
});

/** Paths of the properties that have none themselves. */
function leavesOf(schema: unknown, prefix: string): string[] {
  const properties = at(schema, 'properties');
  if (typeof properties !== 'object' || properties === null) return [prefix];
  return Object.entries(properties).flatMap(([key, value]) =>
    leavesOf(value, prefix === '' ? key : `${prefix}.${key}`),
  );
}
