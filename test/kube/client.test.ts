import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { KubeError, type KubeErrorCategory } from '../../src/kube/errors.ts';
import { at } from '../../src/kube/read.ts';
import { GATEWAYS, NODES, SERVICES } from '../../src/kube/resources.ts';
import { createMemoryRelief } from '../../src/lib/memory.ts';
import { answerJson, failure, listOf, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

/** Longer than all else that the process reads. */
const LONG_TEXT = 'x'.repeat(20_000_000);
const ENTRY = { namespace: 'kube-system', name: 'entry' };
const ENTRY_OBJECT = { kind: 'Service', metadata: { ...ENTRY, resourceVersion: '7' } };
const MANAGER = { fieldManager: 'cilium-cloud-bridge' };

let server: ScriptedServer;
let client: KubeClient;

beforeEach(async () => {
  server = await startScriptedServer();
  client = server.client();
});

afterEach(() => server.close());

async function failureOf(promise: Promise<unknown>): Promise<KubeError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(KubeError);
  return error as KubeError;
}

describe('requests', () => {
  test('carry who asks, with what right, and what for', async () => {
    server.play((_, response) => answerJson(response, 200, ENTRY_OBJECT));
    await client.patch(
      SERVICES,
      ENTRY,
      { type: 'json', body: [{ op: 'replace', path: '/spec/type', value: 'LoadBalancer' }] },
      { ...MANAGER, subresource: 'status', dryRun: true },
    );
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/namespaces/kube-system/services/entry/status',
      body: '[{"op":"replace","path":"/spec/type","value":"LoadBalancer"}]',
    });
    expect(Object.fromEntries(request?.query ?? [])).toEqual({ fieldManager: 'cilium-cloud-bridge', dryRun: 'All' });
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer secret-token',
      'user-agent': 'cilium-cloud-bridge/test',
      'content-type': 'application/json-patch+json',
      accept: 'application/json',
    });
  });

  test.each([
    ['merge', { type: 'merge', body: {} }, 'application/merge-patch+json', null],
    ['apply', { type: 'apply', body: {}, force: true }, 'application/apply-patch+yaml', 'true'],
  ] as const)('a %s patch has its own content type', async (_, patch, contentType, force) => {
    server.play((_request, response) => answerJson(response, 200, ENTRY_OBJECT));
    await client.patch(SERVICES, ENTRY, patch, MANAGER);
    expect(server.requests[0]?.headers['content-type']).toBe(contentType);
    expect(server.requests[0]?.query.get('force')).toBe(force);
  });

  test('a delete carries its preconditions in the body', async () => {
    server.play((_, response) => answerJson(response, 200, { kind: 'Status', status: 'Success' }));
    await client.delete(SERVICES, ENTRY, { ...MANAGER, uid: 'u1', resourceVersion: '7' });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u1', resourceVersion: '7' },
    });
  });

  test('names are quoted in the path', async () => {
    await failureOf(client.get(SERVICES, { namespace: 'a/../b', name: 'x?y' }));
    expect(server.requests[0]?.path).toBe('/api/v1/namespaces/a%2F..%2Fb/services/x%3Fy');
  });

  test('one after another they use one connection', async () => {
    server.play((_, response) => answerJson(response, 200, ENTRY_OBJECT));
    for (let i = 0; i < 20; i += 1) {
      await client.get(SERVICES, ENTRY);
    }
    expect(server.connections()).toBe(1);
  });

  test('a connection that the server closed while it was idle is replaced without an error for reads, not for writes', async () => {
    server.play((_, response, count) => {
      if (count % 3 === 2) {
        // What a request meets that was sent at the moment at which the server gave the connection up.
        response.socket?.resetAndDestroy();
      } else {
        answerJson(response, 200, ENTRY_OBJECT);
      }
    });
    await client.get(SERVICES, ENTRY);
    await expect(client.get(SERVICES, ENTRY)).resolves.toEqual(ENTRY_OBJECT);
    await client.get(SERVICES, ENTRY);
    const write = client.patch(SERVICES, ENTRY, { type: 'merge', body: {} }, MANAGER);
    expect((await failureOf(write)).category).toBe('unreachable');
    expect(server.requests.map((request) => request.method)).toEqual(['GET', 'GET', 'GET', 'GET', 'PATCH']);
  });
});

