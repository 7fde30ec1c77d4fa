import { CloudError } from '../errors.ts';
import type { CloudAnswer, ReadFrom } from '../provider.types.ts';

/** The same answer, in other words. */
export function mapAnswer<A, B>({ value, from }: CloudAnswer<A>, change: (value: A) => B): CloudAnswer<B> {
  return { value: change(value), from };
}

/** Several answers of one kind as one, in their order. */
export function joinAnswers<T>(answers: readonly CloudAnswer<T>[]): CloudAnswer<readonly T[]> {
  return { value: answers.map(({ value }) => value), from: sources(...answers) };
}

/** Where all of these came from, in their order. */
export function sources(...answers: readonly CloudAnswer<unknown>[]): ReadFrom[] {
  return answers.flatMap(({ from }) => from);
}

/** An answer, or why there is none. */
export interface Tried<T> extends CloudAnswer<T | undefined> {
  /** Empty: there is one. */
  readonly problem: string;
}

/**
 * An answer that something less depends on: what the cloud refuses or cannot say becomes `undefined`, with the reason.
 * Rejects only with the signal's reason.
 */
export async function ifPossible<T>(reading: Promise<CloudAnswer<T>>): Promise<Tried<T>> {
  try {
    return { ...(await reading), problem: '' };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return { value: undefined, from: [], problem: error.message };
  }
}

/** Parts of a list, none longer than `size`: a URL has its limits. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}
