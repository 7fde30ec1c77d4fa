import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_REASONS, REASON_GROUPS } from '../../scripts/docs/reasons.ts';
import * as annotations from '../../src/gateway/annotations.ts';

/** Where kinds, Cilium's and the clouds' own words are said, and no reasons. */
const WITHOUT_REASONS = /^(?:kube\/resources|cilium\/|providers\/)/;
/** Of one word, so that the shape alone doesn't give them away. */
const ONE_WORD = ['Paused', 'Programmed'];

describe('the pages', () => {
  it('docs/reasons.md has every reason of the program, and no other (scripts/docs/reasons.ts)', () => {
    const described = REASON_GROUPS.flatMap(({ reasons }) => Object.keys(reasons));
    expect([...described, ...NO_REASONS].toSorted()).toEqual([...wordsOfSource(), ...ONE_WORD].toSorted());
  });

  it('docs/annotations.md and both READMEs have every annotation', () => {
    const keys = Object.values(annotations).filter((value) => typeof value === 'string');
    const wanted = keys.filter((key) => key !== annotations.PREFIX && key !== annotations.MANAGED_LABEL);
    for (const path of ['docs/annotations.md', 'README.md', 'README.zh-CN.md']) {
      const page = readFileSync(path, 'utf8');
      expect(
        wanted.filter((key) => !page.includes(key)),
        path,
      ).toEqual([]);
    }
  });
});

describe('README.zh-CN.md', () => {
  const parts = (path: string): readonly (readonly [string, number])[] => {
    const page = readFileSync(path, 'utf8');
    return [/^## /gm, /^\| /gm, /^```/gm, /^- /gm].map((mark) => [mark.source, page.match(mark)?.length ?? 0] as const);
  };

  it('has as many headings, rows, commands and points as README.md', () => {
    expect(parts('README.zh-CN.md')).toEqual(parts('README.md'));
  });

  it('has the same commands', () => {
    const blocks = (path: string): string[] =>
      Array.from(readFileSync(path, 'utf8').matchAll(/^```.*\n([\s\S]*?)^```/gm), ([, block = '']) => code(block));
    expect(blocks('README.zh-CN.md')).toEqual(blocks('README.md'));
  });
});

/** A block without its comments, which are translated. */
function code(block: string): string {
  return block.replaceAll(/\s*#.*$/gm, '');
}

/** Every string in the source that has the shape of a reason. */
function wordsOfSource(): string[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
  const sources = files.filter((path) => path.endsWith('.ts') && !WITHOUT_REASONS.test(path));
  const words = sources.flatMap((path) =>
    Array.from(
      readFileSync(join('src', path), 'utf8').matchAll(/'([A-Z][a-z]+(?:[A-Z][a-z0-9]*)+)'/g),
      ([, word = '']) => word,
    ),
  );
  return [...new Set(words)];
}
