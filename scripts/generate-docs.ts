// Writes the pages of docs/ that are made from code, the chart's README and its dashboard: `npm run generate`.
import { writeFileSync } from 'node:fs';
import { chartReadme } from './docs/chart-readme.ts';
import { DASHBOARD_FILE, dashboard } from './docs/dashboard.ts';
import { doctorPage } from './docs/doctor.ts';
import { metricsPage } from './docs/metrics.ts';
import { configurationPage, reasonsPage } from './docs/pages.ts';

const pages = {
  reasons: reasonsPage(),
  configuration: configurationPage(),
  doctor: await doctorPage(),
  metrics: metricsPage(),
};
for (const [name, page] of Object.entries(pages)) {
  writeFileSync(new URL(`../docs/${name}.md`, import.meta.url), page);
}
writeFileSync(new URL('../deploy/chart/README.md', import.meta.url), chartReadme());
writeFileSync(new URL(`../${DASHBOARD_FILE}`, import.meta.url), dashboard());
