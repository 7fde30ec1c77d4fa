import type { AdoptChoice, NamespacedName } from '../config/config.types.ts';
import { explainDuration, formatDuration, LONGEST_DURATION_MS, parseDuration } from '../config/durations.ts';
import { findContradictions, parseAdoptPair } from '../config/names.ts';
import { LOG_LEVELS, TEXT_RULES, toAdoptChoice } from '../config/schema.ts';
import { parseNamespacedName } from '../gateway/annotations.ts';
import type { Environment } from '../lib/environment.ts';
import { UsageError, type UsageProblem } from '../lib/errors.ts';
import { suggest } from '../lib/suggest.ts';
import type { DoctorFormat, OutputFormat, ParsedArgs } from './args.types.ts';
import { commandsOf, type FlagName, type ScannedFlags, scanFlags } from './flags.ts';
import { parseProbe, parseProbePods } from './probe-args.ts';

const DEFAULT_WAIT_MS = 10_000;
/** Of `migrate`: a cloud controller may have to let the old Service go first. */
const MIGRATE_WAIT_MS = 60_000;
const OUTPUTS = ['table', 'json'] as const satisfies readonly OutputFormat[];
const DOCTOR_OUTPUTS = [...OUTPUTS, 'html'] as const satisfies readonly DoctorFormat[];

/**
 * Understands the command line (without node and script). `--help` and `--version` win over everything else.
 * @param env gives what `FLAG_VARIABLES` name, where the flag does not
 * @throws {UsageError} that names every problem of the command line; nothing else.
 */
export function parseCommandLine(argv: readonly string[], env: Environment = {}): ParsedArgs {
  const flags = scanFlags(argv);
  if (flags.given.has('help')) {
    return { command: 'help' };
  }
  if (flags.given.has('version')) {
    return { command: 'version' };
  }
  // A mistyped --once would make every other flag look wrong, so combinations are judged only when all flags are known.
  const problems: UsageProblem[] = flags.problems.length > 0 ? [...flags.problems] : combinationProblems(flags);
  const args = understand(flags, env, problems);
  if (problems.length > 0) {
    throw new UsageError('command line', problems);
  }
  return args;
}

function understand(flags: ScannedFlags, env: Environment, problems: UsageProblem[]): ParsedArgs {
  const { given } = flags;
  const common = {
    kubeconfig: last(flags, 'kubeconfig'),
    context: last(flags, 'context') ?? (env.CCB_CONTEXT || undefined),
    config: last(flags, 'config') ?? (env.CCB_CONFIG || undefined),
    adopt: parseAdopt(flags.values.get('adopt') ?? [], problems),
    logLevel: parseChoice(flags, 'log-level', LOG_LEVELS, problems),
  };
  const waitMs = parseWait(last(flags, 'wait'), problems);
  if (flags.command === 'doctor') {
    return {
      command: 'doctor',
      ...common,
      output: parseChoice(flags, 'output', DOCTOR_OUTPUTS, problems) ?? 'table',
      only: listOf(flags, 'only'),
      skip: listOf(flags, 'skip'),
      from: last(flags, 'from'),
      cloud: parseChoice(flags, 'cloud', ['true', 'false'], problems) !== 'false',
      verbose: given.has('verbose'),
      probe: parseProbe(flags, (name) => last(flags, name), problems),
      probePods: parseProbePods(flags, (name) => last(flags, name), listOf(flags, 'probe-targets'), problems),
    };
  }
  const output = parseChoice(flags, 'output', OUTPUTS, problems) ?? 'table';
  const writing = { dryRun: given.has('dry-run'), output, yes: given.has('yes') };
  if (flags.command === 'migrate') {
    const gateway = parseGateway(flags.operand, problems);
    const toClass = last(flags, 'to-class');
    const patience = given.has('wait') ? waitMs : MIGRATE_WAIT_MS;
    return { command: 'migrate', ...common, ...writing, gateway, toClass, waitMs: patience, force: given.has('force') };
  }
  if (flags.command === 'uninstall') return { command: 'uninstall', ...common, ...writing };
  if (given.has('uninstall-report')) return { command: 'uninstall-report', ...common, output };
  if (!given.has('once')) {
    const listen = parseListen(last(flags, 'listen'), problems);
    return given.has('preflight') ? { command: 'preflight', ...common } : { command: 'controller', ...common, listen };
  }
  return {
    command: 'once',
    ...common,
    ...writing,
    waitMs,
    force: given.has('force'),
    allowStaticRedirect: given.has('allow-static-redirect'),
  };
}

const WITHOUT_ONCE: Partial<Record<FlagName, string>> = {
  'dry-run':
    'Add --once to see what would be written; for a controller that never writes set readOnly in the configuration.',
};

