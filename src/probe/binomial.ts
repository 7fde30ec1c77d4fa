/** Less likely than this, a count is no chance any more: one report in a thousand is wrong about one share. */
const UNLIKELY = 0.001;

/**
 * How a count stands beside what a share predicts, by the exact binomial distribution.
 * @param hits of `tries`
 * @param share of each try, 0 to 1
 */
export function compareShare(hits: number, tries: number, share: number): 'as-predicted' | 'more' | 'fewer' {
  if (tries === 0) return 'as-predicted';
  if (share <= 0) return hits > 0 ? 'more' : 'as-predicted';
  if (share >= 1) return hits < tries ? 'fewer' : 'as-predicted';
  if (hits > tries * share) return atLeast(hits, tries, share) < UNLIKELY / 2 ? 'more' : 'as-predicted';
  return 1 - atLeast(hits + 1, tries, share) < UNLIKELY / 2 ? 'fewer' : 'as-predicted';
}

/** P(X ≥ hits). */
function atLeast(hits: number, tries: number, share: number): number {
  let sum = 0;
  let logTerm = tries * Math.log1p(-share); // of X = 0
  for (let k = 0; k <= tries; k += 1) {
    if (k >= hits) sum += Math.exp(logTerm);
    logTerm += Math.log((tries - k) / (k + 1)) + Math.log(share) - Math.log1p(-share);
  }
  return Math.min(1, sum);
}
