// Writes the pages, schemas, policies and the chart's files that are made from code: `npm run generate`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedFiles } from './docs/generated.ts';

for (const [path, text] of Object.entries(await generatedFiles())) {
  const file = join(import.meta.dirname, '..', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
