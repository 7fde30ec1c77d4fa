import pino from 'pino';
import type { Config } from '../config/config.types.ts';
import type { Logger } from '../lib/logger.ts';
import { printable } from '../lib/printable.ts';
import { redactText, redactValue } from '../lib/redact.ts';
import { type ColorEnvironment, createPaint, wantsColor } from './color.ts';
import { prettyLine } from './log-pretty.ts';

export type LogLevel = Config['logLevel'];

export interface LogOptions {
  /** Asked at each line: it may change. */
  readonly level: LogLevel | (() => LogLevel);
  /** Where lines go: stderr, since stdout is for reports. */
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly env: ColorEnvironment;
}

/**
 * The program's logger: JSON lines (`time`, `level`, fields, `msg`), or lines for people where the stream is a
 * terminal. Every field and every message passes redaction before pino sees it, so that no caller can forget it.
 * Errors are written with category, operation and causes; with their stack only at the levels debug and trace.
 */
export function createLogger({ level, stream, env }: LogOptions): Logger {
  const levelNow = typeof level === 'function' ? level : (): LogLevel => level;
  const isTerminal = stream.isTTY === true;
  const paint = createPaint(wantsColor(isTerminal, env));
  // JSON leaves some control characters as they are, and logs are read on terminals, too.
  const show = (line: string): string => (isTerminal ? prettyLine(line, paint) : printable(line, true));
  const logger = pino(
    {
      level: levelNow(),
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Errors are plain data by then.
      serializers: { err: (value: unknown) => value },
    },
    { write: (line: string): void => void stream.write(show(line)) },
  );

  function write(at: LogLevel, fields: Readonly<Record<string, unknown>>, message: string): void {
    const level = levelNow();
    if (logger.level !== level) logger.level = level;
    if (logger.isLevelEnabled(at)) {
      logger[at](
        withoutReserved(redactValue(fields, { stack: level === 'debug' || level === 'trace' })),
        redactText(message),
      );
    }
  }

  return {
    trace: (fields, message) => write('trace', fields, message),
    debug: (fields, message) => write('debug', fields, message),
    info: (fields, message) => write('info', fields, message),
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
  };
}

/** Names that every line has anyway would stand there twice. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['error', 'err'],
  ['time', 'time_'],
  ['level', 'level_'],
  ['msg', 'msg_'],
]);

function withoutReserved(fields: unknown): Record<string, unknown> {
  const entries: [string, unknown][] = typeof fields === 'object' && fields !== null ? Object.entries(fields) : [];
  return Object.fromEntries(entries.map(([key, value]) => [RENAMED.get(key) ?? key, value]));
}
