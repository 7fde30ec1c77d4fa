import type { Agent } from 'node:http';
import type { HttpRequestOptions } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import type { HttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/HttpClient.js';
import type { IHttpRequest } from '@huaweicloud/huaweicloud-sdk-core/http/IHttpRequest.js';
import { abortReason } from '../../lib/clock.ts';
import { loadSdk, type Sdk } from './sdk.ts';

/** Keys that requests are signed with. */
export interface HuaweiKeys {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of temporary keys; empty: they are permanent. */
  readonly securityToken: string;
}

export type Query = Readonly<Record<string, string | number | readonly string[]>>;

/** One request on the wire. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly endpoint: URL;
  /** Path below the endpoint; `{project_id}` is filled in. */
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Undefined: it goes out unsigned. */
  readonly signer?: { readonly keys: HuaweiKeys; readonly projectId: string; readonly nowMs: number };
  readonly agent: Agent;
}

/** What came back, whatever its status. */
export interface WireAnswer {
  readonly status: number;
  /** A response header by its lower-case name; empty: there was none. */
  readonly header: (name: string) => string;
  readonly body: string;
}

/** No answer: the network's own words, as Node has them. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

const MAX_BODY_BYTES = 32 * 1024 * 1024;
const USER_AGENT = 'cilium-cloud-bridge';

/**
 * Signs a request with the vendor's code and sends it once, without redirects and retries. Nothing is written to stdout or
 * stderr, and nothing of the request is kept.
 * @throws NoAnswer, or the signal's reason
 */
export async function sendOnce(request: WireRequest, signal: AbortSignal): Promise<WireAnswer> {
  const sdk = await loadSdk();
  signal.throwIfAborted();
  let outcome: WireAnswer | NoAnswer | undefined;
  const seam: HttpClient = {
    async sendRequest(signed) {
      outcome = await deliver(sdk, request, signed);
      // The SDK may neither look at the answer nor make its own exception of it: that one drops codes and headers.
      return { statusCode: 0, headers: {} };
    },
  };
  const options: HttpRequestOptions & { axiosRequestConfig: { signal: AbortSignal } } = {
    method: request.method,
    url: request.path,
    contentType: 'application/json',
    queryParams: { ...request.query },
    pathParams: {},
    headers: { ...request.headers },
    axiosRequestConfig: { signal },
  };
  if (request.body !== undefined) options.data = request.body;
  const client = new sdk.HcClient(seam).withEndpoints([baseOf(request.endpoint)]);
  if (request.signer !== undefined) {
    const { keys, projectId, nowMs } = request.signer;
    options.headers['X-Sdk-Date'] = signingTime(nowMs);
    const credential = new sdk.BasicCredentials().withAk(keys.accessKey).withSk(keys.secretKey);
    if (keys.securityToken !== '') credential.withSecurityToken(keys.securityToken);
    client.withCredential(credential.withProjectId(projectId));
  }
  await client.sendRequest(options);
  if (signal.aborted) throw abortReason(signal);
  if (outcome === undefined) throw new NoAnswer('nothing was sent');
  if (outcome instanceof NoAnswer) throw outcome;
  return outcome;
}

async function deliver(
  sdk: Sdk,
  { endpoint, agent }: WireRequest,
  signed: IHttpRequest,
): Promise<WireAnswer | NoAnswer> {
  const http = new sdk.DefaultHttpClient(
    {
      logger: sdk.silentLogger,
      headers: { 'User-Agent': USER_AGENT },
      axiosRequestConfig: {
        httpAgent: agent,
        httpsAgent: agent,
        proxy: false,
        maxRedirects: 0,
        maxContentLength: MAX_BODY_BYTES,
        responseType: 'text',
        transformResponse: [(body: unknown) => body],
        // Every status is an answer: what axios rejects carries the whole request with it.
        validateStatus: () => true,
      },
    },
    [baseOf(endpoint)],
  );
  try {
    const response = await http.sendRequest(signed);
    const headers: unknown = response.headers;
    const body: unknown = response.data;
    return {
      status: response.statusCode ?? 0,
      header: (name) => fieldOf(headers, name),
      body: typeof body === 'string' ? body : '',
    };
  } catch (failure) {
    return new NoAnswer(fieldOf(failure, 'message') || 'the connection failed');
  }
}

/** The URL without a slash at its end, as the SDK joins it with paths. */
function baseOf({ origin, pathname }: URL): string {
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/** 1574876215000 → 20191127T173655Z */
function signingTime(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function fieldOf(owner: unknown, name: string): string {
  const value: unknown = typeof owner === 'object' && owner !== null ? Reflect.get(owner, name) : undefined;
  return typeof value === 'string' ? value : '';
}
