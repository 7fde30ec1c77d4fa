import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { Send } from './http.ts';
import { waitFor } from './wait.ts';

const AuditEventLine = z.object({
  stage: z.string(),
  verb: z.string(),
  requestURI: z.string(),
  /** Without a name: a token that is not, or no longer, one. */
  user: z.object({ username: z.string().default(''), groups: z.array(z.string()).optional() }),
  userAgent: z.string().default(''),
  objectRef: z
    .object({
      resource: z.string().optional(),
      subresource: z.string().optional(),
      namespace: z.string().optional(),
      name: z.string().optional(),
      apiGroup: z.string().optional(),
    })
    .optional(),
  responseStatus: z.object({ code: z.number().optional(), reason: z.string().optional() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  requestReceivedTimestamp: z.string(),
  /** When it was answered. */
  stageTimestamp: z.string().default(''),
});

/** One request that the API server answered (a watch: also its start, stage `ResponseStarted`). */
export type AuditEvent = z.infer<typeof AuditEventLine>;

/** A place in the audit log. */
export type AuditMark = number;

/** What was asked of the API server, by whom, and what came of it. */
export interface Audit {
  /** From here on. Requests that were answered before it was called are behind it. */
  mark(): Promise<AuditMark>;
  /** Every request that was answered between the mark and now, oldest first. */
  since(mark: AuditMark): Promise<readonly AuditEvent[]>;
}

export function createAudit(logPath: string, send: Send): Audit {
  /** The log is written after the answer was sent: all before a request of our own is in it once that one is. */
  async function settle(): Promise<{ start: AuditMark; end: AuditMark }> {
    const marker = `/version?audit-marker=${randomUUID()}`;
    const from = statSync(logPath).size;
    await send('GET', marker);
    return waitFor('the audit log to show a request of this test', () => {
      const text = readFrom(logPath, from);
      const at = text.indexOf(marker);
      const lineEnd = text.indexOf('\n', at);
      if (at < 0 || lineEnd < 0) return undefined;
      const lineStart = text.lastIndexOf('\n', at) + 1;
      const bytes = (end: number): number => from + Buffer.byteLength(text.slice(0, end));
      return { start: bytes(lineStart), end: bytes(lineEnd + 1) };
    });
  }

  return {
    mark: async () => (await settle()).end,
    async since(mark) {
      const { start } = await settle();
      const lines = readFrom(logPath, mark, start).split('\n');
      return lines.filter((line) => line !== '').map((line) => AuditEventLine.parse(JSON.parse(line)));
    },
  };
}

function readFrom(path: string, from: number, to?: number): string {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.max(0, (to ?? fstatSync(file).size) - from));
    const length = readSync(file, buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(file);
  }
}
