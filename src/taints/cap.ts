/** The window that the limit is about. */
export const CAP_WINDOW_MS = 60_000;

/** How many nodes may be freed within any 60 s: a share of all, or a number where that is more; 100 % lifts the limit. */
export function nodesPerWindow(nodes: number, maxPercent: number, maxNodes: number): number {
  return maxPercent >= 100 ? Number.POSITIVE_INFINITY : Math.max(Math.floor((nodes * maxPercent) / 100), maxNodes);
}

/** Counts removals so that no 60 s ever hold more than the limit. Times are of the monotonic clock. */
export interface Cap {
  /** Removals that may be started now. */
  free(limit: number, now: number): number;
  /** Milliseconds until a place gets free; undefined: nothing holds one for a known time. */
  nextFreeMs(now: number): number | undefined;
  /** A removal is being sent. */
  take(): void;
  /** It ended. The place stays taken for the window when the node may have been freed. */
  settle(mayHaveFreed: boolean, now: number): void;
  /** Ends of removals by all processes, oldest first, as others tell them; what is known here may be among them. */
  noteEarlier(told: readonly number[]): void;
}

export function createCap(): Cap {
  /** Ends of the removals of the last window, oldest first. */
  let ends: number[] = [];
  let underWay = 0;

  function forget(now: number): void {
    const firstKept = ends.findIndex((end) => now - end < CAP_WINDOW_MS);
    if (firstKept !== 0 && ends.length > 0) ends = firstKept < 0 ? [] : ends.slice(firstKept);
  }

  return {
    free: (limit, now) => {
      forget(now);
      return Math.max(0, limit - ends.length - underWay);
    },
    nextFreeMs: (now) => {
      forget(now);
      const [oldest] = ends;
      return oldest === undefined ? undefined : oldest + CAP_WINDOW_MS - now;
    },
    take: () => {
      underWay += 1;
    },
    settle: (mayHaveFreed, now) => {
      underWay -= 1;
      if (mayHaveFreed) ends.push(now);
    },
    noteEarlier: (told) => {
      // A clock that was set moves what is told: whichever knows of more removals is right.
      if (told.length >= ends.length) ends = [...told];
    },
  };
}
