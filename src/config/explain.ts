import * as z from 'zod';
import type { UsageProblem } from '../lib/errors.ts';
import { isSecretField } from '../lib/redact.ts';
import { suggest } from '../lib/suggest.ts';
import { explainDuration, formatDuration, LONGEST_DURATION_MS, parseDuration } from './durations.ts';
import { TEXT_RULES } from './schema.ts';
import { allKeyPaths, schemaAt, shapeOf } from './walk.ts';

type Issue = z.core.$ZodIssue;

/** A problem and the keys that lead to it. */
export interface ConfigProblem extends Omit<UsageProblem, 'at'> {
  readonly path: readonly PropertyKey[];
}

/** Says in plain English what is wrong with the configuration, and the fix. `value` is what was validated. */
export function explainIssues(issues: readonly Issue[], value: unknown): ConfigProblem[] {
  return issues.flatMap((issue) => explainIssue(issue, issue.path, showable(issue.path, valueAt(value, issue.path))));
}

/**
 * People write keys and tokens where a path or more keys are wanted, or name the file of a token: what stands there is in
 * no message.
 */
function showable(path: readonly PropertyKey[], value: unknown): unknown {
  const isPlain = typeof value === 'string' || typeof value === 'number';
  return isPlain && (path.length === 0 || path.some((key) => isSecretField(String(key)))) ? '…' : value;
}

function explainIssue(issue: Issue, path: readonly PropertyKey[], value: unknown): ConfigProblem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], ...explainKey(path, key) }));
    case 'invalid_union':
      return explainUnion(issue, path, value);
    case 'invalid_key':
      return [{ path, ...explainText(issue.issues[0]?.message ?? '', String(path.at(-1))) }];
    case 'invalid_format':
      return [{ path, ...explainText(issue.message, String(value)) }];
    case 'invalid_value':
      return [{ path, ...explainChoice(issue.values.map(String), value) }];
    case 'invalid_type':
      return [{ path, ...explainType(issue.expected, path, value) }];
    case 'too_big':
    case 'too_small':
      return [{ path, ...explainSize(issue, value) }];
    case 'custom':
      return [{ path, ...explainCustom(issue.params ?? {}, value) }];
    case 'not_multiple_of':
    case 'invalid_element':
      return [{ path, what: issue.message, fix: '' }];
  }
}

type Explanation = Pick<ConfigProblem, 'what' | 'fix'>;

function explainKey(path: readonly PropertyKey[], key: string): Explanation {
  const siblings = [...shapeOf(schemaAt(path)).keys()];
  const near = suggest(key, siblings);
  if (near !== undefined) {
    return { what: 'no such key', fix: `Did you mean ${near}?` };
  }
  if (isSecretField(key)) return { what: 'no such key', fix: NO_SECRETS };
  const elsewhere = allKeyPaths().find((candidate) => candidate.at(-1) === key);
  if (elsewhere !== undefined) {
    const place = elsewhere.length === 1 ? `${key} at the top level` : elsewhere.join('.');
    return { what: 'no such key', fix: `Did you mean ${place}?` };
  }
  return { what: 'no such key', fix: `Known here: ${siblings.join(', ')}.` };
}

const NO_SECRETS =
  'Credentials do not belong here: give them in the environment, or as files in the folder cloud.credentials.directory.';

function explainUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: readonly PropertyKey[],
  value: unknown,
): ConfigProblem[] {
  if (Array.isArray(value)) {
    const deepest = issue.errors.find((branch) => branch.every((nested) => nested.path.length > 0)) ?? [];
    return deepest.flatMap((nested) => explainIssue(nested, [...path, ...nested.path], valueAt(value, nested.path)));
  }
  const pairs = 'or a list such as [kube-system/entry=default/web]';
  return [{ path, what: `${show(value)} is no choice`, fix: `Write annotated, auto, ${pairs}.` }];
}

function explainText(rule: string, value: string): Explanation {
  const known = Object.entries(TEXT_RULES).find(([key]) => key === rule)?.[1];
  return { what: `${show(value)} is ${known?.what ?? 'not valid'}`, fix: known?.fix ?? '' };
}

function explainChoice(choices: readonly string[], value: unknown): Explanation {
  const near = typeof value === 'string' ? suggest(value, choices) : undefined;
  const hint = near === undefined ? '' : `Did you mean ${near}? `;
  return { what: `${show(value)} is no choice`, fix: `${hint}Choices: ${choices.join(', ')}.` };
}

const SHAPES: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  string: ['a text', 'Write a text; put numbers, true and false in quotes.'],
  boolean: ['true or false', 'Write true or false, without quotes.'],
  int: ['a whole number', 'Write a whole number, without quotes.'],
  number: ['a whole number', 'Write a whole number, without quotes.'],
  array: ['a list', 'Write a list: [one, two].'],
  object: ['keys with values', 'Put keys under it, indented, each with its value.'],
  record: ['keys with values', 'Put keys under it, indented, each with its value.'],
};

function explainType(expected: string, path: readonly PropertyKey[], value: unknown): Explanation {
  if (typeof value === 'number' && schemaAt(path) instanceof z.ZodPipe) {
    return explainDuration(String(value));
  }
  const [what, fix] = SHAPES[expected] ?? [expected, ''];
  return { what: `must be ${what}, not ${show(value)}`, fix };
}

function explainSize(issue: Extract<Issue, { code: 'too_big' | 'too_small' }>, value: unknown): Explanation {
  if (issue.origin === 'string') {
    return explainText(issue.message, String(value));
  }
  if (issue.origin === 'array') {
    return { what: 'is an empty list', fix: 'Add at least one entry, or remove the key.' };
  }
  const [word, limit] = issue.code === 'too_big' ? ['most', issue.maximum] : ['least', issue.minimum];
  return { what: `${show(value)} is out of range`, fix: `Write a number of at ${word} ${limit}.` };
}

function explainCustom(params: Readonly<Record<string, unknown>>, value: unknown): Explanation {
  const { what, fix, atLeastMs } = params;
  if (typeof atLeastMs === 'number' && typeof value === 'string') {
    return explainDurationIssue(value, atLeastMs);
  }
  return { what: typeof what === 'string' ? what : 'not valid', fix: typeof fix === 'string' ? fix : '' };
}

function explainDurationIssue(value: string, atLeastMs: number): Explanation {
  if (parseDuration(value) === undefined) {
    return explainDuration(value);
  }
  const range = `from ${formatDuration(atLeastMs)} to ${formatDuration(LONGEST_DURATION_MS)}`;
  return { what: `${show(value)} is out of range`, fix: `Write a duration ${range}.` };
}

/** A value in a message: short, quoted when it is a text. */
function show(value: unknown): string {
  if (value === undefined) {
    return 'nothing';
  }
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'a list' : 'keys with values';
  }
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) {
      return undefined;
    }
    current = Reflect.get(current, key);
  }
  return current;
}
