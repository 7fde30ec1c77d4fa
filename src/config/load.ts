import { readFileSync } from 'node:fs';
import type { Event } from 'js-yaml';
import type * as z from 'zod';
import type { Environment } from '../lib/environment.ts';
import { UsageError, type UsageProblem, usageError } from '../lib/errors.ts';
import type { AdoptChoice, Config } from './config.types.ts';
import { readEnvironment, type SaidByVariable } from './environment.ts';
import { explainIssues } from './explain.ts';
import { parseListenAddress } from './names.ts';
import { lineFinder, type Path, type PlacedKey, repeatedKeys } from './positions.ts';
import { type ConfigFile, configSchema, toConfig } from './schema.ts';
import { shapeOf } from './walk.ts';
import { parseYaml, parseYamlWithRepeatedKeys, REPEATED } from './yaml.ts';

/** What flags say over everything else. */
export interface ConfigOverrides {
  readonly adopt?: AdoptChoice | undefined;
  readonly logLevel?: Config['logLevel'] | undefined;
  /** `none`, or an address that was checked already. */
  readonly listen?: string | undefined;
}

/** Where a configuration comes from, the strongest first: flags, environment, file; then the defaults. */
export interface ConfigSources {
  readonly overrides: ConfigOverrides;
  readonly env: Environment;
  /** Of the file; undefined: there is none. */
  readonly path: string | undefined;
}

/**
 * The configuration from all its sources.
 * @throws {UsageError} that names every problem, with its line or variable and the fix; nothing else.
 */
export function loadConfig(sources: ConfigSources, read: (path: string) => string = readText): Config {
  return override(toConfig(readSettings(sources, read).settings), sources.overrides);
}

/**
 * What file and environment say, with the defaults filled in, and the text of the file.
 * @throws {UsageError} as `loadConfig`
 */
export function readSettings(
  { path, env }: Pick<ConfigSources, 'path' | 'env'>,
  read: (path: string) => string = readText,
): { readonly text: string; readonly settings: ConfigFile } {
  const name = path ?? 'configuration';
  let text = '';
  try {
    if (path !== undefined) text = readConfigText(path, read);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const inEnvironment = problemsOf(() => parseSettings('', name, env));
    if (inEnvironment.length === 0) throw error;
    throw new UsageError(`${name} and environment`, [...error.problems, ...inEnvironment], error);
  }
  return { text, settings: parseSettings(text, name, env) };
}

function problemsOf(work: () => unknown): readonly UsageProblem[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
}

/**
 * The configuration written in YAML or JSON; empty text gives the defaults.
 * @param name what messages call it
 * @throws {UsageError} as `loadConfig`
 */
export function parseConfig(text: string, name: string, env: Environment = {}): Config {
  return toConfig(parseSettings(text, name, env));
}

/** What flags say over file and environment. */
export function override(config: Config, { adopt, logLevel, listen }: ConfigOverrides): Config {
  return {
    ...config,
    logLevel: logLevel ?? config.logLevel,
    listen: listen === undefined ? config.listen : parseListenAddress(listen),
    gateway: { ...config.gateway, adopt: adopt ?? config.gateway.adopt },
  };
}

/**
 * The same in the words of the file, with the defaults filled in.
 * @throws {UsageError} as `loadConfig`
 */
export function parseSettings(text: string, name: string, env: Environment): ConfigFile {
  const { said, problems } = readEnvironment(env);
  const file = parseFile(text, name);
  const value = said.reduce<unknown>((all, { path, value }) => withValue(all, path, value), file.value);
  const result = configSchema.safeParse(value);
  if (result.success && problems.length + file.problems.length + file.repeated.length === 0) {
    return result.data;
  }
  // What a text holds that is no YAML cannot be judged: then only the variables are.
  const issues = explainIssues(result.error?.issues ?? [], value).map(({ path, what, fix }) => ({
    path,
    variable: said.find((one) => one.path.every((key, index) => key === path[index])),
    problem: { what, fix },
  }));
  const inVariables = issues.flatMap(({ variable, path, problem }) =>
    variable === undefined ? [] : [{ ...problem, at: locateInVariable(variable, path) }],
  );
  const lineOf = lineFinder(text, file.events);
  const inFile = issues
    .filter(({ variable }) => variable === undefined && file.problems.length === 0)
    .map(({ path, problem }) => ({ path, problem, line: lineOf(path) }))
    .concat(file.repeated.map(({ path, line }) => ({ path, problem: REPEATED, line })))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ path, problem, line }): UsageProblem => ({ ...problem, at: locate(path, line) }));
  const ofFile = [...file.problems, ...inFile];
  const ofVariables = [...problems, ...inVariables];
  const where = [ofFile.length > 0 ? name : '', ofVariables.length > 0 ? 'environment' : ''];
  throw new UsageError(where.filter((part) => part !== '').join(' and '), [...ofFile, ...ofVariables], result.error);
}

interface ParsedFile {
  readonly value: unknown;
  readonly events: readonly Event[];
  /** Why it is no YAML. */
  readonly problems: readonly UsageProblem[];
  readonly repeated: readonly PlacedKey[];
}

function parseFile(text: string, name: string): ParsedFile {
  try {
    const { value, events } = parseYamlWithRepeatedKeys(text, name);
    const repeated = repeatedKeys(text, events);
    if (repeated.length === 0) parseYaml(text, name); // it may know better what the same key is
    return { value: dropEmptyKeys(value ?? {}, configSchema), events, problems: [], repeated };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { value: {}, events: [], problems: error.problems, repeated: [] };
  }
}

/** A copy with the value at that place; what is no mapping on the way there stays, for the schema to refuse. */
function withValue(all: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (typeof all !== 'object' || all === null || Array.isArray(all)) return all;
  const inner: unknown = Object.hasOwn(all, key) ? Reflect.get(all, key) : undefined;
  return { ...all, [key]: withValue(inner ?? {}, rest, value) };
}

function locateInVariable({ variable, path }: SaidByVariable, whole: Path): string {
  const rest = locate(whole.slice(path.length), undefined);
  return rest === '' ? variable : `${variable} ${rest}`;
}

function locate(path: Path, line: number | undefined): string {
  const keys = path
    .map((key) => (/^\d+$/.test(String(key)) ? `[${String(key)}]` : `.${quoteKey(String(key))}`))
    .join('')
    .replace(/^\./, '');
  return [line === undefined ? '' : `line ${line}`, keys].filter((part) => part !== '').join(', ');
}

function quoteKey(key: string): string {
  const short = key.length > 80 ? `${key.slice(0, 77)}…` : key;
  return /^[\w-]+$/.test(key) ? short : JSON.stringify(short);
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

/**
 * The text of the configuration file.
 * @throws {UsageError} when it cannot be read
 */
function readConfigText(path: string, read: (path: string) => string = readText): string {
  try {
    return withoutByteOrderMark(read(path));
  } catch (error) {
    throw explainUnreadable(path, error);
  }
}

/** Why the file at this path cannot be read. */
export function explainUnreadable(path: string, error: unknown): UsageError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return usageError(path, READ_PROBLEMS[code] ?? `can't be read (${code || String(error)})`, READ_FIX, error);
}

const READ_FIX = 'Check the path given with --config and the rights of the file.';
const READ_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a directory, not a file',
};

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

/** Some editors put one in front. */
export function withoutByteOrderMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}
