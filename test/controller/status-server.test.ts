import { Agent, createServer, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type StatusServer, startStatusServer, text } from '../../src/controller/status-server.ts';
import { recordLog } from '../kube/recorded-log.ts';

/** Characters: more than the sockets of both sides hold. */
const LONG = 32 * 1024 * 1024;
const LOCAL = { host: '127.0.0.1', port: 0 };

const open: StatusServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function start({ timeoutMs = 5_000 } = {}) {
  const log = recordLog();
  const server = await startStatusServer({
    listen: LOCAL,
    logger: log,
    timeoutMs,
    pages: {
      '/healthz': (query) => text(200, query.has('verbose') ? 'all ok\n' : 'ok\n'),
      '/long': () => text(200, 'x'.repeat(LONG)),
      '/broken': () => Promise.reject(new Error('a secret reason')),
    },
  });
  open.push(server);
  return { url: `http://127.0.0.1:${server.port}`, port: server.port, log };
}

test('a page is answered as text, with and without a query', async () => {
  const { url } = await start();
  const plain = await fetch(`${url}/healthz`);
  expect([plain.status, plain.headers.get('content-type'), await plain.text()]).toEqual([
    200,
    'text/plain; charset=utf-8',
    'ok\n',
  ]);
  expect(await (await fetch(`${url}/healthz?verbose`)).text()).toBe('all ok\n');
});

test('HEAD gets the headers alone', async () => {
  const { url } = await start();
  const head = await fetch(`${url}/healthz`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '3', '']);
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused', async (method) => {
  const { url } = await start();
  const answer = await fetch(`${url}/healthz`, { method });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('what is sent along is not read: the connection ends', async () => {
  const { url } = await start();
  const answer = await fetch(`${url}/healthz`, { method: 'POST', body: 'x'.repeat(1_000) });
  expect([answer.status, answer.headers.get('connection')]).toEqual([405, 'close']);
});

test.each(['/', '/nope', '/healthz/', '/toString', '/__proto__', '//healthz'])('there is no page %s', async (path) => {
  const { url } = await start();
  const answer = await fetch(url + path);
  expect([answer.status, await answer.text()]).toEqual([404, 'There are /healthz, /long, /broken.\n']);
});

test('a page that cannot be made is an error whose cause only the log has', async () => {
  const { url, log } = await start();
  const answer = await fetch(`${url}/broken`);
  expect([answer.status, await answer.text()]).toEqual([500, 'It could not be made: see the log.\n']);
  expect(log.lines.at(-1)).toMatchObject({ level: 'error', message: 'a status page could not be made' });
});

test('a port that is used is one clear error', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await expect(
    startStatusServer({ listen: { host: '127.0.0.1', port }, logger: recordLog(), pages: {} }),
  ).rejects.toThrow(
    `listen 127.0.0.1:${port}: is used by another program (or another Pod on the network of this node). Choose another with --listen or the key listen of the configuration, or none.`,
  );
  other.close();
});

test('an address that this machine has not is one clear error', async () => {
  await expect(
    startStatusServer({ listen: { host: '203.0.113.7', port: 9976 }, logger: recordLog(), pages: {} }),
  ).rejects.toThrow('listen 203.0.113.7:9976: is no address of this machine.');
});

test('who dawdles over a request is sent away', { timeout: 20_000 }, async () => {
  const { port } = await start();
  const socket = connect(port, '127.0.0.1');
  const answer = collected(socket);
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n');
  const startedAt = performance.now();
  expect(await answer).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test('who does not take its answer is sent away, and others are served meanwhile', async () => {
  const { url, port } = await start({ timeoutMs: 500 });
  const slow = connect(port, '127.0.0.1');
  let taken = 0;
  slow.on('error', () => undefined);
  slow.on('data', (chunk: Buffer) => {
    taken += chunk.length;
  });
  slow.pause();
  slow.write('GET /long HTTP/1.1\r\nHost: a\r\n\r\n');
  expect((await (await fetch(`${url}/long`)).text()).length).toBe(LONG);
  await pause(2_500); // twice as long as it may dawdle, and more
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  slow.resume();
  await new Promise((resolve) => slow.once('close', resolve));
  expect(taken).toBeLessThan(LONG);
});

test('200 requests at a time over kept connections all get their answer', async () => {
  const { port } = await start();
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const bodies = await Promise.all(Array.from({ length: 200 }, () => getWith(agent, port, '/healthz')));
  agent.destroy();
  expect(new Set(bodies)).toEqual(new Set(['200 ok\n']));
});

test('headers without end are refused', async () => {
  const { port } = await start();
  const socket = connect(port, '127.0.0.1');
  const answer = collected(socket);
  socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(await answer).toMatch(/^HTTP\/1\.1 431 /);
});

test('there are 64 connections at most; the next is closed without an answer', async () => {
  const { port } = await start();
  const held = await Promise.all(Array.from({ length: 64 }, () => connected(port)));
  const late = connect(port, '127.0.0.1');
  const answer = collected(late);
  late.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await answer).toBe('');
  for (const socket of held) socket.destroy();
});

/** Everything that came until the connection ended. */
function collected(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(got));
  });
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => undefined);
  });
}

function getWith(agent: Agent, port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ agent, host: '127.0.0.1', port, path }, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      answer.on('end', () => resolve(`${answer.statusCode} ${body}`));
    })
      .on('error', reject)
      .end();
  });
}
