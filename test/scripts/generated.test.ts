import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatedFiles } from '../../scripts/docs/generated.ts';

describe('the files made from code', async () => {
  it.each(Object.entries(await generatedFiles()))('%s is up to date (npm run generate)', (path, text) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});
