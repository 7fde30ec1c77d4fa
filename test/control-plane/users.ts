import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Somebody whom the API server knows by a static bearer token. */
export interface User {
  readonly name: string;
  readonly token: string;
  readonly groups: readonly string[];
}

/** A user as a test asks for it; without a token it gets a random one. */
export interface UserRequest {
  readonly name: string;
  readonly token?: string;
  readonly groups?: readonly string[];
}

/** `admin` of group `system:masters`, whom RBAC lets do everything, and the users that were asked for. */
export function makeUsers(requests: readonly UserRequest[]): readonly User[] {
  const all: readonly UserRequest[] = [{ name: 'admin', groups: ['system:masters'] }, ...requests];
  return all.map(({ name, token = randomBytes(16).toString('hex'), groups = [] }) => ({ name, token, groups }));
}

/** Writes the API server's `tokens.csv`. */
export function writeTokens(dir: string, users: readonly User[]): void {
  const lines = users.map(({ token, name, groups }) => `${token},${name},${name},"${groups.join(',')}"\n`);
  writeFileSync(join(dir, 'tokens.csv'), lines.join(''), { mode: 0o600 });
}

/** Writes a kubeconfig with one cluster and one user. Returns its path. */
export function writeKubeconfig(
  path: string,
  server: string,
  caPath: string,
  user: Pick<User, 'name' | 'token'>,
): string {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': caPath } }],
    users: [{ name: user.name, user: { token: user.token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: user.name } }],
    'current-context': 'test',
  };
  writeFileSync(path, `${JSON.stringify(kubeconfig, null, 2)}\n`, { mode: 0o600 }); // JSON is YAML
  return path;
}
