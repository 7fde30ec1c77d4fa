// Screenshots of doctor's page, to look at: `npm run screenshots [-- FOLDER]`.
import { join } from 'node:path';
import { renderDoctorHtml } from '../../src/cli/doctor-html.ts';
import { HEALTHY, MIXED, reportOn, SOME_DENIED } from '../cli/html/report.ts';
import { startBrowser } from './browser.ts';
import { openPage, VIEWS, writePage } from './open-page.ts';

const [folder = '/tmp/doctor-page'] = process.argv.slice(2);
const pages = { healthy: await reportOn(HEALTHY), mixed: await reportOn(MIXED, SOME_DENIED) };
const browser = await startBrowser();
try {
  for (const [name, report] of Object.entries(pages)) {
    const file = join(folder, `${name}.html`);
    writePage(file, renderDoctorHtml(report));
    for (const view of VIEWS) {
      const { page } = await openPage(browser, file, view);
      const path = join(folder, `${name}-${view.width}-${view.scheme}.png`);
      await page.screenshot({ path, fullPage: true });
      process.stdout.write(`${path}\n`);
      await page.context().close();
    }
  }
} finally {
  await browser.close();
}
