import { writeFileSync } from 'node:fs';

export interface KubeconfigOptions {
  /** Bearer token of the user; none: anonymous. */
  readonly token?: string;
  readonly user?: string;
  /** Namespace of the context. */
  readonly namespace?: string;
}

/**
 * A kubeconfig for a server. `insecure-skip-tls-verify` is there for plain http too: the JavaScript client refuses
 * an http URL without it.
 */
export function kubeconfigText(server: string, options: KubeconfigOptions = {}): string {
  const user = options.user ?? 'admin';
  const namespace = options.namespace === undefined ? '' : `, namespace: ${JSON.stringify(options.namespace)}`;
  const credentials = options.token === undefined ? '{}' : `{token: ${JSON.stringify(options.token)}}`;
  return [
    'apiVersion: v1',
    'kind: Config',
    `clusters: [{name: fake, cluster: {server: ${JSON.stringify(server)}, insecure-skip-tls-verify: true}}]`,
    `users: [{name: ${JSON.stringify(user)}, user: ${credentials}}]`,
    `contexts: [{name: fake, context: {cluster: fake, user: ${JSON.stringify(user)}${namespace}}}]`,
    'current-context: fake',
    '',
  ].join('\n');
}

/** Writes the kubeconfig, readable by its owner only, and returns the path. */
export function writeKubeconfig(path: string, server: string, options: KubeconfigOptions = {}): string {
  writeFileSync(path, kubeconfigText(server, options), { mode: 0o600 });
  return path;
}
