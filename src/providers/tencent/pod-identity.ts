import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { CredentialOptions } from '../cloud.types.ts';
import { CloudError } from '../errors.ts';
import type { Leased } from '../renewing.ts';
import { wireAction } from './actions.ts';
import { credentialsError } from './credential-errors.ts';
import { endpointOf } from './endpoints.ts';
import { send, type TencentCredentials } from './send.ts';

const ACTION = 'sts:AssumeRoleWithWebIdentity';
const DURATION_SECONDS = 7_200;
const SESSION = 'cilium-cloud-bridge';

const VARIABLES = {
  tokenFile: 'TKE_WEB_IDENTITY_TOKEN_FILE',
  roleArn: 'TKE_ROLE_ARN',
  providerId: 'TKE_PROVIDER_ID',
} as const;

/** What TKE's pod identity webhook gives a Pod. */
export interface PodIdentity {
  readonly tokenFile: string;
  readonly roleArn: string;
  readonly providerId: string;
  /** TKE_REGION; empty: the configured one. */
  readonly region: string;
}

/** Undefined: none of its variables is set. An error when only some are. */
export function podIdentityFrom({ env }: Pick<CredentialOptions, 'env'>): PodIdentity | CloudError | undefined {
  const given = (name: string): string => env[name]?.trim() ?? '';
  const names = Object.values(VARIABLES);
  const missing = names.filter((name) => given(name) === '');
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) {
    const set = names.filter((name) => !missing.includes(name));
    return credentialsError(
      `pod identity is given by half: ${set.join(', ')} is set, ${missing.join(', ')} is missing. Set all of them (TKE's webhook does, for the ServiceAccount), or none.`,
    );
  }
  return {
    tokenFile: given(VARIABLES.tokenFile),
    roleArn: given(VARIABLES.roleArn),
    providerId: given(VARIABLES.providerId),
    region: given('TKE_REGION'),
  };
}

const Assumed = z.object({
  /** Seconds since the epoch. */
  ExpiredTime: z.number().int().positive(),
  Credentials: z.object({
    Token: z.string().min(1),
    TmpSecretId: z.string().min(1),
    TmpSecretKey: z.string().min(1),
  }),
});

/**
 * Temporary keys for the ServiceAccount's token, which the kubelet renews: it is read each time.
 * https://cloud.tencent.com/document/product/1312/73070
 */
export async function assumeRole(
  identity: PodIdentity,
  { region, endpoints, agents, clock }: Omit<CredentialOptions, 'env'>,
  signal: AbortSignal,
): Promise<Leased<TencentCredentials>> {
  const token = await readToken(identity.tokenFile);
  const endpoint = endpointOf('sts', endpoints);
  const parameters = {
    ProviderId: identity.providerId,
    WebIdentityToken: token,
    RoleArn: identity.roleArn,
    RoleSessionName: SESSION,
    DurationSeconds: DURATION_SECONDS,
  };
  const options = {
    region: identity.region === '' ? region : identity.region,
    endpoint,
    agent: agents.forEndpoint(endpoint),
    credentials: undefined,
    now: clock.now(),
  };
  try {
    const { value } = await send(wireAction(ACTION), parameters, options, Assumed, signal);
    const { TmpSecretId, TmpSecretKey, Token } = value.Credentials;
    return {
      credentials: { secretId: TmpSecretId, secretKey: TmpSecretKey, token: Token },
      goodUntilMs: value.ExpiredTime * 1_000,
    };
  } catch (error) {
    throw refused(error, identity);
  }
}

async function readToken(file: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw credentialsError(`the file of ${VARIABLES.tokenFile}, ${file}, cannot be read${code}. Check the volume.`);
  }
  if (token === '') throw credentialsError(`the file of ${VARIABLES.tokenFile}, ${file}, is empty.`);
  return token;
}

/** What may pass by itself is tried again as it is; the rest means that there are no keys. */
function refused(error: unknown, { roleArn, providerId }: PodIdentity): unknown {
  if (!(error instanceof CloudError) || ['unavailable', 'throttled'].includes(error.details.category)) return error;
  return credentialsError(
    `${error.message} The role ${roleArn} must trust the identity provider ${providerId} and this ServiceAccount.`,
    error.details,
  );
}
