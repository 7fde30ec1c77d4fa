import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = 'src/providers/tencent';
const PACKAGE = 'tencentcloud-sdk-nodejs/tencentcloud/';

/** Files of the SDK that the folder loads. */
function loadedOfSdk(): readonly string[] {
  const script = `
    import { createRequire } from 'node:module';
    await import('./${FOLDER}/index.ts');
    process.stdout.write(Object.keys(createRequire(import.meta.url).cache).join('\\n'));
  `;
  const stdout = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((file) => file.split(PACKAGE).slice(1));
}

describe('the code of Tencent Cloud', () => {
  it('loads signing and sending of the SDK, neither its root nor a product', () => {
    expect(loadedOfSdk().toSorted()).toEqual([
      'common/exception/tencent_cloud_sdk_exception.js',
      'common/http/fetch.js',
      'common/http/http_connection.js',
      'common/sdk_version.js',
      'common/sign.js',
    ]);
  });

  it('takes of the products their types alone', () => {
    const sources = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(FOLDER, file), 'utf8'));
    const imports = sources.flatMap((text) => [...text.matchAll(/import (type )?[^;]*? from '(tencentcloud[^']*)';/g)]);
    expect(imports.length).toBeGreaterThan(5);
    for (const [, type, path = ''] of imports) {
      expect(path).toMatch(/^tencentcloud-sdk-nodejs\/tencentcloud\/.+\.js$/);
      if (path.includes('/services/')) expect(type).toBe('type ');
    }
  });
});
