import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { renderDoctorHtml } from '../../src/cli/doctor-html.ts';
import type { DoctorReport } from '../../src/cli/doctor-report.types.ts';
import { HEALTHY, MIXED, reportOn, SOME_DENIED } from '../cli/html/report.ts';
import { findChromium, startBrowser } from './browser.ts';
import { hostileReport } from './hostile.ts';
import { IN_PAGE } from './in-page.ts';
import { type OpenedPage, openPage, VIEWS, type View, writePage } from './open-page.ts';

let browser: Browser;
let dir: string;
let reports: Readonly<Record<'healthy' | 'mixed' | 'hostile', DoctorReport>>;

beforeAll(async () => {
  browser = await startBrowser();
  dir = mkdtempSync(join(tmpdir(), 'ccb-page-'));
  const mixed = await reportOn(MIXED, SOME_DENIED);
  reports = { healthy: await reportOn(HEALTHY), mixed, hostile: hostileReport(mixed) };
  for (const [name, report] of Object.entries(reports)) writePage(join(dir, `${name}.html`), renderDoctorHtml(report));
});

afterAll(async () => {
  await browser.close();
  rmSync(dir, { recursive: true, force: true });
});

const BOX = z.object({ left: z.number(), right: z.number(), top: z.number(), bottom: z.number() });
const BOXES = z.array(z.array(BOX));
const BADGES = z.array(z.object({ word: z.string(), shape: z.string() }));

/** Calls a function of in-page.ts in the page. */
async function look(page: Page, call: string): Promise<unknown> {
  return await page.evaluate(`${IN_PAGE}\n${call}`);
}

/** Opens what is folded, as a reader does. */
async function unfold(page: Page): Promise<void> {
  for (const summary of await page.locator('summary').all()) await summary.click();
}

async function inPage<T>(name: keyof typeof reports, view: View, use: (opened: OpenedPage) => Promise<T>): Promise<T> {
  const opened = await openPage(browser, join(dir, `${name}.html`), view);
  try {
    return await use(opened);
  } finally {
    await opened.page.context().close();
  }
}

describe.each(['healthy', 'mixed', 'hostile'] as const)('the page of a %s cluster', (name) => {
  describe.each(VIEWS)('at $width px, $scheme', (view) => {
    it('asks for nothing and complains of nothing', async () => {
      const seen = await inPage(name, view, async ({ page, requests, complaints }) => {
        await unfold(page);
        await page.waitForTimeout(100);
        return { requests: [...requests], complaints: [...complaints] };
      });
      expect(seen).toEqual({ requests: [], complaints: [] });
    });

    it('is no wider than the window, and neither is anything in it', async () => {
      const wide = await inPage(name, view, async ({ page }) => {
        await unfold(page);
        return z.array(z.string()).parse(await look(page, 'tooWide()'));
      });
      expect(wide).toEqual([]);
    });

    it('draws the way once, with every station and word readable', async () => {
      const drawn = await inPage(name, view, async ({ page }) => BOXES.parse(await look(page, 'wayBoxes()')));
      expect(drawn).toHaveLength(1);
      const [boxes = []] = drawn;
      expect(boxes.length).toBeGreaterThanOrEqual(19);
      expect(boxes.filter(({ top, bottom }) => bottom - top < 11)).toEqual([]);
      const overlapping = boxes.flatMap((a, index) =>
        boxes
          .slice(index + 1)
          .filter((b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4),
      );
      expect(overlapping).toEqual([]);
    });

    it('lets all of its text be selected', async () => {
      const { selected, shown } = await inPage(name, view, async ({ page }) => {
        await unfold(page);
        await page.keyboard.press('Control+A');
        return {
          selected: z.string().parse(await look(page, 'getSelection().toString()')),
          shown: z.array(z.string()).parse(await look(page, 'shownTexts()')),
        };
      });
      const plain = selected.replaceAll(/\s+/g, '');
      expect(shown.length).toBeGreaterThan(30);
      expect(shown.filter((text) => !plain.includes(text.replaceAll(/\s+/g, '')))).toEqual([]);
    });

    it('has enough contrast for every word', async () => {
      const faint = await inPage(name, view, async ({ page }) => {
        await unfold(page);
        return z.array(z.string()).parse(await look(page, 'faintTexts()'));
      });
      expect(faint).toEqual([]);
    });
  });
});

describe('the page of a broken cluster', () => {
  const VIEW: View = { width: 390, scheme: 'light' };

  it('tells each verdict by a word and a shape of its own', async () => {
    const badges = await inPage('mixed', VIEW, async ({ page }) => BADGES.parse(await look(page, 'badges()')));
    const shapes = Map.groupBy(badges, ({ word }) => word);
    expect([...shapes.keys()].toSorted()).toEqual(['does not apply', 'fails', 'passes', 'unknown', 'warns']);
    expect([...shapes.values()].map((all) => new Set(all.map(({ shape }) => shape)).size)).toEqual([1, 1, 1, 1, 1]);
    expect(new Set(badges.map(({ shape }) => shape)).size).toBe(5);
  });

  it('leads from its head to the first broken link', async () => {
    const target = await inPage('mixed', VIEW, async ({ page }) => {
      await page.locator('header a').click();
      return await page.locator(':target').getAttribute('id');
    });
    expect(target).toBe(`check-${reports.mixed.brokenLink}`);
  });

  it('looks different by day and by night', async () => {
    const colours = await Promise.all(
      (['light', 'dark'] as const).map((scheme) =>
        inPage('mixed', { width: 390, scheme }, async ({ page }) =>
          look(page, 'getComputedStyle(document.body).backgroundColor'),
        ),
      ),
    );
    expect(colours).toEqual(['rgb(255, 255, 255)', 'rgb(13, 17, 23)']);
  });

  it('prints what is folded', async () => {
    const box = await inPage('mixed', VIEW, async ({ page }) => {
      await page.emulateMedia({ media: 'print' });
      return await page.locator('details ul').first().boundingBox();
    });
    expect(box?.height).toBeGreaterThan(100);
  });

  it('runs nothing that stands in names, messages or evidence, and shows it as it is', async () => {
    const seen = await inPage('hostile', VIEW, async ({ page }) => ({
      foreign: await page
        .locator('script, img, iframe, object, embed, link, form, input, base, [onload], [onerror], [onclick], [style]')
        .count(),
      ran: await look(page, '"ran" in window'),
      text: await page.locator('main').textContent(),
    }));
    expect(seen).toMatchObject({ foreign: 0, ran: false });
    expect(seen.text).toContain('<script>window.ran=1</script>');
  });
});

describe('these tests', () => {
  it('see what a page does that asks, complains, is too wide and too faint', async () => {
    const text = `<body style="width:900px;color:#ddd"><p>faint</p><img src="http://127.0.0.1:9/x.png"><script>console.log(1);nothing()</script>`;
    writePage(join(dir, 'bad.html'), text);
    const { page, requests, complaints } = await openPage(browser, join(dir, 'bad.html'), {
      width: 390,
      scheme: 'light',
    });
    expect(await look(page, 'faintTexts()')).toEqual(['P: faint']);
    expect(await look(page, 'tooWide()')).toContain('the page scrolls sideways');
    expect(requests).toEqual(['http://127.0.0.1:9/x.png']);
    expect(complaints.join('\n')).toMatch(/log: 1/);
    expect(complaints.join('\n')).toMatch(/nothing is not defined/);
    await page.context().close();
  });

  it('fail where there is no Chromium, and say how to get one', () => {
    expect(() => findChromium({ PATH: dir })).toThrow(/There is no Chromium on this machine.*apt-get install chromium/);
  });
});
