import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { usageError } from '../lib/errors.ts';
import { proxyFromEnvironment } from '../lib/proxy.ts';
import { credentialsOf, fileOrData } from './kubeconfig-credentials.ts';
import { findFiles, type KubeconfigSource, type MergedFiles, type NamedEntry } from './kubeconfig-files.ts';
import { asString } from './read.ts';

/** One context of a kubeconfig, with everything that is needed to send requests. */
export interface Kubeconfig {
  readonly config: KubeConfig;
  readonly server: URL;
  /** For messages: `context "prod" of /home/me/.kube/config`, `the Pod's service account`. */
  readonly description: string;
  readonly context: string;
  /** Namespace of the context; empty when it names none. */
  readonly namespace: string;
  readonly inCluster: boolean;
  /** The cluster entry or the environment names a proxy. */
  readonly proxied: boolean;
  /** Headers that client-node does not know of: groups of an impersonation. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Files that decide over the connection: when one changes, load again. */
  readonly files: readonly string[];
}

/**
 * Reads the kubeconfig as kubectl does (several files in KUBECONFIG, the first entry of a name wins, paths relative to
 * their file), checks it, and hands one context to client-node's KubeConfig, which does the authentication.
 * @throws UsageError for everything that is wrong with it
 */
export function loadKubeconfig(source: KubeconfigSource = {}): Kubeconfig {
  const env = source.env ?? process.env;
  const merged = findFiles(source, env);
  const chosen = chooseContext(merged, source.context);
  const cluster = entryOf(merged.clusters, asString(chosen.body.cluster), 'cluster', chosen, merged);
  const userName = asString(chosen.body.user);
  const user = userName === '' ? undefined : entryOf(merged.users, userName, 'user', chosen, merged);

  const server = checkServer(cluster);
  const authority = fileOrData(cluster, 'certificate-authority');
  const credentials = credentialsOf(user, cluster, env);
  const proxyUrl = asString(cluster.body['proxy-url']) || proxyFromEnvironment(server, env);
  const clusterBody = {
    ...cluster.body,
    ...authority.body,
    ...(proxyUrl === '' ? {} : { 'proxy-url': proxyUrl }),
  };

  const config = new KubeConfig();
  config.loadFromString(
    JSON.stringify({
      clusters: [
        {
          name: cluster.name,
          // client-node refuses http without this; that it is wanted, or loopback, was checked above.
          cluster: { ...clusterBody, ...(server.protocol === 'http:' ? { 'insecure-skip-tls-verify': true } : {}) },
        },
      ],
      // client-node drops the cluster's CA when the context has no user.
      users: [{ name: userName || 'anonymous', user: credentials.body }],
      contexts: [{ name: chosen.name, context: { cluster: cluster.name, user: userName || 'anonymous' } }],
      'current-context': chosen.name,
    }),
  );
  const inCluster = merged.files.length === 0;
  return {
    config,
    server,
    description: `${inCluster ? "the Pod's service account" : `context "${chosen.name}" of ${merged.where}`}${throughProxy(proxyUrl)}`,
    context: chosen.name,
    namespace: asString(chosen.body.namespace),
    inCluster,
    proxied: proxyUrl !== '',
    headers: credentials.headers,
    files: [...merged.files, ...authority.files, ...credentials.files],
  };
}

function chooseContext(merged: MergedFiles, wanted: string | undefined): NamedEntry {
  const known = merged.contexts.map((context) => context.name);
  const list = known.length === 0 ? 'The file has no contexts.' : `Known contexts: ${known.join(', ')}.`;
  const name = wanted === undefined || wanted === '' ? merged.currentContext : wanted;
  if (name === '') {
    throw usageError(
      merged.where,
      'no current-context is set',
      `Choose one with --context or \`kubectl config use-context\`. ${list}`,
    );
  }
  const context = merged.contexts.find((entry) => entry.name === name);
  if (context === undefined) {
    throw usageError(merged.where, `there is no context "${name}"`, list);
  }
  return context;
}

function entryOf(
  entries: readonly NamedEntry[],
  name: string,
  what: 'cluster' | 'user',
  context: NamedEntry,
  merged: MergedFiles,
): NamedEntry {
  if (name === '') {
    throw usageError(merged.where, `context "${context.name}" names no ${what}`, `Add the ${what} to the context.`);
  }
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry !== undefined) {
    return entry;
  }
  const known = entries.map((candidate) => candidate.name).join(', ') || 'none';
  throw usageError(
    merged.where,
    `context "${context.name}" names the ${what} "${name}", which the file does not have`,
    `Correct the context or add the ${what}; known: ${known}.`,
  );
}

function checkServer(cluster: NamedEntry): URL {
  const text = asString(cluster.body.server);
  const where = `cluster "${cluster.name}" in ${cluster.file}`;
  const server = URL.parse(text);
  if (server === null || !['http:', 'https:'].includes(server.protocol)) {
    throw usageError(
      where,
      text === '' ? 'it has no server' : `its server "${text}" is not an http(s) URL`,
      'Correct `server`.',
    );
  }
  const plain = server.protocol === 'http:' && cluster.body['insecure-skip-tls-verify'] !== true;
  if (plain && !['localhost', '127.0.0.1', '[::1]'].includes(server.hostname)) {
    throw usageError(
      where,
      `its server ${server.origin} is plain http, which would send credentials unencrypted`,
      'Use https, or set `insecure-skip-tls-verify: true` on the cluster if that is wanted.',
    );
  }
  return server;
}

/** For messages; a proxy's URL may hold a password. */
function throughProxy(proxyUrl: string): string {
  const host = URL.parse(proxyUrl)?.host ?? '';
  return host === '' ? '' : `, through the proxy ${host}`;
}
