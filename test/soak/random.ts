/** Random numbers that a seed repeats. */
export interface Random {
  /** 0 ≤ x < 1. */
  fraction(): number;
  /** A whole number, 0 ≤ x < `below`. */
  below(below: number): number;
  pick<T>(items: readonly [T, ...(readonly T[])]): T;
  /** One of the items, each as often as its weight says. */
  weighted<T extends { readonly weight: number }>(items: readonly [T, ...(readonly T[])]): T;
}

/** A 32-bit linear congruential generator with the output mixed (PCG's RXS-M-XS): enough to choose what happens next. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;

  function next(): number {
    state = (Math.imul(state, 747_796_405) + 2_891_336_453) >>> 0;
    const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277_803_737) >>> 0;
    return ((word >>> 22) ^ word) >>> 0;
  }

  const fraction = (): number => next() / 2 ** 32;
  const below = (limit: number): number => Math.floor(fraction() * limit);
  return {
    fraction,
    below,
    pick: (items) => items[below(items.length)] ?? items[0],
    weighted(items) {
      let left = fraction() * items.reduce((sum, { weight }) => sum + weight, 0);
      for (const item of items) {
        left -= item.weight;
        if (left < 0) return item;
      }
      return items[0];
    },
  };
}
