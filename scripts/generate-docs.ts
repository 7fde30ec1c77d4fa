// Writes docs/reasons.md and docs/configuration.md from the code: `npm run generate`.
import { writeFileSync } from 'node:fs';
import { configurationPage, reasonsPage } from './docs/pages.ts';

for (const [name, page] of Object.entries({ reasons: reasonsPage(), configuration: configurationPage() })) {
  writeFileSync(new URL(`../docs/${name}.md`, import.meta.url), page);
}
