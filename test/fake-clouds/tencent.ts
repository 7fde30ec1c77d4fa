import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudEndpoints } from '../../src/providers/cloud.types.ts';
import { ApiError, FAKE_ACTIONS, type FakeAction, filtersOf, type Parameters, textsOf } from './tencent-actions.ts';
import { checkSignature, type FakeKey, issueKey } from './tencent-keys.ts';
import { readAuthorization, type SignedRequest } from './tencent-signature.ts';
import { smallWorld, type TencentWorld } from './tencent-world.ts';

/** A request that came, and what became of it. */
export interface LoggedRequest {
  /** `clb:DescribeListeners`; empty for what is no API request. */
  readonly action: string;
  readonly parameters: Parameters;
  readonly headers: IncomingMessage['headers'];
  /** Code of the error that was answered; empty for success. */
  readonly code: string;
  readonly atMs: number;
}

/** What goes wrong with a request instead of its answer. */
export type Failure =
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset' }
  /** Headers and half a body, then a reset. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    };

/** Who may take which role with a web identity. */
export interface FakeIdentity {
  roleArn: string;
  providerId: string;
  webIdentityToken: string;
}

export interface FakeTencent {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** All services and the metadata service at this server. */
  readonly endpoints: CloudEndpoints;
  readonly world: TencentWorld;
  /** By SecretId. */
  readonly keys: Map<string, FakeKey>;
  /** Actions that CAM denies. */
  readonly denied: Set<string>;
  readonly identities: FakeIdentity[];
  /** Role of the server, by the metadata service; empty: none. */
  role: string;
  /** How far this cloud's clock is ahead of the machine's, milliseconds. */
  clockAheadMs: number;
  /** How long temporary keys live, seconds. */
  keyLifeSeconds: number;
  /** How long each answer takes. */
  latencyMs: number;
  /** Whether the published limits of requests a second are kept. */
  limits: boolean;
  readonly requests: readonly LoggedRequest[];
  /** How often each action was asked for since the last `forget`. */
  counts(): Readonly<Record<string, number>>;
  forget(): void;
  /** The next `times` requests of an action (`*`: of any) fail so. */
  fail(action: string, failure: Failure, times?: number): void;
  close(): Promise<void>;
}

export const SECRET_ID = 'AKIDfakeFAKEfake0123456789FAKEfake01';
export const SECRET_KEY = 'fakeKEYfakeKEYfakeKEYfake0123456';

const ROLE_PATH = '/latest/meta-data/cam/security-credentials/';

/**
 * A Tencent Cloud of one process: signatures are recomputed, paging, id limits and parameter types are enforced as the
 * API does, errors go out with HTTP 200. STS and the metadata service are there, too.
 */
