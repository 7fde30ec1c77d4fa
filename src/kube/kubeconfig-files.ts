import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import type { Environment } from '../lib/environment.ts';
import { type UsageError, usageError } from '../lib/errors.ts';
import { asArray, asRecord, asString, isRecord } from './read.ts';
import type { RawObject } from './types.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Where the connection comes from. Nothing given: KUBECONFIG, ~/.kube/config, the Pod's service account. */
export interface KubeconfigSource {
  /** Path of a kubeconfig file, as in `--kubeconfig`. */
  readonly path?: string | undefined;
  /** Context to use instead of the file's current one, as in `--context`. */
  readonly context?: string | undefined;
  readonly env?: Environment;
  /** Folder of the Pod's token and CA; for tests. */
  readonly serviceAccountDir?: string;
}

/** A named entry of a kubeconfig list, and the file that it came from. */
export interface NamedEntry {
  readonly name: string;
  readonly body: RawObject;
  readonly file: string;
}

/** The lists of all files, in order: of several entries with one name, the first counts. */
export interface MergedFiles {
  /** For messages. */
  readonly where: string;
  /** Empty for a Pod's service account. */
  readonly files: readonly string[];
  readonly currentContext: string;
  readonly clusters: readonly NamedEntry[];
  readonly contexts: readonly NamedEntry[];
  readonly users: readonly NamedEntry[];
}

/**
 * Finds and parses the files that kubectl would use, or the Pod's service account as if it were one.
 * @throws UsageError when there is none, or one cannot be read or parsed
 */
export function findFiles(source: KubeconfigSource, env: Environment): MergedFiles {
  if (source.path !== undefined && source.path !== '') {
    return mergeFiles([source.path]);
  }
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (listed.length > 0) {
    const present = listed.filter(fileExists);
    if (present.length === 0) {
      throw usageError(
        `KUBECONFIG=${listed.join(delimiter)}`,
        'no such file',
        'Correct the variable, or name a file with --kubeconfig.',
      );
    }
    return mergeFiles(present);
  }
  const home = env.HOME ?? env.USERPROFILE ?? '';
  const usual = join(home, '.kube', 'config');
  if (home !== '' && fileExists(usual)) {
    return mergeFiles([usual]);
  }
  const inCluster = serviceAccount(source.serviceAccountDir ?? SERVICE_ACCOUNT, env);
  if (inCluster !== undefined) {
    return inCluster;
  }
  throw usageError(
    'Kubernetes',
    `no kubeconfig was found: KUBECONFIG is not set, ${home === '' ? 'HOME is not set' : `${usual} does not exist`}, and this is no Pod with a service account`,
    'Name a file with --kubeconfig.',
  );
}

function serviceAccount(dir: string, env: Environment): MergedFiles | undefined {
  const host = env.KUBERNETES_SERVICE_HOST ?? '';
  const tokenFile = join(dir, 'token');
  if (host === '' || !fileExists(tokenFile)) {
    return undefined;
  }
  const address = host.includes(':') ? `[${host}]` : host;
  const namespaceFile = join(dir, 'namespace');
  const namespace = fileExists(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : '';
  const name = 'in-cluster';
  return {
    where: dir,
    files: [],
    currentContext: name,
    clusters: [
      {
        name,
        file: dir,
        body: {
          server: `https://${address}:${env.KUBERNETES_SERVICE_PORT ?? '443'}`,
          'certificate-authority': join(dir, 'ca.crt'),
        },
      },
    ],
    users: [{ name, file: dir, body: { tokenFile } }],
    contexts: [{ name, file: dir, body: { cluster: name, user: name, namespace } }],
  };
}

function mergeFiles(files: readonly string[]): MergedFiles {
  const documents = files.map((file) => ({ file, document: parseFile(file) }));
  const entries = (list: string, body: string): readonly NamedEntry[] =>
    documents.flatMap(({ file, document }) =>
      asArray(document[list])
        .filter(isRecord)
        .map((entry) => ({ name: asString(entry.name), body: asRecord(entry[body]), file })),
    );
  return {
    where: files.join(delimiter),
    files,
    currentContext:
      documents.map(({ document }) => asString(document['current-context'])).find((name) => name !== '') ?? '',
    clusters: entries('clusters', 'cluster'),
    contexts: entries('contexts', 'context'),
    users: entries('users', 'user'),
  };
}

function parseFile(file: string): RawObject {
  checkReadable(file, '');
  let document: unknown;
  try {
    document = load(readFileSync(file, 'utf8'));
  } catch (error) {
    if (isRefused(error)) throw unreadableFile(file, '', false);
    // The exception's own message quotes the file, which holds credentials.
    const what = error instanceof YAMLException ? yamlReason(error) : 'it cannot be read';
    throw usageError(file, `not a kubeconfig: ${what}`, 'Correct the file, or name another with --kubeconfig.');
  }
  if (!isRecord(document) || !('clusters' in document || 'contexts' in document)) {
    throw usageError(
      file,
      'not a kubeconfig: it has neither "clusters" nor "contexts"',
      'Name a kubeconfig file with --kubeconfig.',
    );
  }
  return document;
}

function yamlReason(error: YAMLException): string {
  return error.mark === undefined ? error.reason : `${error.reason} at line ${error.mark.line + 1}`;
}

/**
 * @param usedBy who names the file, for the message; empty when the user named it
 * @throws UsageError when the file cannot be read
 */
export function checkReadable(file: string, usedBy: string): void {
  try {
    accessSync(file, constants.R_OK);
    if (statSync(file).isFile()) {
      return;
    }
  } catch (error) {
    const missing = asString(asRecord(error).code) === 'ENOENT';
    throw unreadableFile(file, usedBy, missing);
  }
  throw usageError(usedBy === '' ? file : `${file} (${usedBy})`, 'not a file', 'Correct the path.');
}

/** Whether anything exists at that path. */
export function fileExists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

function unreadableFile(file: string, usedBy: string, missing: boolean): UsageError {
  return usageError(
    usedBy === '' ? file : `${file} (${usedBy})`,
    missing ? 'no such file' : 'the file cannot be read',
    missing ? 'Correct the path, or name another kubeconfig with --kubeconfig.' : 'Check its permissions.',
  );
}

/** access(2) asks for the real user; only reading tells what the effective one may. */
function isRefused(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(asString(asRecord(error).code));
}