function combinationProblems({ command, given }: ScannedFlags): UsageProblem[] {
  if (command === 'doctor' && given.has('once')) {
    return [{ at: '--once', what: "doesn't go with doctor", fix: 'Run one after the other: doctor changes nothing.' }];
  }
  const other = command ?? (given.has('uninstall-report') ? '--uninstall-report' : undefined);
  const clash = (['once', 'uninstall-report'] as const).find((name) => given.has(name) && other !== `--${name}`);
  if (other !== undefined && clash !== undefined) {
    return [{ at: `--${clash}`, what: `doesn't go with ${other}`, fix: 'Run one after the other.' }];
  }
  const cluster = (['kubeconfig', 'context'] as const).find((name) => given.has(name));
  if (given.has('from') && cluster !== undefined) {
    return [{ at: `--${cluster}`, what: "doesn't go with --from", fix: 'Keep one of them: --from asks no cluster.' }];
  }
  const probe = (['probe', 'probe-pods'] as const).find((name) => given.has(name));
  if (given.has('from') && probe !== undefined) {
    return [{ at: `--${probe}`, what: "doesn't go with --from", fix: 'Keep one of them: files answer no connection.' }];
  }
  const running = command ?? (['once', 'uninstall-report'] as const).find((name) => given.has(name)) ?? 'controller';
  return [...given].flatMap((name) => {
    const commands = commandsOf(name);
    if (commands === undefined || commands.includes(running)) return [];
    if (commands.includes('controller')) {
      return [{ at: `--${name}`, what: 'works only for the controller', fix: `Leave --${name} out.` }];
    }
    const words = commands.map((one) => (one === 'once' || one === 'uninstall-report' ? `--${one}` : one));
    const fix = `Add ${words.join(' or ')}, or leave --${name} out.`;
    return [
      {
        at: `--${name}`,
        what: `works only together with ${words.join(' or ')}`,
        fix: (running === 'controller' ? WITHOUT_ONCE[name] : undefined) ?? fix,
      },
    ];
  });
}

function parseGateway(text: string | undefined, problems: UsageProblem[]): NamespacedName {
  const parsed = text === undefined ? undefined : parseNamespacedName(text);
  if (parsed?.ok === true) return parsed.value;
  problems.push({
    at: 'migrate',
    what: parsed === undefined ? 'needs the Gateway' : parsed.problem,
    fix: 'Write migrate <namespace>/<gateway>, such as migrate default/web.',
  });
  return { namespace: '', name: '' };
}

/** `--only a,b --only c`: all of them. */
function listOf({ values }: ScannedFlags, name: FlagName): readonly string[] {
  const items = (values.get(name) ?? []).flatMap((value) => value.split(',').map((item) => item.trim()));
  return [...new Set(items.filter((item) => item !== ''))];
}

function parseAdopt(values: readonly string[], problems: UsageProblem[]): AdoptChoice | undefined {
  const items = values.filter((value) => value !== '').flatMap((value) => value.split(',').map((item) => item.trim()));
  const words = new Set(items.filter(isAdoptWord));
  const pairs = items.filter((item) => !isAdoptWord(item));
  const at = '--adopt';
  for (const pair of pairs.filter((item) => parseAdoptPair(item) === undefined)) {
    const near = suggest(pair, ['auto', 'annotated']);
    const { fix } = TEXT_RULES.adoptPair;
    problems.push({
      at,
      what: `${JSON.stringify(pair)} is neither auto nor annotated nor namespace/service=namespace/gateway`,
      fix: near === undefined ? fix : `Did you mean ${near}?`,
    });
  }
  if (words.size > 1 || (words.size > 0 && pairs.length > 0)) {
    problems.push({ at, what: `${items.join(' and ')} don't go together`, fix: 'Keep one of them.' });
  }
  problems.push(...findContradictions(pairs).map(({ what, fix }) => ({ at, what, fix })));
  if (items.length === 0) {
    return undefined;
  }
  return toAdoptChoice([...words][0] ?? pairs);
}

function isAdoptWord(item: string): item is 'auto' | 'annotated' {
  return item === 'auto' || item === 'annotated';
}

function parseListen(text: string | undefined, problems: UsageProblem[]): string | undefined {
  const { pattern, what, fix } = TEXT_RULES.listenAddress;
  if (text === undefined || pattern.test(text)) return text;
  problems.push({ at: '--listen', what: `${JSON.stringify(text)} is ${what}`, fix });
  return undefined;
}

function parseWait(text: string | undefined, problems: UsageProblem[]): number {
  if (text === undefined) {
    return DEFAULT_WAIT_MS;
  }
  const ms = parseDuration(text);
  if (ms === undefined) {
    problems.push({ at: '--wait', ...explainDuration(text) });
  } else if (ms > LONGEST_DURATION_MS) {
    problems.push({
      at: '--wait',
      what: `${text} is too long`,
      fix: `At most ${formatDuration(LONGEST_DURATION_MS)}.`,
    });
  }
  return ms ?? DEFAULT_WAIT_MS;
}

function parseChoice<T extends string>(
  flags: ScannedFlags,
  name: FlagName,
  choices: readonly T[],
  problems: UsageProblem[],
): T | undefined {
  const text = last(flags, name);
  const choice = choices.find((candidate) => candidate === text);
  if (text !== undefined && choice === undefined) {
    const near = suggest(text, choices);
    const hint = near === undefined ? '' : `Did you mean ${near}? `;
    problems.push({
      at: `--${name}`,
      what: `${JSON.stringify(text)} is no choice`,
      fix: `${hint}Choices: ${choices.join(', ')}.`,
    });
  }
  return choice;
}

/** The last one wins, as everywhere. An empty or missing value was reported already. */
function last({ values }: ScannedFlags, name: FlagName): string | undefined {
  const value = values.get(name)?.at(-1);
  return value === '' || value?.startsWith('-') ? undefined : value;
}
