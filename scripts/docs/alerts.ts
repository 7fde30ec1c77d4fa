import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import * as z from 'zod';

/** The rules that the chart installs, and that anybody may load as they are. */
export const ALERTS_FILE = 'deploy/chart/files/alerts.yaml';

const Alerts = z.strictObject({
  groups: z.tuple([
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
          annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
        }),
      ),
    }),
  ]),
});

export type Alert = z.infer<typeof Alerts>['groups'][0]['rules'][number];

/** @throws when the file is not what the chart, the page and the tests take it for */
export function readAlerts(): readonly Alert[] {
  return Alerts.parse(load(readFileSync(ALERTS_FILE, 'utf8'))).groups[0].rules;
}
