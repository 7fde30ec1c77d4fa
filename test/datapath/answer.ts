import { z } from 'zod';

/** What the Envoy stand-in says of a request: which way it came, and where Envoy would have sent it. */
export const EnvoyAnswer = z.object({
  node: z.string(),
  /** Qualified by the CiliumEnvoyConfig: `<namespace>/<name>/listener`. */
  listener: z.string(),
  filterChain: z.string(),
  serverName: z.string(),
  /** Serial of the certificate that was presented, hexadecimal; empty without TLS and for TLS routes. */
  certificate: z.string(),
  routeConfig: z.string(),
  virtualHost: z.string(),
  /** The match in words: `prefix /`, `path-separated-prefix /api, header x-canary=yes`. */
  route: z.string(),
  cluster: z.string(),
  endpoints: z.array(z.string()),
  /** `address:port` as Envoy saw it. */
  client: z.string(),
  /** Where the client's connection went, as Envoy saw it. */
  destination: z.string(),
  host: z.string(),
  path: z.string(),
  routeVersion: z.string(),
  routeSince: z.number(),
  /** Why it was not a 200; empty when it was. */
  detail: z.string(),
});
export type EnvoyAnswer = z.infer<typeof EnvoyAnswer>;

const OUTCOMES = ['answered', 'refused', 'reset', 'timeout', 'unreachable', 'failed'] as const;
export const Outcome = z.enum(OUTCOMES);
export type Outcome = z.infer<typeof Outcome>;

/** One connection. Times are milliseconds since the epoch. */
export const Attempt = z.object({
  target: z.string(),
  outcome: Outcome,
  error: z.string(),
  from: z.number(),
  to: z.number(),
  status: z.number(),
  body: z.union([EnvoyAnswer, z.null()]),
  serial: z.string(),
});
export type Attempt = z.infer<typeof Attempt>;

const OutcomeCounts = z.partialRecord(Outcome, z.number());

/** From the start of the first attempt that failed to the start of the next that did not. */
const Gap = z.object({
  from: z.number(),
  to: z.number(),
  ms: z.number(),
  outcomes: OutcomeCounts,
  error: z.string(),
  /** No attempt was answered after it. */
  open: z.boolean(),
});
export type Gap = z.infer<typeof Gap>;

/** All answers that say the same, but for times and the client's port. */
const AnswerKind = z.object({
  status: z.number(),
  serial: z.string(),
  body: z.union([EnvoyAnswer, z.null()]),
  count: z.number(),
  /** When the first of them was asked for, and when the last was answered. */
  first: z.number(),
  last: z.number(),
});
export type AnswerKind = z.infer<typeof AnswerKind>;

export const TargetReport = z.object({
  name: z.string(),
  attempts: z.number(),
  outcomes: OutcomeCounts,
  /** Due, but not made, because too many were still under way. */
  skipped: z.number(),
  gaps: z.array(Gap),
  longestGapMs: z.number(),
  answers: z.array(AnswerKind),
});
export type TargetReport = z.infer<typeof TargetReport>;

export const ProbeReport = z.object({ from: z.number(), to: z.number(), targets: z.array(TargetReport) });
export type ProbeReport = z.infer<typeof ProbeReport>;
