import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util';
import type { UsageProblem } from '../lib/errors.ts';
import { suggest } from '../lib/suggest.ts';

interface Flag extends ParseArgsOptionDescriptor {
  /** The commands that it makes sense with; absent: all. */
  readonly of?: readonly Purpose[];
}

/** What the program is called for. */
type Purpose = 'controller' | 'once' | 'doctor' | 'migrate' | 'uninstall' | 'uninstall-report';

/** Every flag, as node:util's parseArgs takes them. */
export const FLAGS = {
  once: { type: 'boolean' },
  'dry-run': { type: 'boolean', of: ['once', 'migrate', 'uninstall'] },
  adopt: { type: 'string' },
  listen: { type: 'string', of: ['controller'] },
  preflight: { type: 'boolean', of: ['controller'] },
  wait: { type: 'string', of: ['once', 'migrate'] },
  output: { type: 'string', short: 'o', of: ['once', 'doctor', 'migrate', 'uninstall', 'uninstall-report'] },
  yes: { type: 'boolean', short: 'y', of: ['once', 'doctor', 'migrate', 'uninstall'] },
  force: { type: 'boolean', of: ['once', 'migrate'] },
  'allow-static-redirect': { type: 'boolean', of: ['once'] },
  'to-class': { type: 'string', of: ['migrate'] },
  'uninstall-report': { type: 'boolean' },
  only: { type: 'string', of: ['doctor'] },
  skip: { type: 'string', of: ['doctor'] },
  cloud: { type: 'string', of: ['doctor'] },
  from: { type: 'string', of: ['doctor'] },
  verbose: { type: 'boolean', short: 'v', of: ['doctor'] },
  probe: { type: 'boolean', of: ['doctor'] },
  'probe-count': { type: 'string', of: ['doctor'] },
  'probe-rate': { type: 'string', of: ['doctor'] },
  'probe-time': { type: 'string', of: ['doctor'] },
  'probe-timeout': { type: 'string', of: ['doctor'] },
  'probe-pods': { type: 'boolean', of: ['doctor'] },
  'probe-nodes': { type: 'string', of: ['doctor'] },
  'probe-image': { type: 'string', of: ['doctor'] },
  'probe-namespace': { type: 'string', of: ['doctor'] },
  'probe-targets': { type: 'string', of: ['doctor'] },
  config: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  'log-level': { type: 'string' },
  version: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Record<string, Flag>;

export type FlagName = keyof typeof FLAGS;

/** Commands that are a word of their own, in front of all flags. */
export const COMMANDS = ['doctor', 'migrate', 'uninstall'] as const;

/** What was given, before any value is understood. */
export interface ScannedFlags {
  readonly command: (typeof COMMANDS)[number] | undefined;
  /** What `migrate` is to move; undefined: not said. */
  readonly operand: string | undefined;
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
  let operand: string | undefined;
  const command = COMMANDS.find((word) => tokens[0]?.kind === 'positional' && tokens[0].value === word);
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
    } else if (token.kind === 'positional' && token.index === 0 && token.value === command) {
      // The command itself.
    } else if (token.kind === 'positional' && command === 'migrate' && operand === undefined) {
      operand = token.value;
    } else if (token.kind === 'positional' && token.index !== unknownAt + 1) {
      // What follows an unknown flag is most likely its value: one mistake, one problem.
      problems.push(strayArgument(token.value));
    }
  }
  return { command, operand, given, values, problems };
}

/** The commands that a flag makes sense with; undefined: all of them. */
export function commandsOf(name: FlagName): Flag['of'] {
  const flag: Flag = FLAGS[name];
  return flag.of;
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
  listen: ':9976',
  wait: '30s',
  output: 'json',
  only: 'CHECK',
  skip: 'CHECK',
  cloud: 'false',
  'probe-count': '20',
  'probe-rate': '50',
  'probe-time': '30s',
  'probe-timeout': '2s',
  'probe-nodes': '10',
  'probe-image': 'IMAGE',
  'probe-namespace': 'NAMESPACE',
  'probe-targets': 'npmmirror.com,mirrors.aliyun.com',
  'to-class': 'CLASS',
  from: 'FOLDER',
  config: 'FILE',
  kubeconfig: 'FILE',
  context: 'NAME',
  'log-level': 'debug',
};

function unknownFlag(rawName: string): UsageProblem {
  return { at: rawName, what: 'no such flag', fix: didYouMean(rawName) ?? 'See --help.' };
}

function strayArgument(value: string): UsageProblem {
  const command = suggest(value, COMMANDS);
  const meant = command === undefined ? didYouMean(value) : `Did you mean ${command}, in front of all flags?`;
  const fix = meant ?? 'Everything else is said with flags: see --help.';
  return { at: '', what: `unexpected argument ${JSON.stringify(value)}`, fix };
}

function didYouMean(word: string): string | undefined {
  const near = suggest(word.replace(/^-+/, ''), Object.keys(FLAGS));
  return near === undefined ? undefined : `Did you mean --${near}?`;
}
