import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createConnection as createTcpConnection, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import type { KubeError } from '../../src/kube/errors.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { type Certificate, makeAuthority } from './certificates.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { type RecordedLog, recordLog } from './recorded-log.ts';
import {
  answerJson,
  failure,
  kubeconfigDocument,
  type ScriptedServer,
  startScriptedServer,
} from './scripted-server.ts';

const VERSION = { gitVersion: 'v1.33.0' };

let dir: string;
let file: string;
let server: ScriptedServer;
let clock: FakeClock;
let log: RecordedLog;
const clients: KubeClient[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ccb-connection-'));
  file = join(dir, 'config');
  server = await startScriptedServer((_, response) => answerJson(response, 200, VERSION));
  clock = fakeClock();
  log = recordLog();
});

afterEach(async () => {
  for (const client of clients.splice(0)) {
    client.close();
  }
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

let edits = 0;

/** Writes a file with a new modification time, as one that is edited minutes later has. */
function edit(path: string, content: string): void {
  writeFileSync(path, content);
  edits += 1;
  utimesSync(path, edits, edits);
}

function writeKubeconfig(user: RawObject, url = server.url): void {
  edit(file, JSON.stringify(kubeconfigDocument(url, user)));
}

function connect(timeoutMs = 2_000): KubeClient {
  const client = createKubeClient({
    connection: openConnection({ path: file, clock, logger: log }),
    userAgent: 't',
    timeoutMs,
  });
  clients.push(client);
  return client;
}

function tokens(): readonly (string | undefined)[] {
  return server.requests.map((request) => request.headers.authorization);
}

/** Accepts one token; others get a 401. */
function accept(token: () => string): void {
  server.play((request, response) => {
    if (request.headers.authorization === `Bearer ${token()}`) {
      answerJson(response, 200, VERSION);
    } else {
      answerJson(response, 401, failure(401, 'Unauthorized', 'Unauthorized'));
    }
  });
}

describe('a token that rotates', () => {
  test('is read again after some seconds', async () => {
    edit(join(dir, 'token'), 'one\n');
    writeKubeconfig({ tokenFile: 'token' });
    const client = connect();
    await client.version();
    edit(join(dir, 'token'), 'two\n');
    await client.version();
    clock.advance(5_000);
    await client.version();
    expect(tokens()).toEqual(['Bearer one', 'Bearer one', 'Bearer two']);
  });

  test('is read again at once after a 401, and the request repeated', async () => {
    accept(() => 'two');
    edit(join(dir, 'token'), 'one');
    writeKubeconfig({ tokenFile: 'token' });
    const client = connect();
    edit(join(dir, 'token'), 'two');
    await expect(client.version()).resolves.toBe('v1.33.0');
    expect(tokens()).toEqual(['Bearer one', 'Bearer two']);
  });

  test('that was refused for good is said so, with whose it is, after two tries', async () => {
    accept(() => 'another');
    writeKubeconfig({ token: 'one' });
    const client = connect();
    const error = (await client.version().catch((caught: unknown) => caught)) as KubeError;
    expect(error.category).toBe('unauthorized');
    expect(error.message).toBe(
      `GET version: 401 Unauthorized: Unauthorized. The API server ${server.host} does not accept the credentials of context "test" of ${file}: log in again or renew the token`,
    );
    expect(tokens()).toHaveLength(2);
    // Not a second time within some seconds: nothing can have changed.
    await client.version().catch(() => undefined);
    expect(tokens()).toHaveLength(3);
  });

  test('leads to one reload for any number of requests that meet the 401 together', async () => {
    let token = 'one';
    accept(() => token);
    edit(join(dir, 'token'), 'one');
    writeKubeconfig({ tokenFile: 'token' });
    const client = connect();
    await client.version();
    token = 'two';
    edit(join(dir, 'token'), 'two');
    await Promise.all(Array.from({ length: 5 }, () => client.version()));
    expect(tokens().filter((sent) => sent === 'Bearer one')).toHaveLength(6);
    expect(tokens().filter((sent) => sent === 'Bearer two')).toHaveLength(5);
  });
});

describe('an exec plugin', () => {
  function writePlugin(script: string): void {
    const path = join(dir, 'plugin');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    writeKubeconfig({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin' } });
  }

  test('gives the token, once for many requests', async () => {
    writePlugin(
      `echo run >> ${dir}/runs\necho '{"kind":"ExecCredential","status":{"token":"from-plugin","expirationTimestamp":"2999-01-01T00:00:00Z"}}'`,
    );
    const client = connect();
    await client.version();
    await client.version();
    expect(tokens()).toEqual(['Bearer from-plugin', 'Bearer from-plugin']);
  });

  test('is asked again after a 401', async () => {
    writePlugin(`echo x >> ${dir}/runs\nprintf '{"status":{"token":"t%s"}}' "$(wc -l < ${dir}/runs | tr -d ' ')"`);
    accept(() => 't2');
    await expect(connect().version()).resolves.toBe('v1.33.0');
    expect(tokens()).toEqual(['Bearer t1', 'Bearer t2']);
  });

  test('that fails is told in its own words, and tried again at the next request', async () => {
    writePlugin('echo "session expired, run cloud login" >&2\nexit 1');
    const client = connect();
    const error = (await client.version().catch((caught: unknown) => caught)) as KubeError;
    expect(error.category).toBe('unauthorized');
    expect(error.message).toBe(
      `GET version: no credentials from context "test" of ${file}: session expired, run cloud login`,
    );
    writeFileSync(join(dir, 'plugin'), `#!/bin/sh\necho '{"status":{"token":"ok"}}'`);
    await expect(client.version()).resolves.toBe('v1.33.0');
  });

  test.each([
    ['exit 3', 'the exec plugin failed and did not say why'],
    ['echo topsecret', 'the exec plugin answered something that is no JSON'],
    ["echo '{}'", 'the exec plugin answered without credentials (no `status`)'],
  ])('that answers with %s is told in words, and nothing of its answer', async (script, said) => {
    writePlugin(script);
    const error = (await connect()
      .version()
      .catch((caught: unknown) => caught)) as KubeError;
    expect(error.category).toBe('unauthorized');
    expect(error.message).toBe(`GET version: no credentials from context "test" of ${file}: ${said}`);
  });

  test('that hangs ends at the timeout', async () => {
    writePlugin('sleep 5');
    const error = (await connect(200)
      .version()
      .catch((caught: unknown) => caught)) as KubeError;
    expect(error.category).toBe('timeout');
  });
});

test('a client certificate that is no PEM is told as the fault of the kubeconfig, not of the server', async () => {
  const garbage = Buffer.from('nonsense').toString('base64');
  writeKubeconfig(
    { 'client-certificate-data': garbage, 'client-key-data': garbage },
    server.url.replace('http:', 'https:'),
  );
  const error = (await connect()
    .version()
    .catch((caught: unknown) => caught)) as KubeError;
  expect(error.category).toBe('unauthorized');
  expect(error.message).toMatch(/no credentials from context "test" of .*client-certificate.* is no PEM/);
});

describe('a kubeconfig that is edited', () => {
  test('never moves the program to another cluster', async () => {
    const other = await startScriptedServer((_, response) => answerJson(response, 200, { gitVersion: 'other' }));
    writeKubeconfig({ token: 'one' });
    const client = connect();
    writeKubeconfig({ token: 'one' }, other.url);
    clock.advance(60_000);
    await expect(client.version()).resolves.toBe('v1.33.0');
    expect(other.requests).toHaveLength(0);
    expect(log.messages('warn')).toEqual([
      'kubeconfig now names another server; going on with the old one until a restart',
    ]);
    await other.close();
  });

  test('keeps the context of the start when its current one changes', async () => {
    const document = (current: string): string =>
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: server.url } }],
        users: [
          { name: 'a', user: { token: 'a' } },
          { name: 'b', user: { token: 'b' } },
        ],
        contexts: [
          { name: 'a', context: { cluster: 'c', user: 'a' } },
          { name: 'b', context: { cluster: 'c', user: 'b' } },
        ],
        'current-context': current,
      });
    edit(file, document('a'));
    const client = connect();
    await client.version();
    edit(file, document('b'));
    clock.advance(60_000);
    await client.version();
    expect(tokens()).toEqual(['Bearer a', 'Bearer a']);
  });

  test('goes on with the old credentials while it cannot be loaded', async () => {
    writeKubeconfig({ token: 'one' });
    const client = connect();
    edit(file, '{half');
    clock.advance(60_000);
    await client.version();
    writeKubeconfig({ token: 'two' });
    clock.advance(60_000);
    await client.version();
    expect(tokens()).toEqual(['Bearer one', 'Bearer two']);
    expect(log.messages('warn')).toEqual(['kubeconfig changed but cannot be loaded; going on with the old one']);
  });

  test('names and passwords are sent as basic authentication', async () => {
    writeKubeconfig({ username: 'jane', password: 'pass' });
    await connect().version();
    expect(tokens()).toEqual([`Basic ${Buffer.from('jane:pass').toString('base64')}`]);
  });
});

