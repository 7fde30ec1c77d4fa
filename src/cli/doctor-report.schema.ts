import * as z from 'zod';
import { LINKS } from '../checks/check.types.ts';
import type { DoctorReport } from './doctor-report.types.ts';
import { count, finding, VERDICTS } from './report.schema.ts';
import { headFields } from './report-head.ts';

/** What `doctor -o json` prints. `docs/doctor.schema.json` is generated from it. */
export const doctorReportSchema: z.ZodType<DoctorReport> = z
  .object({
    ...headFields,
    server: z.string().describe("The API server's URL, or the files that were read instead."),
    context: z.string().nullable().describe("The kubeconfig's context; null inside a Pod, and for files."),
    startedAt: z.string().meta({ format: 'date-time' }),
    brokenLink: z
      .string()
      .nullable()
      .describe('Id of the first failed check that follows from no other; null: nothing fails.'),
    checks: z
      .array(
        z.object({
          id: z.string().describe('Stable, kebab-case. docs/doctor.md lists all of them.'),
          section: z.enum(['cluster', 'way-in', 'way-out', 'probe']),
          link: z.enum(LINKS).describe("The station of the packet's way that it is about."),
          title: z.string().describe('What is right when it passes.'),
          docs: z.string().describe('Page that explains it.'),
          verdict: z.enum(VERDICTS).describe('The worst of its findings: fail, warn, unknown, pass, not-applicable.'),
          followsFrom: z
            .string()
            .nullable()
            .describe('Id of the failed check that this one may follow from; null: it stands for itself.'),
          findings: z.array(finding).min(1),
        }),
      )
      .describe("In the order of the packet's way."),
    summary: z
      .object({
        fail: count,
        warn: count,
        unknown: count,
        pass: count,
        notApplicable: count,
        text: z.string(),
      })
      .describe('How many checks came to what.'),
    connectivityTest: z
      .object({
        command: z.string().describe('One line to paste into a shell.'),
        parts: z
          .array(
            z.object({
              text: z.string().describe('Words of the line that belong together, as they stand in it.'),
              reason: z.string(),
            }),
          )
          .describe('What is in it besides the bare command, in its order.'),
      })
      .nullable()
      .describe('cilium connectivity test with the flags that this cluster needs.'),
    exitCode: z.literal([0, 1, 2]),
  })
  .meta({ title: 'Report of cilium-cloud-bridge doctor -o json' });
