import { execFile } from 'node:child_process';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { attemptOnce, outcomeOf } from '../../src/probe/attempt.ts';
import type { Attempt, ProbeTarget } from '../../src/probe/probe.types.ts';
import { makeAuthority } from '../kube/certificates.ts';

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(
    servers.splice(0).map(
      async (server) =>
        await new Promise((resolve) => {
          server.close(resolve);
        }),
    ),
  );
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return isAddress(address) ? address.port : 0;
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

async function attempt(port: number, parts: Partial<ProbeTarget> = {}, timeoutMs = 5_000): Promise<Attempt> {
  const target: ProbeTarget = {
    place: 'gateway',
    subject: 'Gateway default/web',
    listenerPort: 80,
    node: 'n1',
    address: '127.0.0.1',
    port,
    speaks: 'http',
    hostname: '',
    ...parts,
  };
  const options = { timeoutMs, clock: systemClock, userAgent: 'test' };
  const one = await attemptOnce(target, options, new AbortController().signal);
  if (one.outcome === 'not-tried') throw new Error(`this machine cannot connect: ${one.code}`);
  return one;
}

describe('outcomeOf', () => {
  it.each([
    ['EADDRNOTAVAIL', 'not-tried'],
    ['EADDRINUSE', 'not-tried'],
    ['EMFILE', 'not-tried'],
    ['ENFILE', 'not-tried'],
    ['ENOBUFS', 'not-tried'],
    ['ENOMEM', 'not-tried'],
    ['EAGAIN', 'not-tried'],
    ['EAFNOSUPPORT', 'not-tried'],
    ['EPERM', 'not-tried'],
    ['EACCES', 'unreachable'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'reset'],
    ['ETIMEDOUT', 'timed-out'],
    ['HPE_INVALID_CONSTANT', 'answered'],
    ['ENOTFOUND', 'failed'],
    ['', 'failed'],
  ])('%s: %s', (code, outcome) => {
    expect(outcomeOf(code)).toBe(outcome);
  });
});

