/** A measurement at a time, in whatever units. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  /** y per x; 0 where all x are the same. */
  readonly slope: number;
  /** Standard error of the slope, as if the measurements were independent. */
  readonly error: number;
  /** What the line rises from the first point to the last. */
  readonly rise: number;
  readonly mean: number;
}

/** The straight line through the points by least squares. */
export function lineThrough(points: readonly Point[]): Line {
  const count = points.length;
  if (count === 0) return { slope: 0, error: 0, rise: 0, mean: 0 };
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / count;
  const mean = points.reduce((sum, { y }) => sum + y, 0) / count;
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  const slope = spread === 0 ? 0 : points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - mean), 0) / spread;
  const rest = points.reduce((sum, { x, y }) => sum + (y - mean - slope * (x - meanX)) ** 2, 0);
  const error = count > 2 && spread > 0 ? Math.sqrt(rest / (count - 2) / spread) : 0;
  const times = points.map(({ x }) => x);
  return { slope, error, rise: slope * (Math.max(...times) - Math.min(...times)), mean };
}
