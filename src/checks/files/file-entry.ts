import { type UsageError, usageError } from '../../lib/errors.ts';
import type { FileLimits } from './limits.ts';

/** A file in a folder or an archive. */
export interface FileEntry {
  /** Path below the folder or the archive's root, with `/`. */
  readonly name: string;
  /**
   * The whole file.
   * @throws UsageError when it is too large, damaged or not to be read
   */
  read(signal: AbortSignal): Promise<Buffer>;
}

/** What was opened. */
export interface OpenedFiles {
  readonly entries: readonly FileEntry[];
  close(): void;
}

/** The one message of an archive or folder that is not read any further. */
export function refused(path: string, what: string, cause?: unknown): UsageError {
  return usageError(
    path,
    what,
    'Nothing of it is used. Give a sysdump as cilium wrote it, or a folder of kubectl output.',
    cause,
  );
}

/** Counts what was read, over all files. */
export interface ReadBudget {
  /** @throws UsageError when the file, or all of them together, are too large */
  take(name: string, bytes: number): void;
}

export function createBudget(path: string, limits: FileLimits): ReadBudget {
  let total = 0;
  return {
    take: (name, bytes) => {
      if (bytes > limits.fileBytes) {
        throw refused(
          path,
          `${quoted(name)} is too large (${megabytes(bytes)}; at most ${megabytes(limits.fileBytes)})`,
        );
      }
      total += bytes;
      if (total > limits.totalBytes) {
        throw refused(path, `holds more than ${megabytes(limits.totalBytes)} of what is to be read`);
      }
    },
  };
}

/** A file's name for a message: short, and safe on a terminal. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 117)}…` : name);
}

export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 100_000) / 10} MB`;
}
