import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { DASHBOARD_FILE } from '../../scripts/docs/dashboard.ts';

const Target = z.object({ expr: z.string(), legendFormat: z.string() });
const Thresholds = z.object({ steps: z.array(z.object({ color: z.string(), value: z.number().nullable() })) });
const Grid = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });

const Panel = z.object({
  type: z.enum(['stat', 'timeseries']),
  title: z.string(),
  description: z.string(),
  targets: z.array(Target).min(1),
  gridPos: Grid,
  options: z.object({ legend: z.object({ placement: z.enum(['bottom', 'right']) }).optional() }),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string(), thresholds: Thresholds }) }),
});
export type Panel = z.infer<typeof Panel>;

const Row = z.object({ type: z.literal('row'), title: z.string(), gridPos: Grid });

const Dashboard = z.object({ panels: z.array(z.union([Row, Panel])) });

/** The panels that show something, row by row, as Grafana would import them. */
export function readRows(): readonly { readonly title: string; readonly panels: readonly Panel[] }[] {
  const rows: { title: string; panels: Panel[] }[] = [];
  for (const panel of Dashboard.parse(JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8'))).panels) {
    if (panel.type === 'row') rows.push({ title: panel.title, panels: [] });
    else rows.at(-1)?.panels.push(panel);
  }
  return rows;
}

export function readPanels(): readonly Panel[] {
  return readRows().flatMap(({ panels }) => panels);
}

/** A query as Grafana sends it, its variables replaced. */
export function sentQuery(expr: string, rateInterval: string): string {
  return expr.replaceAll('$__rate_interval', rateInterval).replaceAll('$job', '.+');
}
