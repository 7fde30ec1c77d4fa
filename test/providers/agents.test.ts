import { once } from 'node:events';
import { createServer, IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { createCloudAgents } from '../../src/providers/agents.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address: string | AddressInfo | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** An endpoint, and a proxy that leads every name to it and keeps what it was asked for. */
async function world() {
  const port = await listen(createServer((_request, response) => response.end('from the cloud')));
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (message: IncomingMessage, client: Socket) => {
    asked.push(message.url ?? '');
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    closers.push(() => {
      client.destroy();
      upstream.destroy();
    });
  });
  return { port, asked, env: { HTTP_PROXY: `http://127.0.0.1:${await listen(proxy)}` } };
}

async function get(url: URL, agents: ReturnType<typeof createCloudAgents>): Promise<string> {
  const sent = request(url, { agent: agents.forEndpoint(url) }).end();
  const answer: unknown[] = await once(sent, 'response');
  const [response] = answer;
  if (!(response instanceof IncomingMessage)) throw new Error('no response');
  return await text(response);
}

test('requests go through the proxy, over one kept connection', async () => {
  const { asked, env } = await world();
  const agents = createCloudAgents(env);
  closers.push(agents.close);
  const endpoint = new URL('http://elb.example/v3');
  expect([await get(endpoint, agents), await get(endpoint, agents)]).toEqual(['from the cloud', 'from the cloud']);
  expect(asked).toEqual(['elb.example:80']);
});

test('NO_PROXY is honoured', async () => {
  const { port, asked, env } = await world();
  const agents = createCloudAgents({ ...env, NO_PROXY: 'elb.example' });
  closers.push(agents.close);
  const direct = agents.forEndpoint(new URL('http://elb.example'));
  expect(direct).not.toBe(agents.forEndpoint(new URL('http://vpc.example')));
  expect(direct).toBe(agents.forEndpoint(new URL(`http://127.0.0.1:${port}`)));
  expect(await get(new URL(`http://127.0.0.1:${port}`), agents)).toBe('from the cloud');
  expect(asked).toEqual([]);
});

test.each(['http://169.254.169.254/latest', 'http://metadata.tencentyun.com/latest', 'http://[fe80::a9fe:a9fe]/'])(
  'metadata %s is never asked through a proxy',
  (url) => {
    const agents = createCloudAgents({ HTTP_PROXY: 'http://proxy.example:3128' });
    const direct = createCloudAgents({});
    expect(agents.forEndpoint(new URL(url)).constructor).toBe(direct.forEndpoint(new URL(url)).constructor);
    expect(agents.forEndpoint(new URL(url))).not.toBe(agents.forEndpoint(new URL('http://elb.example')));
  },
);

test('https endpoints use HTTPS_PROXY and an agent for TLS', () => {
  const agents = createCloudAgents({ HTTPS_PROXY: 'http://proxy.example:3128' });
  const proxied = agents.forEndpoint(new URL('https://clb.tencentcloudapi.com'));
  expect(proxied).toBe(agents.forEndpoint(new URL('https://vpc.tencentcloudapi.com')));
  expect(proxied).not.toBe(agents.forEndpoint(new URL('http://clb.tencentcloudapi.com')));
  expect(proxied.constructor.name).toBe('HttpsProxyAgent');
});

test.each(['http://', '::pr0xypass::', 'http://user:pr0xypass%zz@proxy:3128'])(
  'a proxy that is no URL is told, without its value: %s',
  (HTTPS_PROXY) => {
    const agents = createCloudAgents({ HTTPS_PROXY });
    expect(() => agents.forEndpoint(new URL('https://elb.cn-north-4.myhuaweicloud.com'))).toThrow(
      /^The environment variable HTTPS_PROXY \(or in lower case\) is no URL of a proxy: (?!.*pr0xypass)/,
    );
  },
);
