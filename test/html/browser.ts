import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The Chromium of this machine.
 * @throws when there is none: a page that no browser has opened is not tested
 */
export async function startBrowser(env: NodeJS.ProcessEnv = process.env): Promise<Browser> {
  return await chromium.launch({
    executablePath: findChromium(env),
    args: ['--no-sandbox'], // root, in CI; the page is our own
  });
}

export function findChromium(env: NodeJS.ProcessEnv): string {
  const { CHROMIUM: chosen = '', PATH: path = '' } = env;
  const candidates = [
    ...(chosen === '' ? [] : [chosen]),
    ...path.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name))),
  ];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new Error(
    "There is no Chromium on this machine, so doctor's page cannot be tested. Install it (Debian: apt-get install chromium), or name it: CHROMIUM=/path/to/chrome",
  );
}
