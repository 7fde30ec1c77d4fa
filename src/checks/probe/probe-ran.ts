import type { ProbeMeasurement } from '../../probe/probe.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { listOf } from '../facts/names.ts';
import { addressOf, NO_TARGETS, NOT_PROBED } from './reading.ts';

/** Closed connections keep their ports for a minute; each open one needs a descriptor. */
const MENDS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL:
    'Wait a minute, for closed connections keep their ports that long, and run doctor --probe with a smaller --probe-count; or from another machine.',
  EMFILE: 'Let this shell open more files, and run doctor --probe again: ulimit -n 4096',
  EAFNOSUPPORT: 'Run doctor --probe on a machine that has the address family of the targets (IPv6).',
  EPERM: 'Run doctor --probe where its process may connect: a policy of this machine or container forbids it.',
};
const MEND =
  'See what this machine lacks (memory, ports, open files), and run doctor --probe again; or on another one.';

export const probeRan = defineCheck({
  id: 'probe-ran',
  section: 'probe',
  link: 'public address',
  title: 'Every address and port was connected to',
  looksAt: 'whether this machine could begin the connections, and the time was long enough (`--probe`)',
  docs: PAGES.gatewayApi,
  needs: [],
  reasons: {
    NotTriedFromHere: 'This machine itself could not begin connections: they count for nobody, and against nobody.',
    ProbeTimeTooShort: 'The time was up before each address and port had a connection.',
  },
  run({ probe }, say) {
    if (probe === undefined) return [say.notApplicable(NOT_PROBED)];
    const { results, leftOut } = probe;
    if (results.length === 0) return [say.notApplicable(NO_TARGETS)];
    const made = results.reduce((sum, { attempts }) => sum + attempts.length, 0);
    const never = results.filter(({ attempts }) => attempts.length === 0).map(({ target }) => addressOf(target));
    const left = never.length === 0 ? '' : ` Nothing is known of ${listOf(never)}.`;
    const evidence = {
      begun: made,
      untried: probe.untried,
      timeTooShortFor: leftOut,
      nothingKnownOf: never.slice(0, 20),
    };
    const untried = untriedOf(probe);
    if (untried.count > 0) {
      return [
        say.unknown('NotTriedFromHere', {
          message: `${untried.count} of ${made + untried.count} connections could not be begun on this machine (${untried.codes.join(', ')}), and count neither for nor against any node.${left}`,
          fix: MENDS[untried.most] ?? MEND,
          evidence,
        }),
      ];
    }
    if (never.length > 0) {
      return [
        say.unknown('ProbeTimeTooShort', {
          message: `The time was up after ${made} connections.${left}`,
          fix: 'Give it longer, or fewer connections to each: doctor --probe --probe-time 5m --probe-count 5',
          evidence,
        }),
      ];
    }
    const more = leftOut === 0 ? '' : `; the time was too short for ${leftOut} more`;
    return [say.pass(`${made} connections were begun, to ${results.length} addresses and ports${more}.`, { evidence })];
  },
});

/** How many could not be begun, and why: the most frequent cause first. */
function untriedOf({ untried }: ProbeMeasurement): { count: number; codes: readonly string[]; most: string } {
  const sorted = Object.entries(untried).toSorted(([, a], [, b]) => b - a);
  return {
    count: sorted.reduce((sum, [, count]) => sum + count, 0),
    codes: sorted.map(([code, count]) => `${code} × ${count}`),
    most: sorted[0]?.[0] ?? '',
  };
}
