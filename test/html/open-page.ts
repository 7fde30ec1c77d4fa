import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';

export interface View {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

/** Every size and colour scheme that the page is looked at in: a phone and a desk, by day and by night. */
export const VIEWS: readonly View[] = [390, 1280].flatMap((width) => [
  { width, scheme: 'light' as const },
  { width, scheme: 'dark' as const },
]);

/** A page that is open, and what the browser did and said meanwhile. */
export interface OpenedPage {
  readonly page: Page;
  /** Everything the browser asked for, the file itself left out. */
  readonly requests: readonly string[];
  /** Console messages, errors of the page, and breaches of its policy. */
  readonly complaints: readonly string[];
}

/** Opens a file in a new window. */
export async function openPage(browser: Browser, file: string, { width, scheme }: View): Promise<OpenedPage> {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 844 : 900 },
    colorScheme: scheme,
    deviceScaleFactor: 1,
  });
  const page = await context.newPage();
  const own = pathToFileURL(file).href;
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== own) requests.push(request.url());
  });
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(own, { waitUntil: 'load' });
  return { page, requests, complaints };
}

/** Writes a report's page where it can be looked at. */
export function writePage(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
