import type { Agent } from 'node:http';
import { HttpConnection } from 'tencentcloud-sdk-nodejs/tencentcloud/common/http/http_connection.js';
import { sdkVersion } from 'tencentcloud-sdk-nodejs/tencentcloud/common/sdk_version.js';
import * as z from 'zod';
import { abortReason } from '../../lib/clock.ts';
import type { SentAnswer } from '../caller.types.ts';
import { retryAfterMs } from '../retry-after.ts';
import type { WireAction } from './actions.ts';
import { type AnswerHead, type Attempt, apiError, garbageError, httpError, networkError } from './failures.ts';

/** Keys that sign a request. */
export interface TencentCredentials {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary keys; empty for others. */
  readonly token: string;
}

export interface SendOptions {
  readonly region: string;
  readonly endpoint: URL;
  readonly agent: Agent;
  /** Undefined: the action takes no signature (STS with a web identity). */
  readonly credentials: TencentCredentials | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The part of node-fetch's answer that is read. */
interface RawAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** The vendor's own limit, in milliseconds: a safety net only, since the signal fires long before. */
const LONGEST_MS = 60_000;

const Envelope = z.object({
  Response: z.looseObject({
    RequestId: z.string().catch(''),
    Error: z.object({ Code: z.coerce.string(), Message: z.string().catch('') }).nullish(),
  }),
});

/**
 * Sends one request of API 3.0, signed (TC3-HMAC-SHA256) and sent by the vendor's code, and reads the answer. This goes
 * below the vendor's clients, since those sign the first label of an overridden host as the service, read the proxy
 * from `http_proxy` alone, and drop codes, causes and headers of failures.
 * @param parse takes the inner `Response`; what it throws is garbage
 * @throws CloudError, or the signal's reason
 */
export async function send<T>(
  wire: WireAction,
  parameters: object,
  options: SendOptions,
  parse: z.ZodType<T>,
  signal: AbortSignal,
): Promise<SentAnswer<T>> {
  const { region, endpoint, credentials } = options;
  const attempt: Attempt = {
    action: wire.action,
    region,
    host: endpoint.host,
    secrets: secretsOf(credentials, parameters),
  };
  let answer: RawAnswer;
  let body: string;
  let hops = 0;
  // Its fetch follows redirects, with token and body to whatever host they name, and asks for an agent for each hop.
  const agentOf = (): Agent => {
    hops += 1;
    if (hops > 1) throw new Error('redirected');
    return options.agent;
  };
  try {
    answer = await fetchOnce(wire, parameters, options, agentOf, signal);
    body = await answer.text();
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    if (hops > 1) throw garbageError(attempt, 'with a redirect, which is not followed', 0, '');
    throw networkError(attempt, error);
  }
  if (signal.aborted) throw abortReason(signal);
  return read(attempt, headOf(answer, options.now), body, parse);
}

function fetchOnce(
  { name, service, version }: WireAction,
  parameters: object,
  { region, endpoint, credentials }: SendOptions,
  agentOf: () => Agent,
  signal: AbortSignal,
): Promise<RawAnswer> {
  const token = credentials === undefined || credentials.token === '' ? undefined : credentials.token;
  const request: Parameters<typeof HttpConnection.doRequestWithSign3>[0] = {
    method: 'POST',
    url: endpoint.href,
    data: parameters,
    service,
    action: name,
    version,
    region,
    secretId: credentials?.secretId ?? '',
    secretKey: credentials?.secretKey ?? '',
    // Its type wants a string; only what is undefined leaves the header out.
    token: token as string,
    skipSign: credentials === undefined,
    requestClient: `SDK_NODEJS_${sdkVersion}`,
    language: 'en-US',
    timeout: LONGEST_MS,
    signal,
  };
  // The type of the vendor's code knows only an agent itself; it hands this to node-fetch as it is.
  return HttpConnection.doRequestWithSign3(Object.assign(request, { agent: agentOf }));
}

/** Long enough to be a secret, and not by chance a word of a message. */
function secretsOf(credentials: TencentCredentials | undefined, parameters: object): readonly string[] {
  const identity: unknown = Reflect.get(parameters, 'WebIdentityToken');
  return [credentials?.secretId, credentials?.secretKey, credentials?.token, identity].filter(
    (secret): secret is string => typeof secret === 'string' && secret.length >= 8,
  );
}

function headOf({ status, headers }: RawAnswer, now: number): AnswerHead {
  const date = Date.parse(headers.get('date') ?? '');
  return {
    status,
    retryAfterMs: retryAfterMs(headers.get('retry-after') ?? '', now),
    clockOffMs: Number.isNaN(date) ? undefined : date - now,
  };
}

function read<T>(attempt: Attempt, head: AnswerHead, body: string, parse: z.ZodType<T>): SentAnswer<T> {
  const json = parseJson(body);
  const envelope = Envelope.safeParse(json);
  const { Error: error, RequestId: requestId = '' } = envelope.data?.Response ?? {};
  if (error !== undefined && error !== null) {
    throw apiError(attempt, head, error, requestId);
  }
  if (head.status !== 200) {
    throw httpError(attempt, head);
  }
  if (envelope.data === undefined) {
    throw garbageError(attempt, json === undefined ? 'something that is no JSON' : 'without a Response', 200, '');
  }
  const parsed = parse.safeParse(envelope.data.Response);
  if (!parsed.success) {
    throw garbageError(attempt, `a Response that cannot be read: ${firstIssue(parsed.error)}`, 200, requestId);
  }
  return { value: parsed.data, requestId };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function firstIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
}
