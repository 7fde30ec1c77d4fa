import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util';
import type { UsageProblem } from '../lib/errors.ts';
import { suggest } from '../lib/suggest.ts';

interface Flag extends ParseArgsOptionDescriptor {
  /** Makes no sense without `--once`. */
  readonly onceOnly?: boolean;
}

/** Every flag, as node:util's parseArgs takes them. */
export const FLAGS = {
  once: { type: 'boolean' },
  'dry-run': { type: 'boolean', onceOnly: true },
  adopt: { type: 'string' },
  wait: { type: 'string', onceOnly: true },
  output: { type: 'string', short: 'o', onceOnly: true },
  yes: { type: 'boolean', short: 'y', onceOnly: true },
  force: { type: 'boolean', onceOnly: true },
  'allow-static-redirect': { type: 'boolean', onceOnly: true },
  config: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  'log-level': { type: 'string' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Record<string, Flag>;

export type FlagName = keyof typeof FLAGS;

/** What was given, before any value is understood. */
export interface ScannedFlags {
  readonly given: ReadonlySet<FlagName>;
  /** All values of each flag that takes one, in the order given. */
  readonly values: ReadonlyMap<FlagName, readonly string[]>;
  readonly problems: readonly UsageProblem[];
}

/** Sorts the command line into known flags and problems. Never throws. */
export function scanFlags(argv: readonly string[]): ScannedFlags {
  const { tokens } = parseArgs({
    args: [...argv],
    options: FLAGS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Set<FlagName>();
  const values = new Map<FlagName, string[]>();
  const problems: UsageProblem[] = [];
  let unknownAt = -2;
  for (const token of tokens) {
    if (token.kind === 'option') {
      const { name, rawName, value }: { name: string; rawName: string; value?: string | undefined } = token;
      if (!isFlagName(name)) {
        unknownAt = token.index;
        problems.push(unknownFlag(rawName));
        continue;
      }
      problems.push(...valueProblems(name, rawName, value, token.inlineValue === true));
      given.add(name);
      values.set(name, [...(values.get(name) ?? []), value ?? '']);
    } else if (token.kind === 'positional' && token.index !== unknownAt + 1) {
      // What follows an unknown flag is most likely its value: one mistake, one problem.
      problems.push(strayArgument(token.value));
    }
  }
  return { given, values, problems };
}

function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}

function valueProblems(name: FlagName, at: string, value: string | undefined, inline: boolean): UsageProblem[] {
  if (FLAGS[name].type === 'boolean') {
    return value === undefined ? [] : [{ at, what: 'takes no value', fix: `Write ${at} alone, or leave it out.` }];
  }
  const fix = `Write ${at} ${VALUE_HINTS[name] ?? 'VALUE'}.`;
  if (value === undefined || value === '') {
    return [{ at, what: 'needs a value', fix }];
  }
  return !inline && value.startsWith('-') ? [{ at, what: `needs a value, but ${value} follows`, fix }] : [];
}

/** What a value looks like, for the fix. */
const VALUE_HINTS: Partial<Record<FlagName, string>> = {
  adopt: 'auto',
  wait: '30s',
  output: 'json',
  config: 'FILE',
  kubeconfig: 'FILE',
  context: 'NAME',
  'log-level': 'debug',
};

function unknownFlag(rawName: string): UsageProblem {
  return { at: rawName, what: 'no such flag', fix: didYouMean(rawName) ?? 'See --help.' };
}

function strayArgument(value: string): UsageProblem {
  const fix = didYouMean(value) ?? 'Everything is said with flags: see --help.';
  return { at: '', what: `unexpected argument ${JSON.stringify(value)}`, fix };
}

function didYouMean(word: string): string | undefined {
  const near = suggest(word.replace(/^-+/, ''), Object.keys(FLAGS));
  return near === undefined ? undefined : `Did you mean --${near}?`;
}
