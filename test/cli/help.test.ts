import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FLAGS } from '../../src/cli/flags.ts';
import { helpText } from '../../src/cli/help.ts';
import { programVersion } from '../../src/cli/version.ts';

describe('helpText', () => {
  const lines = helpText('1.2.3').split('\n');

  it('begins with the name and the version', () => {
    expect(lines[0]).toBe('cilium-cloud-bridge 1.2.3');
  });

  it('fits into 80 columns', () => {
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('names every flag and every exit code', () => {
    const text = lines.join('\n');
    expect(Object.keys(FLAGS).filter((name) => !text.includes(`--${name}`))).toEqual([]);
    expect(['  0  ', '  1  ', '  2  '].filter((code) => !text.includes(code))).toEqual([]);
  });

  it('names no flag that does not exist', () => {
    const named = [...lines.join('\n').matchAll(/--([a-z][a-z-]+)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !Object.hasOwn(FLAGS, name))).toEqual([]);
  });
});

describe('programVersion', () => {
  it("is package.json's when the sources run", () => {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    expect(manifest).toContain(`"version": "${programVersion()}"`);
  });
});
