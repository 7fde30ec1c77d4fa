import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callOf } from './huawei-routes.ts';
import { type KnownKey, refuse } from './huawei-signature.ts';
import type { HuaweiWorld } from './huawei-world.ts';

/** What goes wrong with a request, instead of its answer. */
export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Empty: no API that the fake cloud knows. */
  readonly action: string;
  readonly userAgent: string;
  /** What must never be seen anywhere else: Authorization and security token. */
  readonly secrets: readonly string[];
  readonly status: number;
}

/** A fake Huawei Cloud: one HTTP server that stands for all services of a region. */
export interface FakeHuawei {
  readonly url: string;
  readonly world: HuaweiWorld;
  /** Access keys that are good now; tests add, change and remove them. */
  readonly keys: Map<string, KnownKey>;
  /** ID tokens that the identity provider trusts, and what the exchange gives for them. */
  readonly identities: Map<string, TemporaryKey>;
  /** What the metadata service gives; undefined: the server has no agency. */
  agency: TemporaryKey | undefined;
  /** The fake cloud's clock, milliseconds since the epoch. */
  now: () => number;
  /** How long each answer takes. */
  latencyMs: number;
  /** The next `times` requests of this action (or whose path holds it) end like this. */
  fail(action: string, fault: Fault, times?: number): void;
  readonly requests: readonly LoggedRequest[];
  /** Requests since the start, by action. */
  counts(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export interface TemporaryKey extends KnownKey {
  readonly accessKey: string;
  readonly expiresAtMs: number;
}

const SERVICES = ['elb', 'nat', 'vpc', 'eip', 'ecs', 'cce', 'iam', 'metadata'] as const;
const METADATA_TOKEN = 'metadata-session';

/** The endpoints of a region that is the fake cloud. */
export function endpointsOf({ url }: Pick<FakeHuawei, 'url'>): Record<(typeof SERVICES)[number], string> {
  return { elb: url, nat: url, vpc: url, eip: url, ecs: url, cce: url, iam: url, metadata: url };
}

export async function startFakeHuawei(world: HuaweiWorld): Promise<FakeHuawei> {
  const requests: LoggedRequest[] = [];
  const faults: { action: string; fault: Fault; left: number }[] = [];
  const waiting = new Set<ServerResponse>();
  let served = 0;

  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => void setTimeout(() => answer(request, response, body), cloud.latencyMs),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const cloud: FakeHuawei = {
    url: `http://127.0.0.1:${portOf(server)}`,
    world,
    keys: new Map(),
    identities: new Map(),
    agency: undefined,
    now: Date.now,
    latencyMs: 0,
    fail: (action, fault, times = 1) => faults.push({ action, fault, left: times }),
    requests,
    counts() {
      const counts: Record<string, number> = {};
      for (const { action } of requests) counts[action] = (counts[action] ?? 0) + 1;
      return counts;
    },
    async close() {
      for (const response of waiting) response.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };

  function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const { pathname, search, searchParams } = new URL(request.url ?? '/', cloud.url);
    const method = request.method ?? '';
    const call = callOf(method, pathname, world.projectId);
    const action = call?.action ?? serviceAction(pathname);
    served += 1;
    const requestId = `req-${served}`;
    const finish = (status: number, content: unknown, headers: Readonly<Record<string, string>> = {}): void => {
      requests.push(logOf(request, pathname, search, action, status));
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      response.writeHead(status, {
        'content-type': typeof content === 'string' ? 'text/html' : 'application/json',
        'x-request-id': requestId,
        date: new Date(cloud.now()).toUTCString(),
        ...headers,
      });
      response.end(text);
    };

    const fault = takeFault(faults, action, pathname);
    if (fault !== undefined) {
      switch (fault.kind) {
        case 'answer':
          finish(fault.status, fault.body, { 'content-type': typeOf(fault.body), ...fault.headers });
          return;
        case 'reset':
          requests.push(logOf(request, pathname, search, action, 0));
          request.socket.resetAndDestroy();
          return;
        case 'hang':
          requests.push(logOf(request, pathname, search, action, 0));
          waiting.add(response);
          return;
      }
    }
    if (
      answerMetadata(cloud, method, pathname, request, finish) ||
      answerIam(cloud, method, pathname, request, body, finish)
    ) {
      return;
    }
    const refusal = refuse(
      { method, target: request.url ?? '', headers: headersOf(request), body },
      cloud.keys,
      cloud.now(),
    );
    if (refusal !== undefined) {
      const quote = refusal.quote === '' ? '' : `, canonicalRequest:${refusal.quote.replaceAll('\n', '|')}`;
      finish(401, {
        error_msg: `Incorrect IAM authentication information: ${refusal.why}${quote}`,
        error_code: 'APIGW.0301',
        request_id: requestId,
      });
    } else if (call === undefined) {
      finish(404, {
        error_msg: 'The API does not exist or has not been published in the environment',
        error_code: 'APIGW.0101',
        request_id: requestId,
      });
    } else {
      const content = call.answer(world, searchParams);
      if (content === undefined) finish(404, notFound(action, requestId));
      else finish(200, content);
    }
  }
  return cloud;
}

type Finish = (status: number, content: unknown, headers?: Readonly<Record<string, string>>) => void;

function answerMetadata(
  cloud: FakeHuawei,
  method: string,
  path: string,
  request: IncomingMessage,
  finish: Finish,
): boolean {
  if (method === 'PUT' && path === '/meta-data/latest/api/token') {
    finish(200, METADATA_TOKEN, { 'content-type': 'text/plain' });
    return true;
  }
  if (method !== 'GET' || path !== '/openstack/latest/securitykey') return false;
  if (request.headers['x-metadata-token'] !== METADATA_TOKEN) finish(401, 'session token needed');
  else if (cloud.agency === undefined) finish(404, 'Please configure Cloud Service Agency first');
  else finish(200, { credential: temporaryKey(cloud.agency) });
  return true;
}

/** The token exchange: an ID token for an IAM token, that for temporary keys. */
function answerIam(
  cloud: FakeHuawei,
  method: string,
  path: string,
  request: IncomingMessage,
  body: string,
  finish: Finish,
): boolean {
  if (method !== 'POST') return false;
  if (/^\/v3\/OS-FEDERATION\/identity_providers\/[^/]+\/protocols\/oidc\/auth$/.test(path)) {
    const idToken = (request.headers.authorization ?? '').replace('Bearer ', '');
    if (cloud.identities.has(idToken)) finish(201, { token: {} }, { 'x-subject-token': `iam-${idToken}` });
    else
      finish(401, {
        error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' },
      });
    return true;
  }
  if (path !== '/v3.0/OS-CREDENTIAL/securitytokens') return false;
  const key = cloud.identities.get(String(request.headers['x-auth-token'] ?? '').replace('iam-', ''));
  const wanted = body.includes('"duration_seconds":');
  if (key === undefined || !wanted) finish(400, { error_msg: 'token is invalid', error_code: 'IAM.0101' });
  else finish(201, { credential: temporaryKey(key) });
  return true;
}

function temporaryKey({ accessKey, secretKey, securityToken, expiresAtMs }: TemporaryKey): object {
  return {
    access: accessKey,
    secret: secretKey,
    securitytoken: securityToken,
    expires_at: new Date(expiresAtMs).toISOString().replace('Z', '000Z'),
  };
}

function serviceAction(path: string): string {
  if (path.startsWith('/v3/OS-FEDERATION/')) return 'iam:identityProviders:auth';
  if (path.startsWith('/v3.0/OS-CREDENTIAL/')) return 'iam:securitytokens:create';
  return path.startsWith('/openstack/')
    ? 'metadata:securitykey'
    : path.startsWith('/meta-data/')
      ? 'metadata:token'
      : '';
}

/** Each service says it in a way of its own. */
function notFound(action: string, requestId: string): object {
  switch (action.replace(/:.*/, '')) {
    case 'elb':
      return { error_msg: 'Load balancer could not be found.', error_code: 'ELB.8904', request_id: requestId };
    case 'cce':
      return { errorCode: 'CCE.01404001', errorMessage: 'Resource not found' };
    default:
      return { code: 'VPC.0202', message: 'Query resource by id fail' };
  }
}

function takeFault(
  faults: { action: string; fault: Fault; left: number }[],
  action: string,
  path: string,
): Fault | undefined {
  const found = faults.find((entry) => entry.left > 0 && (entry.action === action || path.includes(entry.action)));
  if (found === undefined) return undefined;
  found.left -= 1;
  return found.fault;
}

function typeOf(body: string): string {
  return body.startsWith('{') ? 'application/json' : 'text/html';
}

function logOf(request: IncomingMessage, path: string, query: string, action: string, status: number): LoggedRequest {
  const userAgent = request.headers['user-agent'] ?? '';
  const { authorization, 'x-security-token': token, 'x-auth-token': iamToken } = request.headers;
  const secrets = [authorization, token, iamToken].filter((text) => typeof text === 'string');
  return { method: request.method ?? '', path, query, action, userAgent, secrets, status };
}

function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