export async function startFakeTencent(world: TencentWorld = smallWorld()): Promise<FakeTencent> {
  const requests: LoggedRequest[] = [];
  let failures: { readonly action: string; readonly failure: Failure; times: number }[] = [];
  let counter = 0;

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      setTimeout(() => answer(request, Buffer.concat(chunks).toString('utf8'), response), fake.latencyMs);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const services = ['clb', 'vpc', 'cvm', 'tke', 'sts', 'metadata'];

  const fake: FakeTencent = {
    url,
    endpoints: { suffix: '', overrides: Object.fromEntries(services.map((service) => [service, url])) },
    world,
    keys: new Map([[SECRET_ID, { secretKey: SECRET_KEY, token: '', goodUntilMs: Number.POSITIVE_INFINITY }]]),
    denied: new Set(),
    identities: [],
    role: '',
    clockAheadMs: 0,
    keyLifeSeconds: 7_200,
    latencyMs: 0,
    limits: false,
    requests,
    counts() {
      const counts: Record<string, number> = {};
      for (const { action } of requests) counts[action] = (counts[action] ?? 0) + 1;
      return counts;
    },
    forget() {
      requests.length = 0;
    },
    fail(action, failure, times = 1) {
      failures.push({ action, failure, times });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  const now = (): number => Date.now() + fake.clockAheadMs;

  function answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    const target = new URL(request.url ?? '/', url);
    if (request.method === 'GET' && target.pathname.startsWith(ROLE_PATH)) {
      answerMetadata(target.pathname.slice(ROLE_PATH.length), request, response);
      return;
    }
    const signed: SignedRequest = {
      method: request.method ?? '',
      path: target.pathname,
      query: target.search.slice(1),
      headers: request.headers,
      body,
    };
    const action = actionOf(request);
    const parameters = parseParameters(body);
    const log = (code: string): void => {
      requests.push({ action, parameters, headers: request.headers, code, atMs: Date.now() });
    };
    const failure = takeFailure(action);
    if (failure !== undefined) {
      log(failure.kind === 'error' ? failure.code : failure.kind);
      breakDown(failure, response);
      return;
    }
    try {
      const inner = perform(action, parameters, signed);
      log('');
      respond(response, inner);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      log(error.code);
      respond(response, { Error: { Code: error.code, Message: error.message } });
    }
  }

  function perform(action: string, parameters: Parameters, signed: SignedRequest): object {
    if (action === 'sts:AssumeRoleWithWebIdentity') return assumeRole(parameters, signed);
    const use = FAKE_ACTIONS[action];
    if (use === undefined) throw new ApiError('InvalidAction', 'The request action is invalid or not found.');
    checkHead(action, use, signed);
    checkSignature(action, signed, fake.keys, now());
    if (fake.denied.has(action)) {
      throw new ApiError(
        'UnauthorizedOperation',
        `you are not authorized to perform operation (${action})\nresource (qcs::${action.split(':')[0]}:${world.regions[0]}:uin/100000000001:*) has no permission\n`,
      );
    }
    if (fake.limits) checkRate(action, use);
    checkParameters(use, parameters);
    return use.answer(world, parameters);
  }

  function checkHead(_action: string, use: FakeAction, { headers }: SignedRequest): void {
    if (headers['x-tc-version'] !== use.version) {
      throw new ApiError('NoSuchVersion', 'The requested API version does not exist.');
    }
    const region = String(headers['x-tc-region'] ?? '');
    if (region === '') throw new ApiError('MissingParameter', 'The request is missing a required parameter `Region`.');
    if (!world.regions.includes(region)) {
      throw new ApiError('UnsupportedRegion', `The region \`${region}\` is not supported.`);
    }
    if (headers['content-type'] !== 'application/json') {
      throw new ApiError('InvalidRequest', 'The Content-Type is not valid.');
    }
  }

  function checkRate(action: string, { perSecond }: FakeAction): void {
    const since = Date.now() - 1_000;
    const recent = requests.filter((request) => request.action === action && request.atMs > since).length + 1;
    if (recent > perSecond) {
      throw new ApiError(
        'RequestLimitExceeded',
        `Your current request times equals to \`${recent}\` in a second, which exceeds the frequency limit \`${perSecond}\` for a second. Please reduce the frequency of calls.`,
      );
    }
  }

  function assumeRole(parameters: Parameters, { headers }: SignedRequest): object {
    if (headers.authorization !== 'SKIP') {
      throw new ApiError('AuthFailure.InvalidAuthorization', 'This action takes no signature.');
    }
    if (headers['x-tc-version'] !== '2018-08-13') {
      throw new ApiError('NoSuchVersion', 'The requested API version does not exist.');
    }
    const known = fake.identities.some(
      ({ roleArn, providerId, webIdentityToken }) =>
        roleArn === parameters.RoleArn &&
        providerId === parameters.ProviderId &&
        webIdentityToken === parameters.WebIdentityToken,
    );
    if (!known) throw new ApiError('InvalidParameter.WebIdentityTokenError', 'web identity token error');
    const { secretId, key } = issueKey(fake.keys, now() + fake.keyLifeSeconds * 1_000);
    return {
      ExpiredTime: Math.floor(key.goodUntilMs / 1_000),
      Expiration: new Date(key.goodUntilMs).toISOString(),
      Credentials: { Token: key.token, TmpSecretId: secretId, TmpSecretKey: key.secretKey },
    };
  }

  function answerMetadata(name: string, request: IncomingMessage, response: ServerResponse): void {
    const action = name === '' ? 'metadata:roles' : 'metadata:role';
    const failure = takeFailure(action);
    requests.push({ action, parameters: {}, headers: request.headers, code: failure?.kind ?? '', atMs: Date.now() });
    if (failure !== undefined) {
      breakDown(failure, response);
    } else if (fake.role === '' || (name !== '' && name !== fake.role)) {
      response.writeHead(404).end('not found');
    } else if (name === '') {
      response.end(fake.role);
    } else {
      const { secretId, key } = issueKey(fake.keys, now() + fake.keyLifeSeconds * 1_000);
      response.end(
        JSON.stringify({
          TmpSecretId: secretId,
          TmpSecretKey: key.secretKey,
          Token: key.token,
          ExpiredTime: Math.floor(key.goodUntilMs / 1_000),
          Expiration: new Date(key.goodUntilMs).toISOString(),
          Code: 'Success',
        }),
      );
    }
  }

  function takeFailure(action: string): Failure | undefined {
    const next = failures.find((entry) => entry.action === '*' || entry.action === action);
    if (next === undefined) return undefined;
    next.times -= 1;
    failures = failures.filter(({ times }) => times > 0);
    return next.failure;
  }

  function respond(response: ServerResponse, inner: object): void {
    counter += 1;
    const RequestId = `00000000-0000-4000-8000-${String(counter).padStart(12, '0')}`;
    response.setHeader('Date', new Date(now()).toUTCString());
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ Response: { ...inner, RequestId } }));
  }

  function breakDown(failure: Failure, response: ServerResponse): void {
    switch (failure.kind) {
      case 'hang':
        return;
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
      case 'cut':
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
        response.write('{"Response":{', () => response.socket?.resetAndDestroy());
        return;
      case 'error':
        respond(response, { Error: { Code: failure.code, Message: failure.message } });
        return;
      case 'http':
        response.writeHead(failure.status, failure.headers);
        response.end(failure.body);
        return;
    }
  }

  return fake;
}

