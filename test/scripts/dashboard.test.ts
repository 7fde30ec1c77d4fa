import { describe, expect, it } from 'vitest';
import { readAlerts } from '../../scripts/docs/alerts.ts';
import { registeredMetrics } from '../../scripts/docs/metrics.ts';
import { readPanels } from '../prometheus/dashboard.ts';

const METRICS = registeredMetrics();
/** Every name that a sample may have. */
const NAMES = new Set(
  METRICS.flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

describe('every metric exists, and has the labels that it is asked for,', () => {
  it.each([
    ...readAlerts().map(({ alert, expr }) => [`in the alert ${alert}`, expr] as const),
    ...readPanels().flatMap(({ title, targets }) =>
      targets.map(({ expr }) => [`in the panel ${title}`, expr] as const),
    ),
  ])('%s', (_, expr) => {
    const asked = [
      ...expr.matchAll(/\b((?:cilium_cloud_bridge|workqueue|leader|process|nodejs)_\w+)(?:\{([^}]*)\})?/g),
    ];
    expect(asked.length).toBeGreaterThan(0);
    for (const [, name = '', selectors = ''] of asked) {
      expect(NAMES, expr).toContain(name);
      const labels = [...selectors.matchAll(/(\w+)(?:=~?|!=|!~)"/g)].map(([, label = '']) => label);
      expect(
        labels.filter((label) => ![...labelsOf(name), 'job'].includes(label)),
        expr,
      ).toEqual([]);
    }
  });
});

it('no two panels have one title, and none lies on another', () => {
  const panels = readPanels();
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
});

function labelsOf(sample: string): readonly string[] {
  const metric = METRICS.find(({ name }) => sample === name || sample.replace(/_(?:bucket|sum|count)$/, '') === name);
  return metric?.labelNames ?? [];
}
