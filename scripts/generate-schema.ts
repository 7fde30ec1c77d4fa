// Writes the published schemas in docs/ that of the chart's values, and the keys that need a restart, from the code: `node scripts/generate-schema.ts`.
import { writeFileSync } from 'node:fs';
import { doctorReportJsonSchema } from '../src/cli/doctor-report.schema.ts';
import { migrateReportJsonSchema } from '../src/cli/migrate-report.schema.ts';
import { reportJsonSchema } from '../src/cli/report.schema.ts';
import { uninstallReportJsonSchema } from '../src/cli/uninstall-report.ts';
import { chartSchema, restartKeysTemplate } from './docs/chart-schema.ts';

const schemas = {
  report: reportJsonSchema(),
  doctor: doctorReportJsonSchema(),
  migrate: migrateReportJsonSchema(),
  uninstall: uninstallReportJsonSchema(),
};
for (const [name, schema] of Object.entries(schemas)) {
  const target = new URL(`../docs/${name}.schema.json`, import.meta.url);
  writeFileSync(target, `${JSON.stringify(schema, null, 2)}\n`);
}
writeFileSync(new URL('../deploy/chart/values.schema.json', import.meta.url), chartSchema());
writeFileSync(new URL('../deploy/chart/templates/_restart-keys.tpl', import.meta.url), restartKeysTemplate());
