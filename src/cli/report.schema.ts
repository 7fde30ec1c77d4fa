import * as z from 'zod';
import type { Json } from '../plan/plan.types.ts';
import type { Report } from './report.types.ts';
import { headFields } from './report-head.ts';

const json: z.ZodType<Json> = z.json();

// Complete by type: a kind, status or verdict that is added to the plan's types and not here does not compile.
type Complete<T extends string> = { readonly [K in T]: K };

const ACTION_KINDS: Complete<Report['actions'][number]['kind']> = {
  'write-redirect-copy': 'write-redirect-copy',
  'delete-redirect-copy': 'delete-redirect-copy',
  'patch-entrypoint': 'patch-entrypoint',
  'create-entrypoint': 'create-entrypoint',
  'delete-entrypoint': 'delete-entrypoint',
  'pin-node-port': 'pin-node-port',
  'publish-address': 'publish-address',
  'clear-address': 'clear-address',
  'remove-taints': 'remove-taints',
  'switch-class': 'switch-class',
  'recreate-service': 'recreate-service',
};

const STATUSES: Complete<Report['actions'][number]['outcome']['status']> = {
  pending: 'pending',
  applied: 'applied',
  conflict: 'conflict',
  refused: 'refused',
  failed: 'failed',
  declined: 'declined',
};

export const VERDICTS: Complete<Report['findings'][number]['verdict']> = {
  pass: 'pass',
  warn: 'warn',
  fail: 'fail',
  unknown: 'unknown',
  'not-applicable': 'not-applicable',
};

export const target = z
  .object({
    apiVersion: z.string(),
    kind: z.string(),
    namespace: z.string().describe('Empty for cluster-scoped kinds.'),
    name: z.string(),
  })
  .describe('An object of the cluster.');

const outcome = z.object({
  status: z
    .enum(STATUSES)
    .describe(
      'pending: not written yet, as in a dry run; applied: written; conflict: the object had changed meanwhile; ' +
        'refused: the API server will not take it until something changes; failed: no or a broken answer; ' +
        'declined: not tried.',
    ),
  reason: z.string().describe('Why it was not written: a stable code. Empty when applied.'),
  message: z.string(),
});

export const action = z.object({
  subject: z.string().describe('What the write is for: Gateway default/web.'),
  kind: z.enum(ACTION_KINDS),
  target,
  changes: z.array(
    z.object({
      field: z.string().describe('As kubectl explain names it: spec.ports[80].targetPort.'),
      before: json.exactOptional().describe('Absent: the field was not there before.'),
      after: json.exactOptional().describe('Absent: the field is not there afterwards.'),
    }),
  ),
  reason: z.string().describe('Stable CamelCase code.'),
  message: z.string().describe('What is written and why, one sentence.'),
  outcome,
});

export const finding = z.object({
  check: z.string().describe('Stable id of the check, kebab-case.'),
  verdict: z.enum(VERDICTS),
  reason: z.string().describe('Stable CamelCase code of this outcome.'),
  target: target.nullable().describe('Null when it concerns the whole cluster.'),
  message: z.string().describe('What is so, one sentence.'),
  fix: z.string().describe('How to mend it; empty when nothing is to be done.'),
  evidence: z.record(z.string(), json),
});

const node = z
  .object({
    name: z.string(),
    cloud: z.string().describe('cce, tke or unknown.'),
    network: z.string().describe('cce-vpc-router, tke-overlay, and so on, or unknown.'),
    taints: z.array(z.string()).describe('Taints that may be obsolete, as kubectl prints them.'),
    removable: z.boolean().describe('Whether every condition holds.'),
    reason: z.string().describe('Of the first condition that does not hold: a stable code. Empty when all do.'),
    conditions: z
      .array(
        z.object({
          condition: z.string().describe('Stable id, kebab-case.'),
          verdict: z.enum(['pass', 'fail', 'unknown', 'not-applicable']),
          reason: z.string(),
          message: z.string(),
        }),
      )
      .describe('In the order in which they are evaluated.'),
  })
  .describe('A node with a taint that may be obsolete.');

export const count = z.int().min(0);

/** What `-o json` prints. `docs/report.schema.json` is generated from it. */
export const reportSchema: z.ZodType<Report> = z
  .object({
    ...headFields,
    mode: z.enum(['dry-run', 'once']),
    startedAt: z.string().meta({ format: 'date-time' }),
    inSync: z.array(z.string()).describe('Subjects with neither a write nor a fail finding: Gateway default/web.'),
    actions: z.array(action),
    nodes: z.array(node),
    findings: z.array(finding),
    summary: z.object({
      inSync: count,
      applied: count,
      pending: count,
      declined: count,
      failed: count.describe('Conflicts, refused and failed writes.'),
      failFindings: count,
      warnFindings: count,
      unknownFindings: count,
      text: z.string(),
    }),
    exitCode: z.literal([0, 1, 2]),
  })
  .meta({ title: 'Report of cilium-cloud-bridge --once -o json' });
