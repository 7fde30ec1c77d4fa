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
    expect(metricsIn(expr).length).toBeGreaterThan(0);
    expect(wrongIn(expr)).toEqual([]);
  });

  it.each([
    ['another name', 'sum(cilium_cloud_bridge_finding{verdict="fail"})', ['cilium_cloud_bridge_finding']],
    ['another label', 'sum(cilium_cloud_bridge_findings{state="fail"})', ['cilium_cloud_bridge_findings{state}']],
    ['a sum by another label', 'sum by (check, state) (cilium_cloud_bridge_findings)', ['by state']],
    [
      'a label of another metric',
      'sum by (verb) (cilium_cloud_bridge_findings) + sum by (verb) (cilium_cloud_bridge_kube_requests_total)',
      ['by verb'],
    ],
    ['a histogram without its part', 'rate(workqueue_work_duration_seconds[5m])', ['workqueue_work_duration_seconds']],
  ])('and this would be found: %s', (_, expr, wrong) => {
    expect(wrongIn(expr)).toEqual(wrong);
  });
});

it('each legend names labels that its query keeps', () => {
  for (const { expr, legendFormat } of readPanels().flatMap(({ targets }) => targets)) {
    const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    // The outermost sum keeps what it is by, or nothing; without one, everything is kept.
    const by = /^(?:sum|max)\(/.test(expr) ? '' : /^[^{]*?\bby \(([^)]*)\)/.exec(expr)?.[1];
    const kept = by?.split(', ') ?? metricsIn(expr).flatMap(({ name }) => [...labelsOf(name), ...OF_TARGET]);
    expect(named.filter((label) => !kept.includes(label) || label === 'le')).toEqual([]);
    // More than one line needs names to be told apart.
    if (by !== undefined)
      expect(by.split(', ').filter((label) => label !== '' && label !== 'le' && !named.includes(label))).toEqual([]);
  }
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

/** What Prometheus adds to each series that it scrapes. */
const OF_TARGET = ['namespace', 'job', 'instance'];

/** The metrics of a query, with the labels that they are chosen by. */
function metricsIn(expr: string): readonly { readonly name: string; readonly selectors: readonly string[] }[] {
  const found = expr.matchAll(/\b((?:cilium_cloud_bridge|workqueue|leader|process|nodejs)_\w+)(?:\{([^}]*)\})?/g);
  return [...found].map(([, name = '', selectors = '']) => ({
    name,
    selectors: [...selectors.matchAll(/(\w+)(?:=~?|!=|!~)"/g)].map(([, label = '']) => label),
  }));
}

/** Metrics that there are not, and labels that their metrics do not have. */
function wrongIn(expr: string): readonly string[] {
  const chosen = metricsIn(expr).flatMap(({ name, selectors }) => {
    if (!NAMES.has(name)) return [name];
    const known = [...labelsOf(name), ...OF_TARGET];
    return selectors.filter((label) => !known.includes(label)).map((label) => `${name}{${label}}`);
  });
  const summed = [...expr.matchAll(/\bby \(([^)]*)\) /g)].flatMap(({ 0: head, 1: labels = '', index }) => {
    const rest = expr.slice(index + head.length);
    // `and on (…)` only asks whether there is such a series.
    const summands = argument(rest).replaceAll(/ and on \([^)]*\) \w+(?:\{[^}]*\})?/g, '');
    const known = metricsIn(summands).map(({ name }) => [...labelsOf(name), ...OF_TARGET]);
    return labels.split(', ').filter((label) => known.some((of) => !of.includes(label)));
  });
  return [...new Set([...chosen, ...summed.map((label) => `by ${label}`)])];
}

/** What stands in the brackets that a text begins with. */
function argument(text: string): string {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '(') depth += 1;
    if (text[index] === ')') depth -= 1;
    if (depth === 0) return text.slice(0, index + 1);
  }
  return text;
}

function labelsOf(sample: string): readonly string[] {
  const metric = METRICS.find(({ name }) => sample === name || sample.replace(/_(?:bucket|sum|count)$/, '') === name);
  return [...(metric?.labelNames ?? []), ...(sample.endsWith('_bucket') ? ['le'] : [])];
}