describe('answers that are no success', () => {
  const details = { name: 'entry', kind: 'services' };
  const mute = 'the server rejected our request due to an error in our request';
  test.each<[string, number, unknown, KubeErrorCategory]>([
    ['an object that is missing', 404, failure(404, 'NotFound', 'services "entry" not found', details), 'not-found'],
    ['a kind of a missing CRD', 404, '404 page not found\n', 'not-served'],
    [
      'a kind that a known group lacks',
      404,
      failure(404, 'NotFound', 'the server could not find the requested resource'),
      'not-served',
    ],
    [
      'a forbidden verb',
      403,
      failure(403, 'Forbidden', 'services "entry" is forbidden: User "x" cannot patch'),
      'forbidden',
    ],
    ['an outdated resourceVersion', 409, failure(409, 'Conflict', 'the object has been modified', details), 'conflict'],
    ['a name that is taken', 409, failure(409, 'AlreadyExists', 'services "entry" already exists', details), 'exists'],
    ['a JSON patch whose test does not hold', 422, failure(422, 'Invalid', mute), 'conflict'],
    [
      'a value that validation refuses',
      422,
      failure(422, 'Invalid', 'Service "entry" is invalid', { causes: [{ field: 'spec' }] }),
      'invalid',
    ],
    ['a malformed request', 400, failure(400, 'BadRequest', 'bad'), 'invalid'],
    ['an unknown patch type', 415, failure(415, 'UnsupportedMediaType', 'no'), 'invalid'],
    ['an expired version', 410, failure(410, 'Expired', 'too old'), 'gone'],
    ['a flood', 429, failure(429, 'TooManyRequests', 'slow down'), 'throttled'],
    ['a server error', 500, failure(500, 'InternalError', 'etcd is away'), 'unavailable'],
    ['a dead upstream', 503, '<html><body><h1>503 Service Unavailable</h1></body></html>', 'unavailable'],
    ['a login page', 302, '', 'garbled'],
  ])('%s', async (_, status, body, category) => {
    server.play((_request, response) => {
      response.writeHead(status);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    const patch = { type: 'json', body: [{ op: 'test', path: '/spec', value: 1 }] } as const;
    const error = await failureOf(client.patch(SERVICES, ENTRY, patch, { ...MANAGER, subresource: 'status' }));
    expect(error).toMatchObject({ category, status, operation: 'PATCH services/status kube-system/entry' });
    expect(error.message).toMatch(/^PATCH services\/status kube-system\/entry: /);
    const told = { verb: 'patch', resource: 'services/status', code: status, result: category };
    expect(server.told).toEqual([expect.objectContaining(told)]);
  });

  test('say what was tried, on what, and what came back', async () => {
    server.play((_, response) =>
      answerJson(
        response,
        403,
        failure(403, 'Forbidden', 'services "entry" is forbidden: User "u" cannot patch resource'),
      ),
    );
    const error = await failureOf(client.patch(SERVICES, ENTRY, { type: 'merge', body: {} }, MANAGER));
    expect(error.message).toBe(
      'PATCH services kube-system/entry: 403 Forbidden: services "entry" is forbidden: User "u" cannot patch resource',
    );
    expect(error.reason).toBe('Forbidden');
  });

  test('a page of HTML is told without its markup', async () => {
    server.play((_, response) => {
      response.writeHead(502);
      response.end('<html><style>b{}</style><body><b>Bad</b> gateway</body></html>');
    });
    const error = await failureOf(client.get(NODES, { namespace: '', name: 'n1' }));
    expect(error.message).toBe('GET nodes n1: 502 Bad Gateway: Bad gateway');
  });

  test('a 404 of a list means that the kind is not served, whatever the body says', async () => {
    server.play((_, response) => answerJson(response, 404, failure(404, 'NotFound', 'x', { name: 'y', kind: 'z' })));
    const error = await failureOf(client.list(GATEWAYS));
    expect(error.category).toBe('not-served');
    expect(error.message).toBe(
      'LIST gateways.gateway.networking.k8s.io: 404 Not Found: x. The API server does not serve this kind (CRD not installed?)',
    );
  });

  test.each([
    ['7', undefined, 7_000],
    [undefined, 3, 3_000],
    ['0', undefined, 0],
    [undefined, undefined, undefined],
    ['31536000', undefined, 120_000],
    ['Wed, 01 Jan 2098 00:00:00 GMT', undefined, 120_000],
    [undefined, 86_400, 120_000],
    ['-5', undefined, 0],
    ['soon', undefined, undefined],
  ])('Retry-After %s and retryAfterSeconds %s are %s ms', async (header, detail, expected) => {
    server.play((_, response) => {
      response.writeHead(429, header === undefined ? {} : { 'Retry-After': header });
      response.end(JSON.stringify(failure(429, 'TooManyRequests', 'x', { retryAfterSeconds: detail })));
    });
    expect((await failureOf(client.list(SERVICES))).retryAfterMs).toBe(expected);
  });

  test('Retry-After may be a date', async () => {
    server.play((_, response) => {
      response.writeHead(503, { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() });
      response.end();
    });
    const waited = (await failureOf(client.list(SERVICES))).retryAfterMs ?? 0;
    expect(waited).toBeGreaterThan(55_000);
    expect(waited).toBeLessThanOrEqual(60_000);
  });

  test('never quote credentials that the server echoes', async () => {
    const jwt = `eyJhbGciOiJSUzI1NiJ9.${'a'.repeat(40)}.${'b'.repeat(40)}`;
    server.play((_, response) => {
      response.writeHead(500);
      response.end(`bad header Authorization: Bearer secret-token and ${jwt}`);
    });
    const error = await failureOf(client.list(SERVICES));
    expect(error.message).toBe(
      'LIST services: 500 Internal Server Error: bad header Authorization: Bearer [redacted] and [redacted]',
    );
  });
});

describe('answers that are not what they should be', () => {
  test.each([
    ['no JSON', 'hello', 'something that is no JSON'],
    [
      'cut off',
      '{"kind":"ServiceList","metadata":{"resourceVersion":"1"},"items":[{"meta',
      'something that is no JSON',
    ],
    ['an array', '[]', 'JSON that is no object'],
    ['an empty object', '{}', 'JSON without a kind instead of a list'],
    ['a Status', '{"kind":"Status","status":"Success"}', 'a Status instead of a list'],
    ['a single object', '{"kind":"Service","metadata":{"resourceVersion":"1"}}', 'a Service instead of a list'],
    ['a list without version', '{"kind":"ServiceList","items":[]}', 'a ServiceList instead of a list'],
    [
      'items that are no objects',
      '{"kind":"ServiceList","metadata":{"resourceVersion":"1"},"items":[1]}',
      'a list with items that are no objects',
    ],
  ])('a list that is %s is garbled, not empty', async (_, body, said) => {
    server.play((_request, response) => response.end(body));
    const error = await failureOf(client.list(SERVICES));
    expect(error).toMatchObject({ category: 'garbled', message: `LIST services: ${server.host} answered ${said}` });
  });

  test('another object than the one that was asked for is garbled', async () => {
    server.play((_, response) => answerJson(response, 200, { kind: 'Service', metadata: { name: 'other' } }));
    expect((await failureOf(client.get(SERVICES, ENTRY))).category).toBe('garbled');
  });

  test.each([
    ['an empty object', {}, 'JSON without a kind'],
    ['a Status', { kind: 'Status' }, 'a Status'],
    ['another object', { kind: 'Service', metadata: { name: 'other' } }, 'a Service'],
  ])('%s does not say that an object was created or deleted', async (_, body, said) => {
    server.play((_request, response) => answerJson(response, 200, body));
    expect(await failureOf(client.create(SERVICES, ENTRY_OBJECT, MANAGER))).toMatchObject({
      category: 'garbled',
      message: `CREATE services kube-system/entry: ${server.host} answered ${said} instead of the object`,
    });
    expect(await failureOf(client.delete(SERVICES, ENTRY, MANAGER))).toMatchObject({
      category: 'garbled',
      message: `DELETE services kube-system/entry: ${server.host} answered ${said} instead of a deletion`,
    });
  });

  test('an object that its finalizers hold is being deleted', async () => {
    server.play((_request, response) => answerJson(response, 200, ENTRY_OBJECT));
    await expect(client.delete(SERVICES, ENTRY, MANAGER)).resolves.toBeUndefined();
  });

  test('what is no HTTP is garbled', async () => {
    server.play((_, response) => response.socket?.end('SSH-2.0-OpenSSH_9.9\r\n'));
    expect((await failureOf(client.list(SERVICES))).category).toBe('garbled');
  });

  test('a broken compression is garbled', async () => {
    server.play((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      response.end(gzipSync('{"kind":"ServiceList"}').subarray(0, 20));
    });
    expect((await failureOf(client.list(SERVICES))).category).toBe('garbled');
  });

  test('a body that ends early is a lost connection', async () => {
    server.play((_, response) => {
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('{"kind":');
      setTimeout(() => response.socket?.destroy(), 10);
    });
    expect((await failureOf(client.list(SERVICES))).category).toBe('unreachable');
  });
});

describe('no answer', () => {
  test('a refused connection names host, port, context and cause', async () => {
    const dead = await startScriptedServer();
    await dead.close();
    const error = await failureOf(server.client(dead.url).version());
    expect(error.category).toBe('unreachable');
    expect(error.message).toMatch(
      new RegExp(
        `^GET version: cannot reach the API server ${dead.host} \\(context "test" of .*\\): connection refused; is the server running and the port right\\? \\(ECONNREFUSED\\)$`,
      ),
    );
  });

  test('silence ends at the timeout', async () => {
    server.play(() => undefined);
    const started = performance.now();
    const error = await failureOf(client.get(SERVICES, ENTRY, { timeoutMs: 100 }));
    expect(error.category).toBe('timeout');
    expect(server.told).toEqual([
      expect.objectContaining({ verb: 'get', resource: 'services', code: 0, result: 'timeout' }),
    ]);
    expect(error.message).toMatch(/^GET services kube-system\/entry: no answer within 0.1 s from 127.0.0.1:\d+ /);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test('a body that trickles ends at the timeout', async () => {
    server.play((_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    expect((await failureOf(client.get(SERVICES, ENTRY, { timeoutMs: 150 }))).category).toBe('timeout');
  });

  test('an abort rejects with its reason, before, during and after the headers', async () => {
    const before = AbortSignal.abort(new Error('stop 1'));
    await expect(client.list(SERVICES, { signal: before })).rejects.toThrow('stop 1');
    expect(server.requests).toHaveLength(0);

    const during = new AbortController();
    server.play(() => during.abort(new Error('stop 2')));
    await expect(client.list(SERVICES, { signal: during.signal })).rejects.toThrow('stop 2');

    const after = new AbortController();
    server.play((_, response) => {
      response.writeHead(200);
      response.write('{');
      setTimeout(() => after.abort(new Error('stop 3')), 30);
    });
    await expect(client.list(SERVICES, { signal: after.signal })).rejects.toThrow('stop 3');
  });

  test('close ends what is under way', async () => {
    server.play(() => client.close());
    await expect(client.list(SERVICES)).rejects.toThrow('the Kubernetes client was closed');
    await expect(client.list(SERVICES)).rejects.toThrow('the Kubernetes client was closed');
  });
});

describe('lists', () => {
  test('have pages of as many objects as weigh a page, judged by the one before', async () => {
    const weights = [100, 20_000, 600_000, 100];
    server.play((request, response) => {
      const page = Number(request.query.get('continue') ?? 0);
      const items = Array.from({ length: 10 }, () => ({
        metadata: { name: 's', text: 'x'.repeat(weights[page] ?? 0) },
      }));
      answerJson(response, 200, listOf('Service', '10', items, page < 3 ? String(page + 1) : ''));
    });
    const list = await client.list(SERVICES);
    expect(list.items.length).toBe(40);
    expect(server.requests.map((request) => Number(request.query.get('limit')))).toEqual([100, 500, 209, 6]);
  });

  test.each([
    ['a list', listOf('Service', '10', [{ metadata: { name: ENTRY.name, text: LONG_TEXT } }], ''), 'list'],
    ['an object', { kind: 'Service', metadata: { name: ENTRY.name, text: LONG_TEXT } }, 'get'],
  ] as const)('%s is not kept by the socket that it came through', async (_, body, verb) => {
    server.play((_request, response) => answerJson(response, 200, body));
    const before = process.memoryUsage().arrayBuffers;
    if (verb === 'list') await client.listMapped(SERVICES, () => undefined);
    else await client.get(SERVICES, ENTRY);
    createMemoryRelief()(LONG_TEXT.length);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(LONG_TEXT.length / 2);
  });

  test('hand on what goes wrong with an object', async () => {
    server.play((_, response) => answerJson(response, 200, listOf('Service', '10', [{}, { metadata: {} }], '')));
    const failing = client.listMapped(SERVICES, (raw) => {
      if (raw.metadata === undefined) throw new RangeError('no metadata');
    });
    await expect(failing).rejects.toThrow(new RangeError('no metadata'));
  });

  test('follow their pages', async () => {
    server.play((request, response) => {
      const page = Number(request.query.get('continue') ?? 0);
      const items = [{ metadata: { name: `s${page}` } }];
      answerJson(response, 200, listOf('Service', '10', items, page < 2 ? String(page + 1) : ''));
    });
    const list = await client.list(SERVICES, { pageSize: 1, labelSelector: 'a=b', namespace: 'default' });
    expect(list).toEqual({
      resourceVersion: '10',
      items: [{ metadata: { name: 's0' } }, { metadata: { name: 's1' } }, { metadata: { name: 's2' } }],
    });
    expect(server.requests.map((request) => `${request.path}?${request.query.toString()}`)).toEqual([
      '/api/v1/namespaces/default/services?limit=1&labelSelector=a%3Db',
      '/api/v1/namespaces/default/services?limit=1&continue=1&labelSelector=a%3Db',
      '/api/v1/namespaces/default/services?limit=1&continue=2&labelSelector=a%3Db',
    ]);
  });

  test('of any length are read from a server that knows no pages', async () => {
    const items = Array.from({ length: 200_000 }, () => ({}));
    server.play((_, response) => answerJson(response, 200, listOf('Service', '10', items, '')));
    const list = await client.listMapped(SERVICES, () => 1);
    expect(list.items.length).toBe(200_000);
  });

  test('of which the first few are enough end there', async () => {
    server.play((request, response) => {
      const page = Number(request.query.get('continue') ?? 0);
      const items = [0, 1].map((index) => ({ metadata: { name: `s${page * 2 + index}` } }));
      answerJson(response, 200, listOf('Service', '10', items, String(page + 1)));
    });
    const { items } = await client.list(SERVICES, { most: 4 });
    expect(items.map((item) => at(item, 'metadata', 'name'))).toEqual(['s0', 's1', 's2', 's3']);
    // The second page may not hold more than is missing.
    expect(server.requests.map((request) => request.query.get('limit'))).toEqual(['4', '2']);
  });

  test('that are continued by themselves are garbled, and not read for ever', async () => {
    server.play((_, response) => answerJson(response, 200, listOf('Service', '10', [], 'again')));
    const error = await failureOf(client.list(SERVICES));
    expect(error.category).toBe('garbled');
    expect(error.message).toContain('a page that is continued by itself');
    expect(server.requests).toHaveLength(2);
  });

  test('start over once when the continuation expires', async () => {
    server.play((request, response, count) => {
      if (count === 2) {
        answerJson(response, 410, failure(410, 'Expired', 'The provided continue parameter is too old'));
      } else {
        const last = request.query.has('continue');
        const items = [{ metadata: { name: last ? 'b' : 'a' } }];
        answerJson(response, 200, listOf('Service', '10', items, last ? '' : 'next'));
      }
    });
    const list = await client.list(SERVICES);
    expect(list.items).toEqual([{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }]);
    expect(server.requests).toHaveLength(4);
  });

  test('are given up when the continuation expires twice', async () => {
    server.play((request, response) => {
      if (request.query.has('continue')) {
        answerJson(response, 410, failure(410, 'Expired', 'too old'));
      } else {
        answerJson(response, 200, listOf('Service', '10', [], 'next'));
      }
    });
    expect((await failureOf(client.list(SERVICES))).category).toBe('gone');
    expect(server.requests).toHaveLength(4);
  });

  test('may be compressed', async () => {
    server.play((request, response) => {
      expect(request.headers['accept-encoding']).toBe('gzip');
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      response.end(gzipSync(JSON.stringify(listOf('Service', '10', [ENTRY_OBJECT]))));
    });
    expect((await client.list(SERVICES)).items).toEqual([ENTRY_OBJECT]);
  });
});
