import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SECRET_ID, SECRET_KEY, startFakeTencent } from '../fake-clouds/tencent.ts';
import { REGION } from '../fake-clouds/tencent-world.ts';
import { isPlannedWrite } from '../faults/requests.ts';
import { type Scene, startScene } from '../faults/scene.ts';
import { readPanels, sentQuery } from './dashboard.ts';
import { promtool } from './promtool.ts';

/*
 * Whether each query of the dashboard finds something in what the program really serves while everything happens to it
 * that the dashboard tells of. `npm run panels` makes pictures of such a run, to look at.
 */

const PATIENCE_MS = 40_000;
const TARGET = 'namespace="ccb",job="ccb",instance="a:9976"';

test('each query of each panel shows something where everything happens', async () => {
  const pages = await recordPages();
  const queries = readPanels().flatMap(({ targets }) => targets.map(({ expr }) => sentQuery(expr, '10m')));
  expect(queries.length).toBeGreaterThan(30);
  const { code, stdout, stderr } = await promtool(['test', 'rules'], testFile(pages, queries));
  expect(stdout + stderr).toMatch(/SUCCESS\s*$/);
  expect(code).toBe(0);
});

test('a query that shows nothing would be named', async () => {
  const expr = 'histogram_quantile(0.99, sum by (le) (rate(workqueue_work_duration_seconds_bucket[10m])))';
  const page = 'workqueue_work_duration_seconds_bucket{name="gateways",le="+Inf"} 1\n';
  const { code, stdout, stderr } = await promtool(['test', 'rules'], testFile([page, page], ['vector(1)', expr]));
  expect(stdout + stderr).toContain(expr);
  expect(stdout + stderr).not.toContain('vector(1)');
  expect(code).not.toBe(0);
});

/** What the program serves, once after each thing that happened. */
async function recordPages(): Promise<readonly string[]> {
  const cloud = await startFakeTencent();
  onTestFinished(() => cloud.close());
  vi.stubEnv('TENCENTCLOUD_SECRET_ID', SECRET_ID);
  vi.stubEnv('TENCENTCLOUD_SECRET_KEY', SECRET_KEY);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  cloud.denied.add('vpc:DescribeRouteTables');
  const endpoints = cloud.endpoints.overrides;
  const settings = { provider: 'tencent', region: REGION, vpcId: 'vpc-main0001', endpoints };
  const config = `cloud: ${JSON.stringify(settings)}\nchecks: { interval: 60s }`;
  const scene = await startScene({ config, gateways: 3, nodes: 2 });
  const { api, cluster } = scene;
  const [gateway = ''] = cluster.gateways();

  const pages = [await until(scene, /check_runs_total\{result="ok"\} [1-9]/)];
  cluster.changeNodePort(gateway);
  cluster.addTaintedNode();
  cluster.changeRoute(gateway);
  await scene.inSync();
  pages.push(await until(scene, /actions_total\{kind="remove-taints",result="applied"\} [3-9]/));
  const mend = api.faults.intercept((request) =>
    isPlannedWrite(request) && request.resource === 'ciliumenvoyconfigs' ? { kind: 'answer', status: 500 } : undefined,
  );
  cluster.changeRoute(gateway);
  pages.push(await until(scene, /redirect_copy_lag_seconds\{/));
  mend();
  await scene.inSync();
  pages.push(await until(scene, /check_runs_total\{result="ok"\} (?:[3-9]|\d\d)/));
  return pages;
}

async function until({ page }: Scene, wanted: RegExp): Promise<string> {
  const endsAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const { text } = await page('/metrics');
    if (wanted.test(text)) return text;
    if (performance.now() > endsAt) throw new Error(`the metrics never said ${wanted.source}`);
    await pause(50);
  }
}

/** A file for promtool, in which the pages were scraped a minute apart: each query must show a number at the last one. */
function testFile(pages: readonly string[], queries: readonly string[]): string {
  const series = new Map<string, string[]>();
  for (const [index, page] of pages.entries()) {
    for (const line of page.split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const [name, value] = [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)];
      const values = series.get(name) ?? pages.map(() => '_');
      values[index] = value;
      series.set(name, values);
    }
  }
  return JSON.stringify({
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: [...series].map(([name, values]) => ({ series: scraped(name), values: values.join(' ') })),
        promql_expr_test: queries.map((expr) => ({
          // What is no number is nothing to see.
          expr: `clamp_max(count((${expr}) > -Inf), 1)`,
          eval_time: `${pages.length - 1}m`,
          exp_samples: [{ labels: '{}', value: 1 }],
        })),
      },
    ],
  });
}

/** With the labels that Prometheus adds. */
function scraped(name: string): string {
  return name.includes('{') ? name.replace('{', `{${TARGET},`) : `${name}{${TARGET}}`;
}
