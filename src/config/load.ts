import { readFileSync } from 'node:fs';
import { constructFromEvents, type Event, parseEvents, YAMLException } from 'js-yaml';
import type * as z from 'zod';
import { UsageError, type UsageProblem, usageError } from '../lib/errors.ts';
import type { AdoptChoice, Config } from './config.types.ts';
import { explainIssues } from './explain.ts';
import { lineFinder, type Path } from './positions.ts';
import { configSchema, toConfig } from './schema.ts';
import { shapeOf } from './walk.ts';

/** What flags say over the file. */
export interface ConfigOverrides {
  readonly adopt?: AdoptChoice | undefined;
  readonly logLevel?: Config['logLevel'] | undefined;
}

/**
 * The configuration: the file's, or the defaults without a file, then the flags' over it.
 * @throws {UsageError} that names every problem of the file, with its line and the fix; nothing else.
 */
export function loadConfig(
  path: string | undefined,
  overrides: ConfigOverrides = {},
  read: (path: string) => string = readText,
): Config {
  const config = path === undefined ? parseConfig('', 'configuration') : parseConfig(readFile(path, read), path);
  return {
    ...config,
    logLevel: overrides.logLevel ?? config.logLevel,
    gateway: { ...config.gateway, adopt: overrides.adopt ?? config.gateway.adopt },
  };
}

/**
 * The configuration written in YAML or JSON; empty text gives the defaults.
 * @param name what messages call it
 * @throws {UsageError} as `loadConfig`
 */
export function parseConfig(text: string, name: string): Config {
  const { value, events } = parseYaml(text, name);
  const result = configSchema.safeParse(dropEmptyKeys(value ?? {}, configSchema));
  if (result.success) {
    return toConfig(result.data);
  }
  const lineOf = lineFinder(text, events);
  const problems = explainIssues(result.error.issues, value ?? {})
    .map(({ path, what, fix }) => ({ line: lineOf(path), problem: { at: '', what, fix }, path }))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ line, problem, path }): UsageProblem => ({ ...problem, at: locate(path, line) }));
  throw new UsageError(name, problems, result.error);
}

function locate(path: Path, line: number | undefined): string {
  const keys = path
    .map((key) => (/^\d+$/.test(String(key)) ? `[${String(key)}]` : `.${quoteKey(String(key))}`))
    .join('')
    .replace(/^\./, '');
  return [line === undefined ? '' : `line ${line}`, keys].filter((part) => part !== '').join(', ');
}

function quoteKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key.length > 80 ? `${key.slice(0, 77)}…` : key);
}

function parseYaml(text: string, name: string): { readonly value: unknown; readonly events: readonly Event[] } {
  try {
    const events = parseEvents(text, { filename: name, maxDepth: 20 });
    const documents = constructFromEvents(events, { source: text, filename: name, maxAliases: 100 });
    if (documents.length > 1) {
      throw usageError(name, `holds ${documents.length} YAML documents`, 'Keep one: remove the lines with "---".');
    }
    return { value: documents[0], events };
  } catch (error) {
    if (error instanceof UsageError) {
      throw error;
    }
    throw yamlError(error, name);
  }
}

function yamlError(error: unknown, name: string): UsageError {
  const fix = 'Mend the YAML there: mostly it is the indentation, a tab, or a missing quote.';
  if (error instanceof YAMLException) {
    const at = error.mark === undefined ? '' : `line ${error.mark.line + 1}, column ${error.mark.column + 1}`;
    return new UsageError(name, [{ at, what: error.reason, fix }], error);
  }
  return usageError(name, `can't be read as YAML (${error instanceof Error ? error.message : String(error)})`, fix);
}

/** A known key without a value (`gateway:` with everything under it commented out) counts as absent. */
function dropEmptyKeys(value: unknown, schema: z.core.$ZodType): unknown {
  const shape = shapeOf(schema);
  if (shape.size === 0 || typeof value !== 'object' || value === null || Array.isArray(value)) {
    return value;
  }
  const entries: [string, unknown][] = Object.entries(value);
  const kept = entries.filter(([key, child]) => child !== null || !shape.has(key));
  return Object.fromEntries(
    kept.map(([key, child]) => {
      const known = shape.get(key);
      return [key, known === undefined ? child : dropEmptyKeys(child, known)];
    }),
  );
}

function readFile(path: string, read: (path: string) => string): string {
  try {
    return read(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw usageError(path, READ_PROBLEMS[code] ?? `can't be read (${code || String(error)})`, READ_FIX, error);
  }
}

const READ_FIX = 'Check the path given with --config and the rights of the file.';
const READ_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a directory, not a file',
};

function readText(path: string): string {
  return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
}
