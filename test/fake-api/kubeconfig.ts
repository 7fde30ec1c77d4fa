import { writeFileSync } from 'node:fs';

export interface KubeconfigOptions {
  /** CA certificate of a server with TLS, PEM. */
  readonly ca?: string | undefined;
  /** Bearer token of the user; none: anonymous. */
  readonly token?: string;
  readonly user?: string;
  /** Namespace of the context. */
  readonly namespace?: string;
}

/**
 * A kubeconfig for a server. Plain http gets `insecure-skip-tls-verify`: the JavaScript client refuses it otherwise.
 */
export function kubeconfigText(server: string, options: KubeconfigOptions = {}): string {
  const user = options.user ?? 'admin';
  const namespace = options.namespace === undefined ? '' : `, namespace: ${JSON.stringify(options.namespace)}`;
  const trust =
    options.ca === undefined
      ? 'insecure-skip-tls-verify: true'
      : `certificate-authority-data: ${Buffer.from(options.ca).toString('base64')}`;
  // Over TLS and without credentials kubectl would ask a person for a name and a password.
  const token = options.token ?? (server.startsWith('https:') ? 'any' : undefined);
  const credentials = token === undefined ? '{}' : `{token: ${JSON.stringify(token)}}`;
  return [
    'apiVersion: v1',
    'kind: Config',
    `clusters: [{name: fake, cluster: {server: ${JSON.stringify(server)}, ${trust}}}]`,
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
