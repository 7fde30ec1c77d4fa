import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../lib/environment.ts';
import { credentialsError } from './credential-errors.ts';
import type { HuaweiKeys } from './transport.ts';

const NAMES = {
  accessKey: 'HUAWEICLOUD_SDK_AK',
  secretKey: 'HUAWEICLOUD_SDK_SK',
  securityToken: 'HUAWEICLOUD_SDK_SECURITY_TOKEN',
} as const satisfies Record<keyof HuaweiKeys, string>;

/**
 * Keys from a mounted Secret, whose files are named as the variables, else from the environment; both are the variables of
 * the vendor's SDKs. Undefined: none are given. Read anew each time, so that a rotated Secret counts at once.
 * @throws CloudError `credentials`, naming what is missing or cannot be read
 */
export async function readKeyPair(directory: string, env: Environment): Promise<HuaweiKeys | undefined> {
  const fromFiles = directory === '' ? undefined : await keysOf((name) => readSecret(join(directory, name)), directory);
  return fromFiles ?? keysOf((name) => Promise.resolve(env[name]?.trim() ?? ''), '');
}

async function keysOf(read: (name: string) => Promise<string>, directory: string): Promise<HuaweiKeys | undefined> {
  const [accessKey, secretKey, securityToken] = await Promise.all([
    read(NAMES.accessKey),
    read(NAMES.secretKey),
    read(NAMES.securityToken),
  ]);
  const keys: HuaweiKeys = { accessKey, secretKey, securityToken };
  if (accessKey === '' && secretKey === '' && securityToken === '') return undefined;
  const nameOf = (field: keyof HuaweiKeys): string =>
    directory === '' ? `environment variable ${NAMES[field]}` : `file ${join(directory, NAMES[field])}`;
  const missing = (['accessKey', 'secretKey'] as const).filter((field) => keys[field] === '').map(nameOf);
  if (missing.length > 0) {
    throw credentialsError(
      `${missing.join(' and ')} missing or empty, though the rest is given. Give both, or neither.`,
    );
  }
  const wrong = (['accessKey', 'secretKey', 'securityToken'] as const).filter((field) => !isPrintable(keys[field]));
  if (wrong.length > 0) {
    throw credentialsError(`${wrong.map(nameOf).join(' and ')} holds characters that no key has. Copy it anew.`);
  }
  return keys;
}

/** A line break within is a wrong paste, and no HTTP header could carry it. */
function isPrintable(key: string): boolean {
  return /^[\x21-\x7e]*$/.test(key);
}

/** The text of a file, empty when there is none. */
async function readSecret(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw credentialsError(`file ${file} cannot be read (${code}).`);
  }
}
