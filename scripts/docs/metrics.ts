import * as z from 'zod';
import { createInstruments } from '../../src/metrics/instruments.ts';
import { readAlerts } from './alerts.ts';
import { GENERATED, table } from './tables.ts';

/** One metric, as the registry has it. */
export interface MetricDoc {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

const Registered = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram', 'summary']),
  labelNames: z.array(z.string()),
});

/** More series one controller never makes, whatever the size of its cluster (test/metrics/series.test.ts). */
export const MOST_SERIES = 2_000;

const INTRO = `The controller serves three pages on the port of \`listen\` (default 9976; \`none\` switches them off), without a password:

- \`/healthz\`: its loops turn. For liveness.
- \`/readyz\`: everything was read, and what was read is current; a watch without a sign of life for 180 s fails it. The
  standby, which watches too, is ready. For readiness.
- \`/metrics\`: what this page describes, for Prometheus.

\`?verbose\` lists each check of the first two. They take GET and HEAD.

The standby tells of its requests, watches and passes. What is so in the cluster (\`findings\`, \`hold_offs\`, copies that are
behind, the last checks) only the leader tells.

No label holds a name that users choose, but \`copy\`, of which there are 20 at most; nothing of the metrics grows with nodes,
Gateways or Services. A controller makes 500 to 700 series, and never more than ${MOST_SERIES.toLocaleString('en')} series. Names that begin with \`cilium_cloud_bridge_\` are this program's own; \`workqueue_*\` and
\`leader_election_*\` are named as client-go does, the others by the conventions of Prometheus and Node.js.`;

const ALERTS = `They are in \`deploy/chart/files/alerts.yaml\`, as Prometheus takes them; the chart makes a PrometheusRule of them
(\`prometheusRule.enabled\`), and a dashboard for Grafana (\`dashboard.enabled\`).`;

/** Every metric of the program's registry, Node's own included. */
export function registeredMetrics(): readonly MetricDoc[] {
  const { registry } = createInstruments();
  return registry.getMetricsAsArray().map((metric) => Registered.parse(metric));
}

/** `docs/metrics.md`. */
export function metricsPage(): string {
  const metrics = registeredMetrics();
  const ours = metrics.filter(({ name }) => !/^(?:nodejs|process)_/.test(name));
  const rows = (some: readonly MetricDoc[]): string[][] =>
    some.map(({ name, type, labelNames, help }) => [
      `\`${name}\``,
      type,
      labelNames.map((label) => `\`${label}\``).join(', '),
      help,
    ]);
  const head = ['metric', 'type', 'labels', 'meaning'];
  const alerts = readAlerts().flatMap(({ alert, expr, for: hold, labels, annotations }) => [
    `### ${alert}`,
    `${labels.severity}, after ${hold}. ${annotations.summary.replaceAll(/\{\{ ([^}]+) \}\}/g, '`$1`')}`,
    annotations.description,
    `\`\`\`promql\n${expr}\n\`\`\``,
  ]);
  return `${[
    '# Health and metrics',
    GENERATED,
    INTRO,
    '## Metrics',
    table(head, rows(ours)),
    '## Of the process',
    table(head, rows(metrics.filter((metric) => !ours.includes(metric)))),
    '## Alerts',
    ALERTS,
    ...alerts,
  ].join('\n\n')}\n`;
}
