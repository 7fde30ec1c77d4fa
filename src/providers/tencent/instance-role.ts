import { type Agent, type IncomingMessage, request } from 'node:http';
import * as z from 'zod';
import { abortReason, type Clock } from '../../lib/clock.ts';
import type { CredentialOptions } from '../cloud.types.ts';
import { CloudError } from '../errors.ts';
import type { Leased } from '../renewing.ts';
import { credentialsError } from './credential-errors.ts';
import type { TencentCredentials } from './send.ts';

const METADATA = 'http://metadata.tencentyun.com';
const PATH = '/latest/meta-data/cam/security-credentials/';
/** It answers in milliseconds, or there is none. */
const TIMEOUT_MS = 5_000;
const MOST_CHARS = 64_000;

const Role = z.object({
  Code: z.literal('Success'),
  TmpSecretId: z.string().min(1),
  TmpSecretKey: z.string().min(1),
  Token: z.string().min(1),
  /** Seconds since the epoch. */
  ExpiredTime: z.number().int().positive(),
});

/**
 * The temporary keys of the CVM's own role: https://cloud.tencent.com/document/product/213/4934. Never through a proxy.
 */
export async function instanceRole(
  { endpoints, agents, clock }: Pick<CredentialOptions, 'endpoints' | 'agents' | 'clock'>,
  signal: AbortSignal,
): Promise<Leased<TencentCredentials>> {
  const base = endpoints.overrides.metadata ?? METADATA;
  const agent = agents.forEndpoint(new URL(base));
  const ask = (name: string): Promise<Answer> => getInTime(new URL(`${PATH}${name}`, base), agent, clock, signal);
  const list = await ask('');
  const [name = ''] = list.body.trim().split(/\s+/);
  if (list.status === 404 || name === '') {
    throw credentialsError('this server has no role. Bind a CAM role to it, or use another kind of credentials.');
  }
  if (list.status !== 200) throw unexpected(list, 'the list of roles');
  const role = await ask(encodeURIComponent(name));
  const parsed = role.status === 200 ? Role.safeParse(parseJson(role.body)) : undefined;
  if (parsed?.data === undefined) throw unexpected(role, `the role ${name}`);
  const { TmpSecretId, TmpSecretKey, Token, ExpiredTime } = parsed.data;
  return {
    credentials: { secretId: TmpSecretId, secretKey: TmpSecretKey, token: Token },
    goodUntilMs: ExpiredTime * 1_000,
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function getInTime(url: URL, agent: Agent, clock: Clock, signal: AbortSignal): Promise<Answer> {
  const over = new AbortController();
  const done = new AbortController();
  clock.sleep(TIMEOUT_MS, done.signal).then(
    () => over.abort(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)),
    () => undefined,
  );
  try {
    return await get(url, agent, AbortSignal.any([signal, over.signal]));
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    const said = over.signal.aborted ? abortReason(over.signal) : error;
    throw new CloudError(
      `No credentials for Tencent Cloud: the metadata service ${url.host} cannot be reached (${said instanceof Error ? said.message : String(said)}). From Pods it takes the host network, or masquerading of link-local addresses.`,
      { category: 'unavailable', action: 'credentials', code: '', status: 0, requestId: '' },
    );
  } finally {
    done.abort(new Error('answered'));
  }
}

function get(url: URL, agent: Agent, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const onAnswer = (answer: IncomingMessage): void => {
    let body = '';
    answer.setEncoding('utf8');
    answer.on('data', (chunk: string) => {
      body += chunk;
      if (body.length > MOST_CHARS) answer.destroy(new Error('the answer is too long'));
    });
    answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    answer.on('error', reject);
  };
  request(url, { agent, signal }, onAnswer).on('error', reject).end();
  return promise;
}

/** Never the body: it may hold keys. */
function unexpected({ status }: Answer, what: string): CloudError {
  return credentialsError(
    `the metadata service answered ${what} with something else than a role's keys (HTTP ${status}).`,
    { status },
  );
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
