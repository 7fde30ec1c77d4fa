import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A request as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What an `Authorization` of TC3-HMAC-SHA256 says. */
export interface Tc3Authorization {
  readonly secretId: string;
  readonly date: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^TC3-HMAC-SHA256 Credential=([^/]+)\/(\d{4}-\d\d-\d\d)\/([a-z]+)\/tc3_request, SignedHeaders=([a-z;-]+), Signature=([0-9a-f]{64})$/;

export function readAuthorization(text: string): Tc3Authorization | undefined {
  const [, secretId, date, service, headers, signature] = AUTHORIZATION.exec(text) ?? [];
  if (secretId === undefined || date === undefined || service === undefined || signature === undefined)
    return undefined;
  return { secretId, date, service, signedHeaders: (headers ?? '').split(';'), signature };
}

/**
 * The canonical request of https://www.tencentcloud.com/document/api/213/31576: names and values in lower case, headers
 * in the order of their names. The vendor's SDK leaves the port out of the host that it signs, so it is left out here.
 */
export function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  const lines = signedHeaders
    .toSorted()
    .map((name) => `${name}:${headerText(request.headers, name).trim().toLowerCase()}\n`);
  return [
    request.method,
    request.path,
    request.query,
    lines.join(''),
    signedHeaders.toSorted().join(';'),
    sha256(request.body),
  ].join('\n');
}

export function stringToSign(request: SignedRequest, signedHeaders: readonly string[], scope: string): string {
  const timestamp = headerText(request.headers, 'x-tc-timestamp');
  return ['TC3-HMAC-SHA256', timestamp, scope, sha256(canonicalRequest(request, signedHeaders))].join('\n');
}

/** The derived key: by day and service. */
function signingKey(secretKey: string, date: string, service: string): Buffer {
  return hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request');
}

export function signatureOf(key: Buffer, text: string): string {
  return hmac(key, text).toString('hex');
}

/** The signature that this request should carry. */
export function expectedSignature(
  request: SignedRequest,
  { date, service, signedHeaders }: Tc3Authorization,
  secretKey: string,
): string {
  const text = stringToSign(request, signedHeaders, `${date}/${service}/tc3_request`);
  return signatureOf(signingKey(secretKey, date, service), text);
}

function headerText(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return name === 'host' ? text.replace(/:\d+$/, '') : text;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
