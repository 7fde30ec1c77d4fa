import type { CloudAnswer, ReadFrom } from '../provider.types.ts';

/** The requests behind several answers, each once: answers of one batch share theirs. */
export function sourcesOf(answers: readonly Pick<CloudAnswer<unknown>, 'from'>[]): readonly ReadFrom[] {
  const seen = new Set<ReadFrom>();
  for (const { from } of answers) {
    for (const source of from) seen.add(source);
  }
  return [...seen];
}
