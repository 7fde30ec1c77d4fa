// Writes the published schemas in docs/ and that of the chart's values from the code: `node scripts/generate-schema.ts`.
import { writeFileSync } from 'node:fs';
import { doctorReportJsonSchema } from '../src/cli/doctor-report.schema.ts';
import { reportJsonSchema } from '../src/cli/report.schema.ts';
import { chartSchema } from './docs/chart-schema.ts';

for (const [name, schema] of Object.entries({ report: reportJsonSchema(), doctor: doctorReportJsonSchema() })) {
  const target = new URL(`../docs/${name}.schema.json`, import.meta.url);
  writeFileSync(target, `${JSON.stringify(schema, null, 2)}\n`);
}
writeFileSync(new URL('../deploy/chart/values.schema.json', import.meta.url), chartSchema());
