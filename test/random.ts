import { createHash } from 'node:crypto';

/** Chance that a seed repeats. */
export interface Random {
  /** 0 ≤ x < 1. */
  next(): number;
  /** 0 ≤ n < limit. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
  /** One of the items, each as often as its weight says. */
  weighted<T extends { readonly weight: number }>(items: readonly [T, ...(readonly T[])]): T;
  /** True in so many of a hundred cases. */
  percent(share: number): boolean;
}

/**
 * Chance for what happens in no fixed order, such as requests: what is in store for the n-th thing of a name depends on
 * the seed, that name and n alone, however the things come in between each other.
 */
export function createFates(seed: number, name: string): (what: string) => Random {
  const times = new Map<string, number>();
  return (what) => {
    const n = (times.get(what) ?? 0) + 1;
    times.set(what, n);
    return createRandom(seed, `${name} / ${what} / ${n}`);
  };
}

/** Each name has a series of its own, so that one test's chance does not depend on which others run. */
export function createRandom(seed: number, name: string): Random {
  let state = createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE(0);
  /** Mulberry32. */
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    weighted(items) {
      let left = next() * items.reduce((sum, { weight }) => sum + weight, 0);
      for (const item of items) {
        left -= item.weight;
        if (left < 0) return item;
      }
      return items[0];
    },
    percent: (share) => next() * 100 < share,
  };
}
