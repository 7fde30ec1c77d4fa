import { createHash } from 'node:crypto';
import { statSync, watch } from 'node:fs';
import { readFile as readFileLater } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type Bell, createBell } from '../lib/bell.ts';
import type { Clock } from '../lib/clock.ts';
import { describeProblem, UsageError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { Config } from './config.types.ts';
import {
  type ConfigSources,
  explainUnreadable,
  override,
  parseSettings,
  readSettings,
  withoutByteOrderMark,
} from './load.ts';
import { changedKeys, settleConfig } from './reload.ts';
import { type ConfigFile, toConfig } from './schema.ts';

/** A configuration that may change while the program runs. */
export interface LiveConfig {
  /** Whole and immutable; another object after each change. */
  current(): Config;
  /** Called after each change. Returns the way to stop that. */
  onChange(listener: () => void): () => void;
}

/** What became of a changed file: for Events and metrics. */
export type ReloadNews =
  | { readonly kind: 'applied'; readonly keys: readonly string[] }
  /** `keys` have new values that wait for a restart; empty: none does any more. */
  | { readonly kind: 'restart'; readonly keys: readonly string[] }
  /** The file cannot be used; what was good before stays in force. */
  | { readonly kind: 'refused'; readonly message: string };

export interface FollowPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: (news: ReloadNews) => void;
}

export interface FollowedConfig extends LiveConfig {
  /**
   * Follows the file until `signal` is aborted. Never rejects: what cannot be used is told once, and what was good
   * before stays in force.
   */
  follow(ports: FollowPorts, signal: AbortSignal): Promise<void>;
  /** For metrics. */
  state(): ReloadState;
}

export interface ReloadState {
  /** Whether the file, as it is now, could be used. */
  readonly ok: boolean;
  /** Wall clock of the last change that took effect, milliseconds; undefined: none since the start. */
  readonly changedAt: number | undefined;
  /** Keys whose new values wait for a restart. */
  readonly waiting: readonly string[];
}

export interface FollowTiming {
  /** The file is read so often, whatever the file system tells: it tells nothing of many mounts. */
  readonly pollMs: number;
  /** What is read must be the same for so long: an editor may be in the middle of writing it. */
  readonly settleMs: number;
  /** A file that cannot be read must be so for so long: some editors take it away before they put the new one. */
  readonly goneMs: number;
}

const TIMING: FollowTiming = { pollMs: 5_000, settleMs: 500, goneMs: 5_000 };

/**
 * The configuration from all its sources, ready to be followed.
 * @throws {UsageError} as `loadConfig`
 */
export function openConfig(sources: ConfigSources, timing: FollowTiming = TIMING): FollowedConfig {
  const { path, env, overrides } = sources;
  const { text, settings: started } = readSettings(sources);
  const listeners = new Set<() => void>();
  let file = started;
  let current = freeze(override(toConfig(file), overrides));
  let good = text;
  let state: ReloadState = { ok: true, changedAt: undefined, waiting: [] };

  function take(next: ConfigFile, { clock, logger, tell }: FollowPorts): void {
    const settled = settleConfig(started, next);
    const keys = changedKeys(file, settled.file);
    const waited = state.waiting.join(' ');
    if (!state.ok) logger.info({ config: path }, 'the configuration file can be used again');
    state = { ok: true, changedAt: keys.length > 0 ? clock.now() : state.changedAt, waiting: settled.waiting };
    if (keys.length > 0) {
      file = settled.file;
      current = freeze(override(toConfig(file), overrides));
      logger.info({ config: path, keys }, 'the configuration has changed, and is in force');
      tell({ kind: 'applied', keys });
      for (const listener of listeners) listener();
    }
    if (settled.waiting.join(' ') !== waited) {
      const fields = { config: path, keys: settled.waiting };
      if (settled.waiting.length > 0) logger.warn(fields, 'the configuration has changed: these keys need a restart');
      else logger.info(fields, 'no key of the configuration needs a restart any more');
      tell({ kind: 'restart', keys: settled.waiting });
    }
  }

  function refuse(error: UsageError, { logger, tell }: FollowPorts): void {
    state = { ...state, ok: false };
    logger.error(
      { config: path, problems: error.problems.map(describeProblem) },
      'the configuration file cannot be used: what was good before stays in force',
    );
    tell({ kind: 'refused', message: error.message });
  }

  async function follow(ports: FollowPorts, signal: AbortSignal): Promise<void> {
    if (path === undefined) return;
    if (isStream(path)) {
      ports.logger.info({ config: path }, 'the configuration cannot be read twice, and is not followed');
      return;
    }
    const { clock } = ports;
    const bell = bellOfChanges(path, signal);
    let known = fingerprintOf(text);
    let seen = { print: known, since: clock.monotonic() };
    while (!signal.aborted) {
      const read = await readNow(path);
      const print = typeof read === 'string' ? fingerprintOf(read) : `error ${read.message}`;
      const now = clock.monotonic();
      if (print !== seen.print) seen = { print, since: now };
      const needed = typeof read === 'string' ? timing.settleMs : timing.goneMs;
      const left = print === known ? timing.pollMs : seen.since + needed - now;
      if (left > 0) {
        await bell.wait(Math.min(left, timing.pollMs), clock, signal).catch(() => undefined);
        continue;
      }
      known = print;
      try {
        if (typeof read !== 'string') throw read;
        if (saysNothing(read) && !saysNothing(good)) throw isEmpty(path);
        take(parseSettings(read, path, env), ports);
        good = read;
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        refuse(error, ports);
      }
    }
  }

  return {
    current: () => current,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    follow,
    state: () => state,
  };
}

/** `--config <(command)` and `/dev/stdin` give what they hold once. */
function isStream(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

function saysNothing(text: string): boolean {
  return text.replaceAll(/^(?:\s*#.*|---.*)$/gm, '').trim() === '';
}

/** All defaults at once are hardly what was meant: they may switch writing on. A file that is being written is empty, too. */
function isEmpty(path: string): UsageError {
  const fix = 'Write {} where all the defaults are meant.';
  return new UsageError(path, [{ at: '', what: 'is empty now', fix }]);
}

async function readNow(path: string): Promise<string | UsageError> {
  try {
    return withoutByteOrderMark(await readFileLater(path, 'utf8'));
  } catch (error) {
    return explainUnreadable(path, error);
  }
}

function fingerprintOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Rings when the file changes, where the file system tells that: the kubelet swaps the link `..data` beside it. */
function bellOfChanges(path: string, signal: AbortSignal): Bell {
  const bell = createBell();
  try {
    const watcher = watch(dirname(path), { persistent: false, signal }, (_, name) => {
      if (name === null || name === basename(path) || name.startsWith('..')) bell.ring();
    });
    watcher.on('error', () => watcher.close()); // looking now and then is enough
  } catch {
    // The same.
  }
  return bell;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
