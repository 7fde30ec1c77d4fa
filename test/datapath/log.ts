import { readFileSync } from 'node:fs';
import { logLength } from '../control-plane/readiness.ts';

/** A place in a log. */
export type LogMark = number;

/** What a program wrote, while it runs. */
export interface Log {
  readonly path: string;
  /** From here on. */
  mark(): LogMark;
  /** The lines that match, from the mark on (default: all). */
  lines(pattern: RegExp, since?: LogMark): readonly string[];
}

export function openLog(path: string): Log {
  return {
    path,
    mark: () => logLength(path),
    lines: (pattern, since = 0) =>
      readFileSync(path)
        .subarray(since)
        .toString('utf8')
        .split('\n')
        .filter((line) => pattern.test(line)),
  };
}
