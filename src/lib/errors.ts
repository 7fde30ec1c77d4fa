import { redactText } from './redact.ts';

/** One thing that the user can put right. */
export interface UsageProblem {
  /** Which part of `where`: a flag, a key path with its line. Empty: the whole of it. */
  readonly at: string;
  /** What is wrong, one sentence without a full stop: `no such key`. */
  readonly what: string;
  /** What to do, one sentence: `Did you mean exposure?`. */
  readonly fix: string;
}

/**
 * Something that the user said (flags, configuration, kubeconfig) can't be used. All problems of one source are
 * reported together. The message is ready to be printed and is several lines when there are several problems.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly category = 'usage';
  readonly retryable = false;
  /** Where the problems are: `command line`, a file's path. */
  readonly where: string;
  readonly problems: readonly UsageProblem[];

  constructor(where: string, problems: readonly UsageProblem[], cause?: unknown) {
    super(describe(where, problems), { cause });
    this.where = where;
    this.problems = problems;
  }
}

/** A UsageError about one thing: `usageError('config.yaml', 'no such file', 'Check the path given with --config.')`. */
export function usageError(where: string, what: string, fix: string, cause?: unknown): UsageError {
  return new UsageError(where, [{ at: '', what, fix }], cause);
}

function describe(where: string, problems: readonly UsageProblem[]): string {
  const lines = problems.map(describeProblem);
  if (lines.length === 1) {
    return `${where}: ${lines[0]}`;
  }
  return [`${where}: ${lines.length} problems`, ...lines.map((text) => `  ${text}`)].join('\n');
}

/** `line 2, readOnly: must be true or false. Write …`, one line. */
export function describeProblem({ at, what, fix }: UsageProblem): string {
  const sentence = `${what}${/[.!?]$/.test(what) ? '' : '.'}`;
  // What stands behind `token:` is taken for one where messages are searched for secrets.
  const colon = redactText(`${at}: x`) === `${at}: x` ? ':' : ' is wrong:';
  return [at === '' ? sentence : `${at}${colon} ${sentence}`, fix].filter((part) => part !== '').join(' ');
}
