import { explainDuration, formatDuration, parseDuration } from '../config/durations.ts';
import type { UsageProblem } from '../lib/errors.ts';
import type { PodProbeChoice } from '../pod-probe/pod-probe.types.ts';
import type { ProbeLimits } from '../probe/probe.types.ts';
import type { FlagName, ScannedFlags } from './flags.ts';

/** The last value of a flag; undefined where it was not given, or is no value. */
type FlagValue = (name: FlagName) => string | undefined;

const LONGEST_PROBE_MS = 600_000;
const LONGEST_TIMEOUT_MS = 30_000;

/** What `--probe` and its flags ask for; undefined: no connections are made. */
export function parseProbe(
  { given }: Pick<ScannedFlags, 'given'>,
  value: FlagValue,
  problems: UsageProblem[],
): ProbeLimits | undefined {
  const limits = {
    count: parseCount('probe-count', { standard: 20, most: 10_000 }, value, problems),
    perSecond: parseCount('probe-rate', { standard: 50, most: 1_000 }, value, problems),
    timeMs: parseTime('probe-time', { standard: 30_000, most: LONGEST_PROBE_MS }, value, problems),
    timeoutMs: parseTime('probe-timeout', { standard: 2_000, most: LONGEST_TIMEOUT_MS }, value, problems),
  };
  if (given.has('probe')) return limits;
  problems.push(...withoutIts('probe', ['probe-count', 'probe-rate', 'probe-time', 'probe-timeout'], given));
  return undefined;
}

/** Reached from China and from abroad, and served by two companies. */
const PUBLIC_NAMES = ['npmmirror.com', 'mirrors.aliyun.com'];
const NAME = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)+$/;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const IMAGE = /^[\w][-\w.:/@]{0,254}$/;
const MOST_NAMES = 4;

/** What `--probe-pods` and its flags ask for; undefined: no Pods are made. @param names of `--probe-targets` */
export function parseProbePods(
  { given }: Pick<ScannedFlags, 'given'>,
  value: FlagValue,
  names: readonly string[],
  problems: UsageProblem[],
): PodProbeChoice | undefined {
  const nodes = parseCount('probe-nodes', { standard: 10, most: 100 }, value, problems);
  const namespace = value('probe-namespace') ?? 'default';
  const image = value('probe-image');
  if (!NAMESPACE.test(namespace)) {
    problems.push({
      at: '--probe-namespace',
      what: `${JSON.stringify(namespace)} is no namespace`,
      fix: 'Name one that exists.',
    });
  }
  if (image !== undefined && !IMAGE.test(image)) {
    problems.push({
      at: '--probe-image',
      what: `${JSON.stringify(image)} is no image`,
      fix: "Write it as registry/repository:tag, or agent for the image of Cilium's agent.",
    });
  }
  const bad = names.find((name) => !NAME.test(name));
  if (bad !== undefined || names.length > MOST_NAMES) {
    problems.push({
      at: '--probe-targets',
      what: bad === undefined ? `at most ${MOST_NAMES} names` : `${JSON.stringify(bad)} is no host name`,
      fix: `Write --probe-targets ${PUBLIC_NAMES.join(',')}, or leave it out for that.`,
    });
  }
  if (given.has('probe-pods')) {
    return { nodes, image, namespace, names: names.length > 0 ? names : PUBLIC_NAMES, yes: given.has('yes') };
  }
  problems.push(
    ...withoutIts('probe-pods', ['probe-nodes', 'probe-image', 'probe-namespace', 'probe-targets', 'yes'], given),
  );
  return undefined;
}

/** Flags that say nothing without another. */
function withoutIts(flag: FlagName, parts: readonly FlagName[], given: ScannedFlags['given']): readonly UsageProblem[] {
  return parts
    .filter((name) => given.has(name))
    .map((name) => ({
      at: `--${name}`,
      what: `works only together with --${flag}`,
      fix: `Add --${flag}, or leave --${name} out.`,
    }));
}

/** A whole number from 1 on. */
function parseCount(
  name: FlagName,
  { standard, most }: { readonly standard: number; readonly most: number },
  value: FlagValue,
  problems: UsageProblem[],
): number {
  const text = value(name);
  if (text === undefined) return standard;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  problems.push({
    at: `--${name}`,
    what: `${JSON.stringify(text)} is no number from 1 to ${most}`,
    fix: `Write --${name} ${standard}, or leave it out for that.`,
  });
  return standard;
}

function parseTime(
  name: FlagName,
  { standard, most }: { readonly standard: number; readonly most: number },
  value: FlagValue,
  problems: UsageProblem[],
): number {
  const text = value(name);
  if (text === undefined) return standard;
  const at = `--${name}`;
  const ms = parseDuration(text);
  if (ms === undefined) {
    problems.push({ at, ...explainDuration(text) });
    return standard;
  }
  if (ms >= 100 && ms <= most) return ms;
  problems.push({
    at,
    what: `${text} is not from 100ms to ${formatDuration(most)}`,
    fix: `Write ${at} ${formatDuration(standard)}.`,
  });
  return standard;
}
