import { createHash } from 'node:crypto';

const MAX = 63;
const KEPT = 52;
const LETTERS = new Map([
  ['0', 'g'],
  ['1', 'h'],
  ['3', 'k'],
  ['a', 'm'],
  ['e', 't'],
]);

/**
 * Cilium's shortening of names (pkg/shortener). Written a second time here on purpose: a model that borrowed the
 * program's own rule could not show that it is wrong.
 */
export function shortened(name: string): string {
  if (name.length <= MAX) {
    return name;
  }
  const hash = createHash('sha256').update(name).digest('hex');
  const letters = Array.from(hash.slice(0, MAX - KEPT - 1), (digit) => LETTERS.get(digit) ?? digit);
  return `${name.slice(0, KEPT)}-${letters.join('')}`;
}
