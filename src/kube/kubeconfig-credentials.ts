import { readFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { Environment } from '../lib/environment.ts';
import { usageError } from '../lib/errors.ts';
import { checkReadable, fileExists, type NamedEntry } from './kubeconfig-files.ts';
import { asArray, asRecord, asString, isRecord } from './read.ts';
import type { RawObject } from './types.ts';

/** A user entry, made ready for client-node. */
export interface Credentials {
  readonly body: RawObject;
  /** Headers that client-node does not know of: groups of an impersonation. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Files that the credentials were read from. */
  readonly files: readonly string[];
}

/**
 * The user entry with the points in which client-node differs from kubectl put right: data goes before files, paths and
 * commands are relative to the kubeconfig, `tokenFile` is read, an exec plugin is told its API version and cluster.
 * @throws UsageError when a file or an exec plugin is missing
 */
export function credentialsOf(user: NamedEntry | undefined, cluster: NamedEntry, env: Environment): Credentials {
  if (user === undefined) {
    return { body: {}, headers: {}, files: [] };
  }
  const certificate = fileOrData(user, 'client-certificate');
  const key = fileOrData(user, 'client-key');
  const tokenFile = resolveFile(user, asString(user.body.tokenFile) || asString(user.body['token-file']));
  const { 'token-file': _, tokenFile: __, ...rest } = user.body;
  const groups = asArray(user.body['as-groups']).map((group) => asString(group));
  return {
    body: {
      ...rest,
      ...certificate.body,
      ...key.body,
      ...(tokenFile === '' ? {} : { token: readToken(tokenFile, user) }),
      ...(isRecord(user.body.exec) ? { exec: execPlugin(user, cluster, env) } : {}),
    },
    headers: groups.length === 0 ? {} : { 'Impersonate-Group': groups },
    files: [...certificate.files, ...key.files, ...(tokenFile === '' ? [] : [tokenFile])],
  };
}

/** `<field>-data` when there is some, else `<field>` as an absolute path of a readable file. */
export function fileOrData(entry: NamedEntry, field: string): { body: RawObject; files: readonly string[] } {
  if (asString(entry.body[`${field}-data`]) !== '') {
    return { body: { [field]: undefined }, files: [] };
  }
  const file = resolveFile(entry, asString(entry.body[field]));
  if (file === '') {
    return { body: {}, files: [] };
  }
  checkReadable(file, `${field} of "${entry.name}" in ${entry.file}`);
  return { body: { [field]: file }, files: [file] };
}

function resolveFile(entry: NamedEntry, file: string): string {
  return file === '' || isAbsolute(file) ? file : join(dirname(entry.file), file);
}

function readToken(file: string, user: NamedEntry): string {
  checkReadable(file, `tokenFile of "${user.name}" in ${user.file}`);
  const token = readFileSync(file, 'utf8').trim();
  if (token === '') {
    throw usageError(`${file} (tokenFile of "${user.name}")`, 'the file is empty', 'Write the token into it.');
  }
  return token;
}

// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
function execPlugin(user: NamedEntry, cluster: NamedEntry, env: Environment): RawObject {
  const exec = asRecord(user.body.exec);
  const command = findCommand(user, asString(exec.command), asString(exec.installHint), env);
  const info = {
    apiVersion: asString(exec.apiVersion),
    kind: 'ExecCredential',
    spec: {
      interactive: false,
      ...(exec.provideClusterInfo === true
        ? {
            cluster: {
              server: cluster.body.server,
              'certificate-authority-data': cluster.body['certificate-authority-data'],
              'tls-server-name': cluster.body['tls-server-name'],
              'insecure-skip-tls-verify': cluster.body['insecure-skip-tls-verify'],
              'proxy-url': cluster.body['proxy-url'],
            },
          }
        : {}),
    },
  };
  const variables = asArray(exec.env).filter(isRecord);
  return {
    ...exec,
    command,
    args: asArray(exec.args),
    env: [...variables, { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }],
  };
}

function findCommand(user: NamedEntry, command: string, installHint: string, env: Environment): string {
  const where = `exec plugin of user "${user.name}" in ${user.file}`;
  if (command === '') {
    throw usageError(where, 'no command is given', 'Add `command` to the exec entry.');
  }
  const fix = installHint.trim() === '' ? 'Install it, or use another context.' : installHint.trim();
  if (command.includes('/') || command.includes('\\')) {
    const file = resolveFile(user, command);
    if (!fileExists(file)) {
      throw usageError(where, `the command ${file} does not exist`, fix);
    }
    return file;
  }
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const suffixes = process.platform === 'win32' ? ['', '.exe', '.cmd', '.bat'] : [''];
  if (!folders.some((folder) => suffixes.some((suffix) => fileExists(join(folder, command + suffix))))) {
    throw usageError(where, `the command "${command}" is not on PATH`, fix);
  }
  return command;
}
