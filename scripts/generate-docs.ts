// Writes docs/reasons.md, docs/configuration.md, docs/doctor.md and the chart's README from the code: `npm run generate`.
import { writeFileSync } from 'node:fs';
import { chartReadme } from './docs/chart-readme.ts';
import { doctorPage } from './docs/doctor.ts';
import { configurationPage, reasonsPage } from './docs/pages.ts';

const pages = { reasons: reasonsPage(), configuration: configurationPage(), doctor: await doctorPage() };
for (const [name, page] of Object.entries(pages)) {
  writeFileSync(new URL(`../docs/${name}.md`, import.meta.url), page);
}
writeFileSync(new URL('../deploy/chart/README.md', import.meta.url), chartReadme());
