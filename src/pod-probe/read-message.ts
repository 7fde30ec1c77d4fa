import { MEASURES, type Measure } from './pod-probe.types.ts';

const LINE =
  /^ccb1 (begin|end|cluster-dns|public-dns|https|node) ([-.:0-9A-Za-z]{1,253}) (ok|failed|unmeasured) ([a-z]{2,10})$/;
const RESULTS = ['ok', 'failed', 'unmeasured'] as const;

/**
 * Reads the termination message of a Pod of ours. Undefined unless it is whole and has each of the expected
 * measurements once, and nothing else: a Pod's words are not trusted further than that.
 */
export function readMessage(
  message: string,
  expected: readonly Pick<Measure, 'what' | 'subject'>[],
): readonly Measure[] | undefined {
  const lines = message.trimEnd().split('\n');
  const matches = lines.map((line) => LINE.exec(line));
  if (matches.some((match) => match === null)) return undefined;
  if (matches[0]?.[1] !== 'begin' || matches.at(-1)?.[1] !== 'end') return undefined;
  const measures = matches.slice(1, -1).flatMap((match): Measure[] => {
    const what = MEASURES.find((one) => one === match?.[1]);
    const result = RESULTS.find((one) => one === match?.[3]);
    if (what === undefined || result === undefined) return [];
    return [{ what, subject: match?.[2] ?? '', result, by: match?.[4] ?? '' }];
  });
  const keyOf = ({ what, subject }: Pick<Measure, 'what' | 'subject'>): string => `${what} ${subject}`;
  const found = measures.map(keyOf).toSorted();
  const wanted = expected.map(keyOf).toSorted();
  return measures.length === lines.length - 2 && found.join('\n') === wanted.join('\n') ? measures : undefined;
}
