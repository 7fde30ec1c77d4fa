import type { CredentialSource } from '../caller.types.ts';
import type { CredentialOptions } from '../cloud.types.ts';
import { CloudError } from '../errors.ts';
import { createRenewing } from '../renewing.ts';
import { credentialsError } from './credential-errors.ts';
import { instanceRole } from './instance-role.ts';
import { type KeyPair, keyPairFromEnvironment, keyPairFromFiles } from './key-pairs.ts';
import { assumeRole, podIdentityFrom } from './pod-identity.ts';
import type { TencentCredentials } from './send.ts';

const JUST_CHANGED_MS = 60_000;

/**
 * In this order: TKE's pod identity (OIDC), the files of a mounted Secret, the environment, the server's role where that
 * is allowed. Files are read for each request, so that a rotated Secret counts at once.
 */
export function createCredentials(options: CredentialOptions): CredentialSource<TencentCredentials> {
  const identity = podIdentityFrom(options);
  if (identity instanceof CloudError) {
    return {
      current: () => Promise.reject(identity),
      refresh: () => Promise.resolve(false),
      description: 'OIDC token of the ServiceAccount',
    };
  }
  if (identity !== undefined) {
    return {
      ...createRenewing((signal) => assumeRole(identity, options, signal), options.clock),
      description: `OIDC token ${identity.tokenFile}`,
    };
  }
  return writtenDown(options);
}

function writtenDown(options: CredentialOptions): CredentialSource<TencentCredentials> {
  const { env, secretDirectory, clock } = options;
  const role = options.instanceRole
    ? createRenewing((signal) => instanceRole(options, signal), options.clock)
    : undefined;
  let last: TencentCredentials | undefined;
  /** Monotonic: when other keys than before were read. */
  let changedAt = Number.NEGATIVE_INFINITY;

  function noteUse(credentials: TencentCredentials): void {
    if (last !== undefined && !isSame(last, credentials)) changedAt = clock.monotonic();
    last = credentials;
  }

  async function read(): Promise<KeyPair> {
    const files = await keyPairFromFiles(secretDirectory);
    return files.kind === 'none' ? keyPairFromEnvironment(env) : files;
  }

  return {
    description: describe(options),
    async current(signal) {
      const keys = await read();
      switch (keys.kind) {
        case 'given':
          noteUse(keys.credentials);
          return keys.credentials;
        case 'half':
          throw credentialsError(`${keys.problem}.`);
        case 'none':
          if (role === undefined) throw nothingGiven(options);
          return role.current(signal);
      }
    },
    async refresh(signal) {
      const keys = await read();
      if (keys.kind === 'given') {
        // Whoever was refused may have signed with older keys than another request since.
        noteUse(keys.credentials);
        return clock.monotonic() - changedAt < JUST_CHANGED_MS;
      }
      return keys.kind === 'none' && role !== undefined ? role.refresh(signal) : false;
    },
  };
}

function isSame(a: TencentCredentials, b: TencentCredentials): boolean {
  return a.secretId === b.secretId && a.secretKey === b.secretKey && a.token === b.token;
}

function nothingGiven({ secretDirectory }: CredentialOptions): CloudError {
  const files = secretDirectory === '' ? '' : `, or mount a Secret with files of these names at ${secretDirectory}`;
  return credentialsError(
    `set the environment variables TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY${files}, or give the ServiceAccount a role (TKE pod identity: TKE_ROLE_ARN, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE), or allow the server's own role (cloud.credentials.instanceRole).`,
  );
}

function describe({ secretDirectory, instanceRole: allowed }: CredentialOptions): string {
  const places = [
    ...(secretDirectory === '' ? [] : [`files in ${secretDirectory}`]),
    'environment',
    ...(allowed ? ['role of the server'] : []),
  ];
  return places.join(', else ');
}
