import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../lib/environment.ts';
import type { TencentCredentials } from './send.ts';

const ID = 'TENCENTCLOUD_SECRET_ID';
const KEY = 'TENCENTCLOUD_SECRET_KEY';
/** The vendor's SDKs use the first, its command line the second. */
const TOKENS = ['TENCENTCLOUD_SESSION_TOKEN', 'TENCENTCLOUD_TOKEN'] as const;

/** Keys that somebody wrote down, or what is wrong with them. */
export type KeyPair =
  | { readonly kind: 'given'; readonly credentials: TencentCredentials; readonly from: string }
  | { readonly kind: 'half'; readonly problem: string }
  | { readonly kind: 'none' };

/** The files of a mounted Secret, named as the variables; none without a folder or without the files. */
export async function keyPairFromFiles(directory: string): Promise<KeyPair> {
  if (directory === '') return { kind: 'none' };
  const values = await Promise.all([ID, KEY, ...TOKENS].map((name) => readSecret(join(directory, name))));
  const unreadable = values.find((value) => value instanceof Error);
  if (unreadable instanceof Error) return { kind: 'half', problem: unreadable.message };
  const [id = '', key = '', ...tokens] = values.filter((value) => typeof value === 'string');
  return pair(id, key, tokens, (name) => `file ${join(directory, name)}`, `Secret files in ${directory}`);
}

export function keyPairFromEnvironment(env: Environment): KeyPair {
  const [id = '', key = '', ...tokens] = [ID, KEY, ...TOKENS].map((name) => env[name]?.trim() ?? '');
  return pair(id, key, tokens, (name) => `environment variable ${name}`, 'environment');
}

function pair(
  id: string,
  key: string,
  tokens: readonly string[],
  nameOf: (name: string) => string,
  from: string,
): KeyPair {
  const token = tokens.find((value) => value !== '') ?? '';
  if (id === '' && key === '') {
    return token === ''
      ? { kind: 'none' }
      : { kind: 'half', problem: `${nameOf(ID)} and ${nameOf(KEY)} are missing. Give both, or neither` };
  }
  if (id === '' || key === '') {
    const [missing, given] = id === '' ? [ID, KEY] : [KEY, ID];
    return {
      kind: 'half',
      problem: `${nameOf(given)} is given, ${nameOf(missing)} is missing or empty. Give both, or neither`,
    };
  }
  // A line break within is a wrong paste; HTTP could not carry it.
  const broken = [id, key, token].some((value) => /[^\x21-\x7e]/.test(value));
  if (broken)
    return { kind: 'half', problem: `a key in ${from} holds blanks or other characters that no key has. Copy it anew` };
  return { kind: 'given', credentials: { secretId: id, secretKey: key, token }, from };
}

/** The text of a file; empty when there is none; an Error that names it when it cannot be read. */
async function readSecret(file: string): Promise<string | Error> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return code === 'ENOENT' || code === 'ENOTDIR' ? '' : new Error(`file ${file} cannot be read (${code})`);
  }
}
