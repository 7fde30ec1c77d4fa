// Writes docs/report.schema.json from the schema in the code: `node scripts/generate-schema.ts`.
import { writeFileSync } from 'node:fs';
import { reportJsonSchema } from '../src/cli/report.schema.ts';

const target = new URL('../docs/report.schema.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(reportJsonSchema(), null, 2)}\n`);
