// Writes docs/reasons.md, docs/configuration.md and docs/doctor.md from the code: `npm run generate`.
import { writeFileSync } from 'node:fs';
import { doctorPage } from './docs/doctor.ts';
import { configurationPage, reasonsPage } from './docs/pages.ts';

const pages = { reasons: reasonsPage(), configuration: configurationPage(), doctor: await doctorPage() };
for (const [name, page] of Object.entries(pages)) {
  writeFileSync(new URL(`../docs/${name}.md`, import.meta.url), page);
}
