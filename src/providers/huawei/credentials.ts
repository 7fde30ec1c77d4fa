import type { CredentialSource } from '../caller.types.ts';
import type { CredentialOptions } from '../cloud.types.ts';
import { CloudError } from '../errors.ts';
import { createRenewing } from '../renewing.ts';
import { agencyKeys } from './agency.ts';
import { credentialsError } from './credential-errors.ts';
import { exchangeToken, federationFrom } from './federation.ts';
import { readKeyPair } from './key-pairs.ts';
import type { HuaweiKeys } from './transport.ts';

const JUST_CHANGED_MS = 60_000;

/**
 * In this order: the ServiceAccount's OIDC token, the files of a mounted Secret, the environment, the server's agency where
 * that is allowed. All readers of the cloud share one source.
 */
export function createCredentials(options: CredentialOptions): CredentialSource<HuaweiKeys> {
  try {
    const federation = federationFrom(options);
    if (federation === undefined) return writtenDown(options);
    const renewing = createRenewing((signal) => exchangeToken(federation, options, signal), options.clock);
    return { ...renewing, description: `OIDC token ${federation.tokenFile}` };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return {
      current: () => Promise.reject(error),
      refresh: () => Promise.resolve(false),
      description: 'OIDC token of the ServiceAccount',
    };
  }
}

/** Keys in files or variables, read anew for each request; else the agency. */
function writtenDown(options: CredentialOptions): CredentialSource<HuaweiKeys> {
  const { env, secretDirectory, instanceRole, clock } = options;
  const agency = createRenewing((signal) => agencyKeys(options, signal), options.clock);
  let last: HuaweiKeys | undefined;
  /** Monotonic: when other keys than before were read. */
  let changedAt = Number.NEGATIVE_INFINITY;

  function noteUse(keys: HuaweiKeys): void {
    if (last !== undefined && !isSame(keys, last)) changedAt = clock.monotonic();
    last = keys;
  }

  return {
    async current(signal) {
      const keys = await readKeyPair(secretDirectory, env);
      if (keys !== undefined) {
        noteUse(keys);
        return keys;
      }
      if (!instanceRole) throw nothingGiven(secretDirectory);
      return agency.current(signal);
    },
    async refresh(signal) {
      const keys = await readKeyPair(secretDirectory, env);
      if (keys !== undefined) {
        // Whoever was refused may have signed with older keys than another request since.
        noteUse(keys);
        return clock.monotonic() - changedAt < JUST_CHANGED_MS;
      }
      return instanceRole && agency.refresh(signal);
    },
    description: [
      ...(secretDirectory === '' ? [] : [`files in ${secretDirectory}`]),
      'environment',
      ...(instanceRole ? ['agency of the server'] : []),
    ].join(', else '),
  };
}

function isSame(a: HuaweiKeys, b: HuaweiKeys): boolean {
  return a.accessKey === b.accessKey && a.secretKey === b.secretKey && a.securityToken === b.securityToken;
}

function nothingGiven(secretDirectory: string): CloudError {
  const files = secretDirectory === '' ? '' : `, or mount a Secret with files of these names at ${secretDirectory}`;
  return credentialsError(
    `set the environment variables HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK${files}, or let the ServiceAccount log in (HUAWEICLOUD_SDK_IDP_ID and HUAWEICLOUD_SDK_ID_TOKEN_FILE), or allow the server's agency (cloud.credentials.instanceRole).`,
  );
}
