import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ALERTS_FILE, readAlerts } from '../../scripts/docs/alerts.ts';
import { ALERT_CASES, type AlertCase } from './alert-cases.ts';
import { promtool } from './promtool.ts';

const ALERTS = readAlerts();

test('promtool takes the rules', async () => {
  const { code, stdout, stderr } = await promtool(['check', 'rules'], readFileSync(ALERTS_FILE, 'utf8'));
  expect(stderr).toBe('');
  expect(stdout).toContain(`SUCCESS: ${ALERTS.length} rules found`);
  expect(code).toBe(0);
});

test('each alert has a case in which it fires and one in which it does not, and no other has any', () => {
  expect(Object.keys(ALERT_CASES).toSorted()).toEqual(ALERTS.map(({ alert }) => alert).toSorted());
  for (const [alert, cases] of Object.entries(ALERT_CASES)) {
    expect(new Set(cases.map(({ fires }) => fires !== undefined)), alert).toEqual(new Set([true, false]));
  }
});

const CASES = Object.entries(ALERT_CASES).flatMap(([alert, cases]) =>
  cases.map((one) => [alert, one.fires === undefined ? 'is silent' : 'fires', one.title, one] as const),
);

test.each(CASES)('%s %s: %s', async (alert, _, _title, one) => {
  const { code, stdout, stderr } = await promtool(['test', 'rules'], unitTest(alert, one));
  expect(stdout + stderr).toMatch(/SUCCESS\s*$/);
  expect(code).toBe(0);
});

test('a case that expects what does not happen fails', async () => {
  const [quiet] = (ALERT_CASES.CiliumCloudBridgeDown ?? []).filter(({ fires }) => fires === undefined);
  const wrong = { title: '', at: '1m', series: quiet?.series ?? [], fires: { labels: {}, summary: 'No.' } };
  const { code, stdout, stderr } = await promtool(['test', 'rules'], unitTest('CiliumCloudBridgeDown', wrong));
  expect(stdout + stderr).toContain('FAILED');
  expect(code).not.toBe(0);
});

/** A file for `promtool test rules`. JSON is YAML. */
function unitTest(alert: string, { at, series, fires }: AlertCase): string {
  const rule = ALERTS.find((one) => one.alert === alert);
  if (rule === undefined) throw new Error(`there is no alert ${alert}`);
  // What is gone as a whole has no labels.
  const job = alert === 'CiliumCloudBridgeDown' ? {} : { namespace: 'ccb', job: 'ccb' };
  const expected =
    fires === undefined
      ? []
      : [
          {
            exp_labels: { ...job, ...rule.labels, ...fires.labels },
            exp_annotations: { ...rule.annotations, summary: fires.summary },
          },
        ];
  return JSON.stringify({
    rule_files: [resolve(ALERTS_FILE)],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: series.map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [{ alertname: alert, eval_time: at, exp_alerts: expected }],
      },
    ],
  });
}
