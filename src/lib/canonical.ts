import { createHash } from 'node:crypto';

/**
 * SHA-256 of a JSON value, the same whatever the order of its keys. Absent and `undefined` members are the same.
 * @returns 64 hexadecimal digits
 */
export function hashJson(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** JSON with sorted keys and no white space, of a value however deep: what users nest must not exhaust the stack. */
export function canonicalJson(value: unknown): string {
  const written: string[] = [];
  /** What is still to be written, last first: text as it is, or a value in an array of one. */
  const left: (string | readonly [unknown])[] = [[value]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === 'string') {
      written.push(next);
      continue;
    }
    const [current] = next;
    if (typeof current !== 'object' || current === null) {
      written.push(JSON.stringify(current) ?? 'null');
    } else if (Array.isArray(current)) {
      const items: readonly unknown[] = current;
      left.push(']');
      for (let index = items.length - 1; index >= 0; index -= 1) left.push([items[index]], index === 0 ? '' : ',');
      left.push('[');
    } else {
      left.push('}');
      const members = Object.entries(current).filter(([, member]) => member !== undefined);
      for (const [index, [key, member]] of members.sort(descending).entries()) {
        left.push([member], `${index === members.length - 1 ? '' : ','}${JSON.stringify(key)}:`);
      }
      left.push('{');
    }
  }
  return written.join('');
}

function descending([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? 1 : a > b ? -1 : 0;
}