/** The service is told by the credential's scope, as the host does for the real one; STS by its action. */
function actionOf({ headers }: IncomingMessage): string {
  const name = String(headers['x-tc-action'] ?? '');
  const service = readAuthorization(headers.authorization ?? '')?.service;
  if (service !== undefined) return `${service}:${name}`;
  return headers.authorization === 'SKIP'
    ? `sts:${name}`
    : (Object.keys(FAKE_ACTIONS).find((action) => action.endsWith(`:${name}`)) ?? '');
}

function parseParameters(body: string): Parameters {
  const parsed: unknown = body === '' ? {} : JSON.parse(body);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}

function checkParameters(use: FakeAction, parameters: Parameters): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (!use.accepts.includes(name)) {
      throw new ApiError('UnknownParameter', `The parameter \`${name}\` is not recognized.`);
    }
    if (/^(Offset|Limit)$/.test(name) && typeof value !== use.paging) {
      throw new ApiError('InvalidParameter', `The value type of parameter \`${name}\` is not valid.`);
    }
  }
  if (Number(parameters.Limit ?? 0) > 100) {
    throw new ApiError('InvalidParameterValue.Range', 'The value of parameter `Limit` is larger than 100.');
  }
  const ids = textsOf(parameters[use.ids?.name ?? '']);
  if (use.ids !== undefined && ids.length > use.ids.most) {
    throw new ApiError(use.ids.code, `The length of \`${use.ids.name}\` exceeds the limit ${use.ids.most}.`);
  }
  if (ids.length > 0 && parameters.Filters !== undefined) {
    throw new ApiError('InvalidParameter.Coexist', `\`${use.ids?.name}\` and \`Filters\` cannot be used together.`);
  }
  for (const [name, values] of filtersOf(parameters)) {
    if (values.length > (use.filterValues ?? 5)) {
      throw new ApiError('InvalidParameterValue.LimitExceeded', `Too many values of filter \`${name}\`.`);
    }
  }
}
