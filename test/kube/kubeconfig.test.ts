import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Kubeconfig, loadKubeconfig } from '../../src/kube/kubeconfig.ts';
import type { KubeconfigSource } from '../../src/kube/kubeconfig-files.ts';
import { asRecord } from '../../src/kube/read.ts';
import { UsageError } from '../../src/lib/errors.ts';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ccb-kubeconfig-'));
  file = join(dir, 'config');
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Parts {
  readonly cluster?: Record<string, unknown>;
  readonly user?: Record<string, unknown>;
  readonly context?: Record<string, unknown>;
  readonly current?: string;
}

function write({ cluster = {}, user = {}, context = {}, current = 'prod' }: Parts = {}, path = file): string {
  const document = {
    clusters: [{ name: 'c1', cluster: { server: 'https://10.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u1', user }],
    contexts: [
      { name: 'prod', context: { cluster: 'c1', user: 'u1', ...context } },
      { name: 'test', context: { cluster: 'c1', user: 'u1', namespace: 'team' } },
    ],
    'current-context': current,
  };
  writeFileSync(path, JSON.stringify(document));
  return path;
}

function load(source: KubeconfigSource = { path: file }): Kubeconfig {
  return loadKubeconfig({ env: { PATH: '/usr/bin:/bin' }, serviceAccountDir: join(dir, 'none'), ...source });
}

function problem(source?: KubeconfigSource): string {
  try {
    load(source);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message.replaceAll(dir, '<dir>');
  }
  throw new Error('it was loaded');
}

describe('where the connection comes from', () => {
  test('--kubeconfig, with its current context', () => {
    write({ context: { namespace: 'apps' } });
    expect(load()).toMatchObject({
      context: 'prod',
      namespace: 'apps',
      description: `context "prod" of ${file}`,
      inCluster: false,
      files: [file],
    });
    expect(load().server.href).toBe('https://10.0.0.1:6443/');
  });

  test('--context', () => {
    write();
    expect(load({ path: file, context: 'test' })).toMatchObject({ context: 'test', namespace: 'team' });
  });

  test('KUBECONFIG with several files: the first entry of a name wins, missing files are passed over', () => {
    const first = write({ current: '' }, join(dir, 'a'));
    const second = write({ cluster: { server: 'https://10.9.9.9' }, current: 'test' }, join(dir, 'b'));
    const loaded = load({ env: { KUBECONFIG: ['/does/not/exist', first, second].join(delimiter) } });
    expect(loaded.server.host).toBe('10.0.0.1:6443');
    expect(loaded.context).toBe('test');
    expect(loaded.files).toEqual([first, second]);
  });

  test('~/.kube/config', () => {
    mkdirSync(join(dir, '.kube'));
    write({}, join(dir, '.kube', 'config'));
    expect(load({ env: { HOME: dir } }).context).toBe('prod');
  });

  test('the service account of the Pod, IPv6 included', () => {
    const serviceAccountDir = join(dir, 'sa');
    mkdirSync(serviceAccountDir);
    writeFileSync(join(serviceAccountDir, 'token'), 'pod-token\n');
    writeFileSync(join(serviceAccountDir, 'ca.crt'), 'ca');
    writeFileSync(join(serviceAccountDir, 'namespace'), 'kube-system\n');
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const loaded = load({ env, serviceAccountDir });
    expect(loaded).toMatchObject({
      inCluster: true,
      namespace: 'kube-system',
      description: "the Pod's service account",
      files: [join(serviceAccountDir, 'ca.crt'), join(serviceAccountDir, 'token')],
    });
    expect(loaded.server.href).toBe('https://[fd00::1]/');
    expect(loaded.config.getCurrentUser()?.token).toBe('pod-token');
  });
});

describe('what is wrong is said with where and the fix', () => {
  test('nothing anywhere', () => {
    expect(problem({ env: { HOME: dir } })).toBe(
      'Kubernetes: no kubeconfig was found: KUBECONFIG is not set, <dir>/.kube/config does not exist, and this is no Pod with a service account. Name a file with --kubeconfig.',
    );
  });

  test('a file that does not exist', () => {
    expect(problem()).toBe(
      '<dir>/config: no such file. Correct the path, or name another kubeconfig with --kubeconfig.',
    );
    expect(problem({ env: { KUBECONFIG: file } })).toBe(
      'KUBECONFIG=<dir>/config: no such file. Correct the variable, or name a file with --kubeconfig.',
    );
  });

  test('a folder', () => {
    expect(problem({ path: dir })).toBe('<dir>: not a file. Correct the path.');
  });

  test('a file that may not be read', () => {
    write();
    chmodSync(dir, 0o755);
    chmodSync(file, 0o000);
    expect(asOrdinaryUser(() => problem())).toBe('<dir>/config: the file cannot be read. Check its permissions.');
  });

  test('YAML that cannot be parsed: the line, and nothing of what it says', () => {
    writeFileSync(file, 'users:\n- name: a\n  user: {token: s3cr3t\n');
    const said = problem();
    expect(said).toMatch(/^<dir>\/config: not a kubeconfig: .* at line \d+\. Correct the file/);
    expect(said).not.toContain('s3cr3t');
  });

  test.each(['', 'hello', '- a', 'kind: Pod'])('something else: %j', (text) => {
    writeFileSync(file, text);
    expect(problem()).toMatch(/^<dir>\/config: not a kubeconfig: /);
  });

  test('no current context', () => {
    write({ current: '' });
    expect(problem()).toBe(
      '<dir>/config: no current-context is set. Choose one with --context or `kubectl config use-context`. Known contexts: prod, test.',
    );
  });

  test('an unknown context', () => {
    write();
    expect(problem({ path: file, context: 'prd' })).toBe(
      '<dir>/config: there is no context "prd". Known contexts: prod, test.',
    );
  });

  test('a context that names no cluster, even beside a cluster without a name', () => {
    writeFileSync(
      file,
      JSON.stringify({
        'current-context': 'prod',
        clusters: [{ cluster: { server: 'https://10.0.0.1' } }],
        contexts: [{ name: 'prod', context: {} }],
      }),
    );
    expect(problem()).toBe('<dir>/config: context "prod" names no cluster. Add the cluster to the context.');
  });

  test('a context whose cluster or user is missing', () => {
    write({ context: { cluster: 'c9' } });
    expect(problem()).toBe(
      '<dir>/config: context "prod" names the cluster "c9", which the file does not have. Correct the context or add the cluster; known: c1.',
    );
    write({ context: { user: 'u9' } });
    expect(problem()).toBe(
      '<dir>/config: context "prod" names the user "u9", which the file does not have. Correct the context or add the user; known: u1.',
    );
  });

  test.each([
    ['', 'it has no server'],
    ['10.0.0.1:6443', 'its server "10.0.0.1:6443" is not an http(s) URL'],
    ['ftp://x', 'its server "ftp://x" is not an http(s) URL'],
  ])('the server %j', (server, said) => {
    write({ cluster: { server } });
    expect(problem()).toBe(`cluster "c1" in <dir>/config: ${said}. Correct \`server\`.`);
  });

  test('plain http, unless it is allowed or loopback', () => {
    write({ cluster: { server: 'http://api.example:8080' } });
    expect(problem()).toBe(
      'cluster "c1" in <dir>/config: its server http://api.example:8080 is plain http, which would send credentials unencrypted. Use https, or set `insecure-skip-tls-verify: true` on the cluster if that is wanted.',
    );
    write({ cluster: { server: 'http://api.example:8080', 'insecure-skip-tls-verify': true } });
    expect(load().server.protocol).toBe('http:');
    write({ cluster: { server: 'http://127.0.0.1:8001' } });
    expect(load().server.protocol).toBe('http:');
  });

  test.each([
    ['certificate-authority', { cluster: { 'certificate-authority': 'ca.pem' } }, 'c1'],
    ['client-certificate', { user: { 'client-certificate': 'me.pem' } }, 'u1'],
    ['client-key', { user: { 'client-key': 'me.key' } }, 'u1'],
    ['tokenFile', { user: { tokenFile: 'token' } }, 'u1'],
  ])('a %s that is missing', (field, parts: Parts, owner) => {
    write(parts);
    expect(problem()).toMatch(new RegExp(`^<dir>/\\S+ \\(${field} of "${owner}" in <dir>/config\\): no such file\\. `));
  });

  test('an exec plugin that is missing, with its own hint', () => {
    write({
      user: { exec: { command: 'cloud-auth-that-is-not-there', installHint: 'See https://cloud.example/cli' } },
    });
    expect(problem()).toBe(
      'exec plugin of user "u1" in <dir>/config: the command "cloud-auth-that-is-not-there" is not on PATH. See https://cloud.example/cli',
    );
    write({ user: { exec: { command: './bin/auth' } } });
    expect(problem()).toBe(
      'exec plugin of user "u1" in <dir>/config: the command <dir>/bin/auth does not exist. Install it, or use another context.',
    );
  });
});

describe('points in which client-node differs from kubectl', () => {
  test('paths are relative to the file that names them', () => {
    writeFileSync(join(dir, 'ca.pem'), 'ca');
    writeFileSync(join(dir, 'token'), 'from-file\n');
    write({ cluster: { 'certificate-authority': 'ca.pem' }, user: { tokenFile: 'token', token: 'inline' } });
    const loaded = load();
    expect(loaded.config.getCurrentCluster()?.caFile).toBe(join(dir, 'ca.pem'));
    expect(loaded.config.getCurrentUser()?.token).toBe('from-file');
    expect(loaded.files).toEqual([file, join(dir, 'ca.pem'), join(dir, 'token')]);
  });

  test('data goes before files', () => {
    write({
      cluster: { 'certificate-authority': 'missing.pem', 'certificate-authority-data': 'Y2E=' },
      user: { 'client-key': 'missing.key', 'client-key-data': 'a2V5' },
    });
    const loaded = load();
    expect(loaded.config.getCurrentCluster()).toMatchObject({ caData: 'Y2E=', caFile: undefined });
    expect(loaded.config.getCurrentUser()).toMatchObject({ keyData: 'a2V5', keyFile: undefined });
  });

  test('a context without user keeps the CA of its cluster', async () => {
    write({ cluster: { 'certificate-authority-data': 'Y2E=' }, context: { user: '' } });
    const applied: { ca?: unknown } = {};
    await load().config.applyToHTTPSOptions(applied);
    expect(String(applied.ca)).toBe('ca');
  });

  test('the proxy of the environment is used where the cluster names none', () => {
    write();
    const env = { HTTPS_PROXY: 'http://me:s3cr3t@proxy.example:3128' };
    const loaded = load({ path: file, env });
    expect(loaded.config.getCurrentCluster()?.proxyUrl).toBe('http://me:s3cr3t@proxy.example:3128');
    expect(loaded.description).toBe(`context "prod" of ${file}, through the proxy proxy.example:3128`);
    expect(load({ path: file, env: { ...env, NO_PROXY: '10.0.0.0/8' } }).proxied).toBe(false);
    write({ cluster: { 'proxy-url': 'socks5://10.1.1.1:1080' } });
    expect(load({ path: file, env }).config.getCurrentCluster()?.proxyUrl).toBe('socks5://10.1.1.1:1080');
  });

  test('groups of an impersonation become headers', () => {
    write({ user: { as: 'jane', 'as-groups': ['dev', 'ops'] } });
    expect(load().headers).toEqual({ 'Impersonate-Group': ['dev', 'ops'] });
  });

  test('an exec plugin is told its API version and, if it asks, the cluster', () => {
    write({
      user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'true', provideClusterInfo: true } },
    });
    const exec = asRecord(load().config.getCurrentUser()?.exec);
    const [variable] = exec.env as [{ name: string; value: string }];
    expect(variable.name).toBe('KUBERNETES_EXEC_INFO');
    expect(JSON.parse(variable.value)).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: 'https://10.0.0.1:6443' } },
    });
  });
});

const NOBODY = 65_534;

/** root may read everything: as root, `look` runs with the rights of nobody. */
function asOrdinaryUser<T>(look: () => T): T {
  if (process.geteuid?.() !== 0) return look();
  process.seteuid?.(NOBODY);
  try {
    return look();
  } finally {
    process.seteuid?.(0);
  }
}
