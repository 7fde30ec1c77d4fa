import { isWrite, type RecordedRequest } from '../fake-api/requests.ts';
import { isOfProgram } from './faults.ts';
import { lineThrough } from './line.ts';
import type { LogLine, ProgramLog, Sample } from './program.ts';

/** One thing that a soak must show. */
export interface Verdict {
  readonly what: string;
  readonly good: boolean;
  /** The figures, whatever the verdict is. */
  readonly seen: string;
}

/** What the memory may rise along its line, over all samples: less than V8's heap breathes, whatever the time. */
const MAX_RISE_MIB = 12;
/** In a few minutes only part of a breath is seen. */
const MAX_SHORT_RISE_MIB = 30;
const SHORT_MIN = 10;
const MAX_RISE_DESCRIPTORS = 6;
/** So many sockets come and go with a single fault: of 16 writes and each watch, and those that are kept idle for 25 s. */
const MAX_SHORT_RISE_DESCRIPTORS = 40;
/** Besides one socket a watch: that of the Lease, and of the few requests of the last 25 s. */
const SPARE_SOCKETS = 6;
const MIB_FORMAT = { digits: 1, unit: 'MiB' };

/** Samples are those after the warm-up. */
export function memoryVerdict(samples: readonly Sample[]): Verdict {
  const { rise, minutes, text } = trend(samples, ({ residentMiB }) => residentMiB, MIB_FORMAT);
  const limit = minutes < SHORT_MIN ? MAX_SHORT_RISE_MIB : MAX_RISE_MIB;
  return {
    what: `resident memory is flat: its least-squares line rises by no more than ${limit} MiB`,
    good: samples.length > 10 && rise <= limit,
    seen: text,
  };
}

export function descriptorVerdict(samples: readonly Sample[]): Verdict {
  const { rise, minutes, text } = trend(samples, ({ descriptors }) => descriptors, { digits: 2, unit: 'descriptors' });
  const limit = minutes < SHORT_MIN ? MAX_SHORT_RISE_DESCRIPTORS : MAX_RISE_DESCRIPTORS;
  return {
    what: `open descriptors are flat: their line rises by no more than ${limit}`,
    good: samples.length > 10 && rise <= limit,
    seen: text,
  };
}

/** Once nothing has happened for longer than idle sockets are kept. */
export function socketVerdict(sample: Sample, watches: number): Verdict {
  return {
    what: `no socket is left over: at most ${SPARE_SOCKETS} besides those of the watches`,
    good: watches > 0 && sample.sockets <= watches + SPARE_SOCKETS,
    seen: `${sample.sockets} sockets, ${watches} watches, ${sample.descriptors} descriptors`,
  };
}

function trend(
  samples: readonly Sample[],
  measure: (sample: Sample) => number,
  { digits, unit }: { readonly digits: number; readonly unit: string },
): { readonly rise: number; readonly minutes: number; readonly text: string } {
  const values = samples.map(measure);
  const line = lineThrough(samples.map((sample) => ({ x: sample.at / 60_000, y: measure(sample) })));
  const minutes = ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)) / 60_000;
  const number = (value: number): string => value.toFixed(digits);
  return {
    rise: line.rise,
    minutes,
    text:
      `${signed(line.slope, digits + 1)} ± ${line.error.toFixed(digits + 1)} ${unit} a minute over ${minutes.toFixed(1)} min: ` +
      `${signed(line.rise, digits)} in all; ${samples.length} samples, ${number(Math.min(...values))} to ${number(Math.max(...values))}, mean ${number(line.mean)}`,
  };
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(digits)}`;
}

/** Errors that a broken API server explains; every other one is the program's own. */
const EXPECTED_ERRORS: ReadonlySet<string> = new Set(['the API server refused a write']);

export function logVerdicts({ lines, foreign }: ProgramLog): Verdict[] {
  const crashes = foreign.concat(
    lines.filter(({ msg }) => /unhandled|uncaught/i.test(msg)).map((line) => JSON.stringify(line)),
  );
  const errors = lines.filter(({ level, msg }) => ['error', 'fatal'].includes(level) && !EXPECTED_ERRORS.has(msg));
  return [
    {
      what: 'no unhandled rejection, no uncaught exception, no warning of Node: every line of the log is its own',
      good: crashes.length === 0 && lines.length > 0,
      seen: crashes.length === 0 ? `${lines.length} lines` : crashes.slice(0, 10).join('\n'),
    },
    {
      what: 'no error in the log that a bad API server does not explain',
      good: errors.length === 0,
      seen:
        errors.length === 0
          ? 'none'
          : errors
              .slice(0, 5)
              .map((line) => JSON.stringify(line))
              .join('\n'),
    },
  ];
}

/** Reads and watches that failed and have not been said to work again, and findings not said to be over. */
export function pendingOf(lines: readonly LogLine[]): {
  readonly reads: string[];
  readonly findings: readonly { readonly reason: string }[];
} {
  const reads = new Set<string>();
  const findings = new Map<string, { readonly reason: string }>();
  for (const { msg, resource, check, reason, object } of lines) {
    if (resource !== undefined && /list or watch fails/.test(msg)) reads.add(resource);
    if (resource !== undefined && msg === 'watch works again') reads.delete(resource);
    if (check === undefined || reason === undefined) continue;
    const key = `${reason} ${object ?? ''}`;
    if (msg.startsWith('No longer so:')) findings.delete(key);
    else findings.set(key, { reason });
  }
  return { reads: [...reads], findings: [...findings.values()] };
}

/** What the program may write at all (design rules 4, 5, 8, 12), by the request's method and path. */
const PLANNED = [
  /^PATCH services\/status \S+\/cilium-(gateway|ingress)-/,
  /^PATCH services kube-system\/(entry|ccb)-/,
  /^(POST|DELETE) services kube-system\/(ccb-\S+)?$/,
  /^(POST|PATCH|DELETE) ciliumenvoyconfigs kube-system\/(ccb-\S+)?$/,
  /^PATCH nodes \/node-/,
];

/** Writes of the program, without Lease and Events: `PATCH services/status team-a/cilium-gateway-gw-1`. */
export function writesOf(requests: readonly RecordedRequest[]): string[] {
  return requests
    .filter((request) => isOfProgram(request) && isWrite(request) && !['leases', 'events'].includes(request.resource))
    .map(({ method, resource, subresource, namespace, name }) => {
      return `${method} ${[resource, subresource].filter((part) => part !== '').join('/')} ${namespace}/${name}`;
    });
}

export function writeVerdict(requests: readonly RecordedRequest[], changes: number, faults: number): Verdict {
  const writes = writesOf(requests);
  const unplanned = [...new Set(writes.filter((write) => !PLANNED.some((pattern) => pattern.test(write))))];
  // A change of an entrypoint may need four: targetPort, copy, address, and one that met a conflict.
  const bound = 4 * changes + 50 * faults;
  return {
    what: 'only what may be written was written, and no more than 4 writes a change and 50 a fault',
    good: unplanned.length === 0 && writes.length <= bound,
    seen: unplanned.length === 0 ? `${writes.length} writes, at most ${bound}` : unplanned.slice(0, 10).join('\n'),
  };
}
