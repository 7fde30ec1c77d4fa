import { ApiError } from './tencent-actions.ts';
import { expectedSignature, readAuthorization, type SignedRequest } from './tencent-signature.ts';

/** A key pair that the fake cloud knows. */
export interface FakeKey {
  secretKey: string;
  /** Temporary keys carry it; empty for others. */
  token: string;
  /** Milliseconds since the epoch. */
  goodUntilMs: number;
}

const SIGNED_TO_WITHIN_MS = 300_000;

/** Throws what the API answers to a request that is not signed, or not well, or not in time. */
export function checkSignature(
  action: string,
  signed: SignedRequest,
  keys: ReadonlyMap<string, FakeKey>,
  nowMs: number,
): void {
  const { headers } = signed;
  const timestamp = Number(headers['x-tc-timestamp']);
  const authorization = readAuthorization(headers.authorization ?? '');
  if (authorization === undefined || !Number.isInteger(timestamp)) {
    throw new ApiError('AuthFailure.InvalidAuthorization', 'The `Authorization` header is missing or malformed.');
  }
  const { secretId, date, service, signedHeaders, signature } = authorization;
  const key = keys.get(secretId);
  if (key === undefined) {
    throw new ApiError(
      'AuthFailure.SecretIdNotFound',
      'The SecretId is not found, please ensure that your SecretId is correct.',
    );
  }
  if (Math.abs(timestamp * 1_000 - nowMs) > SIGNED_TO_WITHIN_MS) {
    throw new ApiError(
      'AuthFailure.SignatureExpire',
      'The provided credentials could not be validated. The signature has expired.',
    );
  }
  const isWhole =
    service === action.split(':')[0] &&
    date === new Date(timestamp * 1_000).toISOString().slice(0, 10) &&
    ['content-type', 'host'].every((name) => signedHeaders.includes(name));
  if (!isWhole || expectedSignature(signed, authorization, key.secretKey) !== signature) {
    throw new ApiError(
      'AuthFailure.SignatureFailure',
      'The provided credentials could not be validated. Please check your signature is correct.',
    );
  }
  if (String(headers['x-tc-token'] ?? '') !== key.token || key.goodUntilMs <= nowMs) {
    throw new ApiError(
      'AuthFailure.TokenFailure',
      'The provided credentials could not be validated because of exceeding of token.',
    );
  }
}

let issued = 0;

/** New temporary keys, as STS and the metadata service give them out. */
export function issueKey(
  keys: Map<string, FakeKey>,
  goodUntilMs: number,
): { readonly secretId: string; readonly key: FakeKey } {
  issued += 1;
  const number = String(issued).padStart(10, '0');
  const secretId = `AKIDtemporary${number}`;
  const key = { secretKey: `temporaryKey${number}`, token: `temporaryToken${number.padStart(20, '0')}`, goodUntilMs };
  keys.set(secretId, key);
  return { secretId, key };
}
