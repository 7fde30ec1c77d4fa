import * as z from 'zod';
import { doctorReportSchema } from '../../src/cli/doctor-report.schema.ts';
import { migrateReportSchema } from '../../src/cli/migrate-report.schema.ts';
import { reportSchema } from '../../src/cli/report.schema.ts';
import { uninstallReportSchema } from '../../src/cli/uninstall-report.ts';
import { chartReadme } from './chart-readme.ts';
import { chartSchema, restartKeysTemplate } from './chart-schema.ts';
import { DASHBOARD_FILE, dashboard } from './dashboard.ts';
import { doctorPage } from './doctor.ts';
import { metricsPage } from './metrics.ts';
import { configurationPage, reasonsPage } from './pages.ts';
import { huaweiPolicy, permissionsPage, tencentPolicy } from './policies.ts';

/** Every file that is made from code, by its path: what `npm run generate` writes, and what the test compares. */
export async function generatedFiles(): Promise<Readonly<Record<string, string>>> {
  return {
    'docs/reasons.md': reasonsPage(),
    'docs/configuration.md': configurationPage(),
    'docs/doctor.md': await doctorPage(),
    'docs/metrics.md': metricsPage(),
    'docs/cloud-permissions.md': permissionsPage(),
    'docs/report.schema.json': published(reportSchema),
    'docs/doctor.schema.json': published(doctorReportSchema),
    'docs/migrate.schema.json': published(migrateReportSchema),
    'docs/uninstall.schema.json': published(uninstallReportSchema),
    'deploy/chart/README.md': chartReadme(),
    'deploy/chart/values.schema.json': chartSchema(),
    'deploy/chart/templates/_restart-keys.tpl': restartKeysTemplate(),
    [DASHBOARD_FILE]: dashboard(),
    'deploy/policies/huawei-iam.json': huaweiPolicy(),
    'deploy/policies/tencent-cam.json': tencentPolicy(),
  };
}

/** The JSON Schema of a report. */
function published(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2)}\n`;
}