describe('attemptOnce', () => {
  it('asks GET / with the hostname and without a body; any status is an answer', async () => {
    const heard: unknown[] = [];
    const port = await listening(
      createHttp((request, response) => {
        heard.push([request.method, request.url, request.headers.host, request.headers['content-length']]);
        response.writeHead(503).end('no healthy upstream');
      }),
    );
    expect(await attempt(port, { hostname: 'shop.example.com' })).toMatchObject({ outcome: 'answered', status: 503 });
    expect(await attempt(port)).toMatchObject({ outcome: 'answered', status: 503 });
    expect(heard).toEqual([
      ['GET', '/', 'shop.example.com', undefined],
      ['GET', '/', `127.0.0.1:${port}`, undefined],
    ]);
  });

  it('shakes hands by TLS with the server name, and does not verify the certificate', async () => {
    const certificate = makeAuthority().issue();
    const names: string[] = [];
    const https = createHttps({
      ...certificate,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    const port = await listening(https);
    const answer = await attempt(port, { speaks: 'tls', hostname: 'shop.example.com' });
    expect(answer).toMatchObject({ outcome: 'answered', status: 0 });
    expect(answer.latencyMs).toBeGreaterThan(0);
    expect((await attempt(port, { speaks: 'tls' })).outcome).toBe('answered');
    expect(names).toEqual(['shop.example.com']);
  });

  it('connects by TCP alone where the listener speaks neither', async () => {
    const port = await listening(createServer((socket) => socket.end()));
    expect((await attempt(port, { speaks: 'tcp' })).outcome).toBe('answered');
  });

  it.each(['http', 'tls', 'tcp'] as const)('tells a refused connection (%s)', async (speaks) => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    expect(await attempt(port, { speaks })).toEqual({ outcome: 'refused', latencyMs: 0, status: 0 });
  });

  it.each(['http', 'tls'] as const)(
    'tells a reset, and a connection that is closed without an answer (%s)',
    async (speaks) => {
      const reset = await listening(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
      expect((await attempt(reset, { speaks })).outcome).toBe('reset');
      const closed = await listening(createServer((socket) => socket.once('data', () => socket.end())));
      expect((await attempt(closed, { speaks })).outcome).toBe('reset');
    },
  );

  it.each(['http', 'tls'] as const)('tells that no answer came in time (%s)', async (speaks) => {
    const open = new Set<{ destroy(): void }>();
    const port = await listening(createServer((socket) => open.add(socket.on('error', () => undefined))));
    expect((await attempt(port, { speaks }, 100)).outcome).toBe('timed-out');
    for (const socket of open) socket.destroy();
  });

  it('takes what is no HTTP for an answer, and a name that nobody knows for a failure', async () => {
    const port = await listening(createServer((socket) => socket.resume().end('SSH-2.0-OpenSSH_9.9\r\n')));
    expect(await attempt(port)).toMatchObject({ outcome: 'answered', status: 0 });
    expect((await attempt(port, { address: 'no-such-host.invalid' })).outcome).toBe('failed');
  });

  it.each([
    ['what is no TLS', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['an alert of TLS', Buffer.from([0x15, 3, 3, 0, 2, 2, 40])],
  ])('takes %s for an answer where TLS is asked', async (_, said) => {
    const port = await listening(
      createServer((socket) =>
        socket
          .on('error', () => undefined)
          .resume()
          .end(said),
      ),
    );
    expect(await attempt(port, { speaks: 'tls' })).toMatchObject({ outcome: 'answered', status: 0 });
  });

  it('takes a switch to another protocol for an answer', async () => {
    const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
    const port = await listening(
      createServer((socket) => socket.on('error', () => undefined).once('data', () => socket.write(head))),
    );
    expect(await attempt(port)).toMatchObject({ outcome: 'answered', status: 101 });
  });

  it.each(['http', 'tls', 'tcp'])('is not tried where this machine has no descriptor left (%s)', async (speaks) => {
    const port = await listening(createServer((socket) => socket.on('error', () => undefined).resume()));
    const child = `
      import { openSync } from 'node:fs';
      import { attemptOnce } from './src/probe/attempt.ts';
      import { systemClock } from './src/lib/clock.ts';
      const target = { place: 'gateway', subject: '', listenerPort: 80, node: 'n1', address: '127.0.0.1', port: ${port}, speaks: '${speaks}', hostname: '' };
      const options = { timeoutMs: 30_000, clock: systemClock, userAgent: 'test' };
      await attemptOnce(target, { ...options, timeoutMs: 20 }, new AbortController().signal);
      try { for (;;) openSync('/dev/null'); } catch {}
      console.log(JSON.stringify(await attemptOnce(target, options, new AbortController().signal)));
    `;
    const command = 'ulimit -n 64; exec "$0" --input-type=module -e "$1"';
    const { stdout } = await promisify(execFile)('bash', ['-c', command, process.execPath, child]);
    expect(JSON.parse(stdout)).toEqual({ outcome: 'not-tried', code: 'EMFILE' });
  });

  it('is given up at once', async () => {
    const open = new Set<{ destroy(): void }>();
    const port = await listening(createServer((socket) => open.add(socket.on('error', () => undefined))));
    const stop = new AbortController();
    const target: ProbeTarget = {
      place: 'published',
      subject: 'Gateway default/web',
      listenerPort: 80,
      node: '',
      address: '127.0.0.1',
      port,
      speaks: 'http',
      hostname: '',
    };
    const options = { timeoutMs: 60_000, clock: systemClock, userAgent: 'test' };
    const running = attemptOnce(target, options, stop.signal);
    setTimeout(() => stop.abort(new Error('stopped by SIGINT')), 30);
    await expect(running).rejects.toThrow('stopped by SIGINT');
    for (const socket of open) socket.destroy();
  });
});
