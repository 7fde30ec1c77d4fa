import { expect, test } from 'vitest';
import { readPanels, sentQuery } from './dashboard.ts';
import { promtool } from './promtool.ts';

test('Prometheus takes every query of the dashboard', async () => {
  const queries = readPanels().flatMap(({ targets }) => targets.map(({ expr }) => sentQuery(expr, '5m')));
  expect(queries.length).toBeGreaterThan(20);
  const rules = queries.map((expr, index) => ({ record: `query:${index}`, expr }));
  const { code, stdout, stderr } = await promtool(
    ['check', 'rules'],
    JSON.stringify({ groups: [{ name: 'dashboard', rules }] }),
  );
  expect(stderr).toBe('');
  expect(stdout).toContain(`SUCCESS: ${queries.length} rules found`);
  expect(code).toBe(0);
});