describe('TLS', () => {
  let tls: Server;
  let url: string;

  async function serve(certificate: Certificate): Promise<void> {
    tls = createServer(certificate, (_, response) => answerJson(response, 200, VERSION));
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`;
  }

  afterEach(() => {
    tls.closeAllConnections();
    tls.close();
  });

  function writeTlsConfig(cluster: RawObject): void {
    const document = kubeconfigDocument(url, {});
    edit(file, JSON.stringify({ ...document, clusters: [{ name: 'test', cluster: { server: url, ...cluster } }] }));
  }

  async function failureOf(client: KubeClient): Promise<string> {
    const error = (await client.version().catch((caught: unknown) => caught)) as KubeError;
    expect(error.category).toBe('unreachable');
    return error.message.replace(/^.*\): /, '').replace(/ \([A-Z_]+\)$/, '');
  }

  test('a certificate of the kubeconfig’s CA is accepted', async () => {
    const authority = makeAuthority();
    await serve(authority.issue());
    writeTlsConfig({ 'certificate-authority-data': Buffer.from(authority.cert).toString('base64') });
    await expect(connect().version()).resolves.toBe('v1.33.0');
  });

  test('a certificate of another CA is refused, with the mend', async () => {
    await serve(makeAuthority().issue());
    writeTlsConfig({ 'certificate-authority-data': Buffer.from(makeAuthority().cert).toString('base64') });
    expect(await failureOf(connect())).toBe("the server's certificate is not signed by the kubeconfig's CA");
  });

  test('a certificate for another name is refused, unless tls-server-name names it', async () => {
    const authority = makeAuthority();
    await serve(authority.issue({ dns: 'api.example' }));
    const ca = { 'certificate-authority-data': Buffer.from(authority.cert).toString('base64') };
    writeTlsConfig(ca);
    expect(await failureOf(connect())).toBe(
      "the server's certificate is for another name; set tls-server-name of the cluster",
    );
    writeTlsConfig({ ...ca, 'tls-server-name': 'api.example' });
    await expect(connect().version()).resolves.toBe('v1.33.0');
  });

  test('an expired certificate is refused', async () => {
    const authority = makeAuthority();
    await serve(authority.issue({ expired: true }));
    writeTlsConfig({ 'certificate-authority-data': Buffer.from(authority.cert).toString('base64') });
    expect(await failureOf(connect())).toBe("the server's certificate has expired");
  });

  test('a port that speaks no TLS is said so', async () => {
    await serve(makeAuthority().issue());
    url = server.url.replace('http:', 'https:');
    writeTlsConfig({});
    expect(await failureOf(connect())).toContain('the TLS handshake failed; does the port speak TLS?');
  });

  test('a CA file that rotates is taken up with new connections', async () => {
    const [old, next] = [makeAuthority(), makeAuthority()];
    await serve(old.issue());
    const caFile = join(dir, 'ca.crt');
    edit(caFile, old.cert);
    writeTlsConfig({ 'certificate-authority': 'ca.crt' });
    const client = connect();
    await client.version();
    tls.setSecureContext(next.issue());
    tls.closeAllConnections();
    edit(caFile, next.cert);
    clock.advance(5_000);
    await expect(client.version()).resolves.toBe('v1.33.0');
  });
});

describe('a proxy of the kubeconfig', () => {
  test('is used, and its connection kept', async () => {
    const tunnels: string[] = [];
    const authority = makeAuthority();
    const api = createServer(authority.issue(), (_, response) => answerJson(response, 200, VERSION));
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const { port } = api.address() as AddressInfo;
    const proxy = createTcpServer((client) => {
      client.once('data', (head) => {
        tunnels.push(String(head).split('\r\n')[0] ?? '');
        const upstream = createTcpConnection(port);
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(upstream).pipe(client);
        client.on('error', () => upstream.destroy());
        upstream.on('error', () => client.destroy());
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const document = kubeconfigDocument(`https://127.0.0.1:${port}`, { token: 'one' });
    const cluster = {
      server: `https://127.0.0.1:${port}`,
      'proxy-url': `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      'certificate-authority-data': Buffer.from(authority.cert).toString('base64'),
    };
    edit(file, JSON.stringify({ ...document, clusters: [{ name: 'test', cluster }] }));
    const client = connect();
    await expect(client.version()).resolves.toBe('v1.33.0');
    await expect(client.version()).resolves.toBe('v1.33.0');
    expect(tunnels).toEqual([`CONNECT 127.0.0.1:${port} HTTP/1.1`]);
    client.close();
    api.closeAllConnections();
    api.close();
    proxy.close();
  });
});
