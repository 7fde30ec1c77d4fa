import { readFile } from 'node:fs/promises';
import type { CredentialOptions } from '../cloud.types.ts';
import { CloudError } from '../errors.ts';
import type { Leased } from '../renewing.ts';
import { readAnswer, wire } from './client.ts';
import { credentialsError } from './credential-errors.ts';
import { endpointOf } from './endpoints.ts';
import { type Asked, answerError } from './failures.ts';
import { TemporaryKeys } from './temporary-keys.ts';
import { type HuaweiKeys, sendOnce, type WireAnswer, type WireRequest } from './transport.ts';

/** A ServiceAccount token that an identity provider in IAM trusts. */
export interface Federation {
  readonly idpId: string;
  readonly tokenFile: string;
  /** IAM elsewhere than the configuration says; empty: there. */
  readonly iamEndpoint: string;
}

const IDP = 'HUAWEICLOUD_SDK_IDP_ID';
const TOKEN_FILE = 'HUAWEICLOUD_SDK_ID_TOKEN_FILE';
/** IAM gives temporary keys for at most a day; the vendor's SDKs ask for six hours. */
const KEYS_SECONDS = 21_600;

/**
 * The variables of the vendor's SDKs, as CCE's documentation sets them for workload identity. Undefined: none is given.
 * @throws CloudError `credentials` when only one of the two is given
 */
export function federationFrom({ env }: Pick<CredentialOptions, 'env'>): Federation | undefined {
  const idpId = env[IDP]?.trim() ?? '';
  const tokenFile = env[TOKEN_FILE]?.trim() ?? '';
  if (idpId === '' && tokenFile === '') return undefined;
  if (idpId === '' || tokenFile === '') {
    const [given, missing] = idpId === '' ? [TOKEN_FILE, IDP] : [IDP, TOKEN_FILE];
    throw credentialsError(
      `environment variable ${given} is given, ${missing} is missing or empty. Give both, or neither.`,
    );
  }
  return { idpId, tokenFile, iamEndpoint: env.HUAWEICLOUD_SDK_IAM_ENDPOINT?.trim() ?? '' };
}

/**
 * Exchanges the token for an IAM token, and that for temporary keys (IAM API: "Obtaining an unscoped token (OpenID Connect)",
 * "Obtaining temporary access keys with a token"). The file is read anew each time: the kubelet rotates it.
 * @throws CloudError
 */
export async function exchangeToken(
  { idpId, tokenFile, iamEndpoint }: Federation,
  options: CredentialOptions,
  signal: AbortSignal,
): Promise<Leased<HuaweiKeys>> {
  const idToken = await readToken(tokenFile);
  const endpoints = { ...options.endpoints, overrides: { ...options.endpoints.overrides } };
  if (iamEndpoint !== '' && (endpoints.overrides.iam ?? '') === '') endpoints.overrides.iam = iamEndpoint;
  const endpoint = endpointOf('iam', options.region, endpoints);
  const asked: Asked = {
    action: 'iam:identityProviders:auth',
    endpoint,
    region: options.region,
    credentials: `OIDC token ${tokenFile}, identity provider ${idpId}`,
    secrets: [idToken],
    nowMs: options.clock.now(),
  };
  const post = (request: Pick<WireRequest, 'path' | 'headers' | 'body'>): Promise<WireAnswer> =>
    wire(asked, () =>
      sendOnce({ method: 'POST', endpoint, agent: options.agents.forEndpoint(endpoint), ...request }, signal),
    );

  const federated = await post({
    path: `/v3/OS-FEDERATION/identity_providers/${encodeURIComponent(idpId)}/protocols/oidc/auth`,
    headers: { Authorization: `Bearer ${idToken}` },
    body: {},
  });
  if (federated.status < 200 || federated.status > 299) throw refusal(asked, federated);
  const token = federated.header('x-subject-token');
  if (token === '') throw credentialsError(`IAM at ${endpoint.host} answered without a token (X-Subject-Token).`);

  const second: Asked = { ...asked, action: 'iam:securitytokens:create', secrets: [idToken, token] };
  const keys = await post({
    path: '/v3.0/OS-CREDENTIAL/securitytokens',
    headers: { 'X-Auth-Token': token },
    body: { auth: { identity: { methods: ['token'], token: { duration_seconds: KEYS_SECONDS } } } },
  });
  if (keys.status < 200 || keys.status > 299) throw refusal(second, keys);
  return readAnswer(second, keys, TemporaryKeys).credential;
}

/** Whatever IAM refuses for good, the credentials are at fault. */
function refusal(asked: Asked, answer: WireAnswer): CloudError {
  const error = answerError(asked, answer);
  switch (error.details.category) {
    case 'throttled':
    case 'unavailable':
    case 'garbage':
      return error;
    case 'credentials':
    case 'denied':
    case 'invalid':
    case 'not-found':
    case 'unsupported': {
      const said = [`${error.details.status}`, error.details.code].filter((part) => part !== '').join(' ');
      return new CloudError(
        `${asked.action} at ${asked.endpoint.host}: ${said}: the ${asked.credentials}, is not accepted. Check that this identity provider exists, trusts the cluster's issuer and keys, and has a conversion rule for this ServiceAccount.`,
        { ...error.details, category: 'credentials' },
      );
    }
  }
}

/** The token as it is now. */
async function readToken(file: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw credentialsError(`file ${file} (${TOKEN_FILE}) cannot be read (${code}).`);
  }
  if (token === '' || /[^\x21-\x7e]/.test(token)) {
    throw credentialsError(`file ${file} (${TOKEN_FILE}) holds no token.`);
  }
  return token;
}
