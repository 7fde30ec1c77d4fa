// Pictures of the dashboard's panels over a recorded run, to look at: `npm run panels [-- FOLDER]`. It takes six minutes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCommand } from '../../control-plane/command.ts';
import { startBrowser } from '../../html/browser.ts';
import { type Panel, readRows, sentQuery } from '../dashboard.ts';
import { drawPanel, type NamedLine } from './draw.ts';
import { RATE_INTERVAL, type Recording, record } from './recording.ts';

const STYLE = `body{margin:8px;background:#f4f5f5;font-family:sans-serif}h1{font-size:16px;margin:4px}
#panels{display:flex;flex-wrap:wrap;gap:8px;width:1200px}.title{font:600 13px sans-serif}.about,.tick,.legend{font:11px sans-serif;fill:#52545c}
.value{font:600 28px sans-serif}.grid{stroke:#e4e5e6}.mark{stroke:#5794f2;stroke-opacity:.35}`;

const [folder = '/tmp/panels'] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const dir = mkdtempSync(join(tmpdir(), 'ccb-panels-bundle-'));
mkdirSync(folder, { recursive: true });
try {
  const bundle = join(dir, 'cilium-cloud-bridge.js');
  await runCommand(process.execPath, ['scripts/build.ts', '--outfile', bundle]);
  const recording = await record(bundle, say);
  try {
    await draw(recording);
    await tellSeries(recording);
    await tellAlerts(recording);
  } finally {
    await recording.stop();
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** A picture of each row of the dashboard. */
async function draw(recording: Recording): Promise<void> {
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1232, height: 100 } });
    for (const { title, panels } of readRows()) {
      const pictures = await Promise.all(panels.map((panel) => pictureOf(panel, recording)));
      const file = join(folder, `${title.toLowerCase().replaceAll(' ', '-')}.html`);
      writeFileSync(
        file,
        `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><h1>${title}</h1><div id="panels">${pictures.join('')}</div>`,
      );
      await page.goto(pathToFileURL(file).href);
      const path = file.replace('.html', '.png');
      await page.screenshot({ path, fullPage: true });
      say(path);
    }
  } finally {
    await browser.close();
  }
}

async function pictureOf(panel: Panel, { prometheus, range, marks }: Recording): Promise<string> {
  const lines: NamedLine[] = [];
  for (const { expr, legendFormat } of panel.targets) {
    for (const { labels, points } of await prometheus.queryRange(sentQuery(expr, RATE_INTERVAL), range)) {
      lines.push({
        name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? ''),
        points,
      });
    }
  }
  const empty = lines.every(({ points }) => points.every(([, value]) => !Number.isFinite(value)));
  if (empty) say(`no data: ${panel.title}`);
  return drawPanel(panel, lines, range, marks);
}

/** What one scrape brought at most, of each process. */
async function tellSeries({ prometheus, range }: Recording): Promise<void> {
  for (const { labels, points } of await prometheus.queryRange('scrape_samples_scraped', range)) {
    say(`${labels.instance}: ${Math.max(...points.map(([, value]) => value))} series`);
  }
}

/** Which alerts began to count, and which fired: most wait for longer than the run lasts. */
async function tellAlerts({ prometheus, range }: Recording): Promise<void> {
  for (const { labels, points } of await prometheus.queryRange('ALERTS', range)) {
    const { alertname, alertstate, __name__: _, namespace: _n, job: _j, severity: _s, ...others } = labels;
    const from = Math.round((points[0]?.[0] ?? range.from) - range.from);
    const to = Math.round((points.at(-1)?.[0] ?? range.from) - range.from);
    say(`${alertname} ${alertstate} from ${from} s to ${to} s ${JSON.stringify(others)}`);
  }
}
