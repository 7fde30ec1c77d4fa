import * as z from 'zod';
import type { MigrateReport } from './migrate-report.types.ts';
import { action, finding } from './report.schema.ts';
import { headFields } from './report-head.ts';

/** What `migrate -o json` prints. `docs/migrate.schema.json` is generated from it. */
export const migrateReportSchema: z.ZodType<MigrateReport> = z
  .object({
    ...headFields,
    mode: z.enum(['dry-run', 'migrate']),
    startedAt: z.string().meta({ format: 'date-time' }),
    gateway: z.object({ namespace: z.string(), name: z.string() }),
    fromClass: z.string().describe('The GatewayClass that the Gateway named at the beginning.'),
    toClass: z.string().nullable().describe('Null: there is none to move to.'),
    steps: z
      .array(
        z.object({
          id: z.enum(['switch-class', 'recreate-service', 'publish', 'check']),
          what: z.string(),
          outage: z.string().describe('What it costs those who connect. docs/migrate.md says how it was measured.'),
          state: z.enum(['done', 'todo']),
        }),
      )
      .describe('In their order. Empty: the move was refused.'),
    controller: z.string().nullable().describe('The controller that stood by meanwhile; null: none led.'),
    actions: z.array(action),
    findings: z.array(finding),
    manifest: z.string().nullable().describe('Command that makes the GatewayClass that is missing; null: none is.'),
    summary: z.string(),
    exitCode: z.literal([0, 1, 2]),
  })
  .meta({ title: 'Report of cilium-cloud-bridge migrate -o json' });
