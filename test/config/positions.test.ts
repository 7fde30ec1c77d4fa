import { parseEvents } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { lineFinder } from '../../src/config/positions.ts';

const TEXT = `# comment
gateway:
  adopt:
    - a/b=c/d
    - [x,
       y]
  "quoted key": 1
flow: { a: 1,
  b: [1, 2] }
same: &x {k: v}
alias: *x
`;

describe('lineFinder', () => {
  const lineOf = lineFinder(TEXT, parseEvents(TEXT, {}));

  it.each([
    [['gateway'], 2],
    [['gateway', 'adopt'], 3],
    [['gateway', 'adopt', 0], 4],
    [['gateway', 'adopt', 1, 1], 6],
    [['gateway', 'quoted key'], 7],
    [['flow', 'a'], 8],
    [['flow', 'b', 1], 9],
    [['alias'], 11],
  ])('finds %j on line %i', (path, line) => {
    expect(lineOf(path)).toBe(line);
  });

  it('gives the line of the nearest parent for what is not there', () => {
    expect(lineOf(['gateway', 'adopt', 7, 'x'])).toBe(3);
  });

  it('gives no line for the root', () => {
    expect(lineOf([])).toBeUndefined();
    expect(lineOf(['nowhere'])).toBeUndefined();
  });
});
