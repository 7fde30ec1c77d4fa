import * as z from 'zod';
import type { Connection } from '../kube/connection.ts';
import { redactText } from '../lib/redact.ts';
import { programVersion } from './version.ts';

/** What every report begins with. */
export interface ReportHead {
  /** Rises when a field is removed or changes its meaning; new fields don't change it. */
  readonly schemaVersion: 1;
  readonly program: { readonly name: string; readonly version: string };
  /** The API server's URL; for doctor also the files that were read instead. */
  readonly server: string;
  /** The kubeconfig's context; null inside a Pod, and for files. */
  readonly context: string | null;
}

/** The fields of `ReportHead`, for the schema of a report. */
export const headFields = {
  schemaVersion: z
    .literal(1)
    .describe('Rises when a field is removed or changes its meaning; new fields do not change it.'),
  program: z.object({ name: z.string(), version: z.string() }),
  server: z.string().describe("The API server's URL."),
  context: z.string().nullable().describe("The kubeconfig's context; null inside a Pod."),
};

/** Who made a report, and of what. */
export interface ReportOrigin {
  readonly version: string;
  readonly server: string;
  /** Undefined inside a Pod, and for files. */
  readonly context: string | undefined;
}

/** Of a report that this program makes of the cluster on that connection. */
export function originOf({ server, context, inCluster }: Connection): ReportOrigin {
  return { version: programVersion(), server: server.href, context: inCluster ? undefined : context };
}

/** The head of a report, without secrets. */
export function buildHead({ version, server, context }: ReportOrigin): ReportHead {
  return {
    schemaVersion: 1,
    program: { name: 'cilium-cloud-bridge', version },
    server: redactText(server),
    context: context ?? null,
  };
}
