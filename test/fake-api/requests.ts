import type { IncomingMessage } from 'node:http';
import { type Json, stringAt } from './json.ts';
import type { RequestInfo, Verb } from './request-info.ts';

/** One request as the audit trail keeps it. */
export interface RecordedRequest {
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly verb: Verb;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly userAgent: string;
  readonly dryRun: boolean;
  /** As sent; empty when the request has none. */
  readonly fieldManager: string;
  readonly contentType: string;
  /** Parsed where it is JSON, else the text. */
  readonly body: Json | undefined;
  /** Empty until the request was authenticated. */
  user: string;
  /** HTTP status of the answer; 0 while there is none. */
  status: number;
  /** Whether it changed something that is stored. */
  changed: boolean;
}

export function recorded(
  sequence: number,
  info: RequestInfo,
  message: IncomingMessage,
  body: Json | undefined,
): RecordedRequest {
  return {
    sequence,
    at: Date.now(),
    method: info.method,
    path: info.path,
    query: info.query,
    verb: info.verb,
    group: info.group,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    userAgent: message.headers['user-agent'] ?? '',
    dryRun: dryRunOf(info, body) !== '',
    fieldManager: info.query.get('fieldManager') ?? '',
    contentType: (message.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '',
    body,
    user: '',
    status: 0,
    changed: false,
  };
}

/** What the URL asks for; for a DELETE, the options in its body as well. Empty: the request is meant. */
export function dryRunOf({ method, query }: RequestInfo, body: Json | undefined): string {
  return (method === 'DELETE' ? stringAt(body, 'dryRun', 0) : '') || (query.get('dryRun') ?? '');
}

const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** Whether the request may change something that is stored: no read, no dry run, no question about access. */
export function isWrite(request: RecordedRequest): boolean {
  return !READS.has(request.verb) && !request.dryRun && !request.group.startsWith('auth');
}
