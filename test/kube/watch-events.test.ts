import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeClient, WatchEvent, WatchOptions } from '../../src/kube/client.types.ts';
import type { KubeError } from '../../src/kube/errors.ts';
import { LineTooLong, readLines } from '../../src/kube/lines.ts';
import { ENVOY_CONFIGS, SERVICES } from '../../src/kube/resources.ts';
import { eventually } from './eventually.ts';
import { answerJson, failure, type Script, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

async function linesOf(chunks: readonly Buffer[], maxBytes?: number): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of readLines(Readable.from(chunks), () => undefined, maxBytes)) {
    lines.push(line);
  }
  return lines;
}

describe('lines of a byte stream', () => {
  test('are the same however the bytes are cut, also within a character', async () => {
    const line = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => text.trim() !== '' && !text.includes('\n'));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat({ max: 40 })), async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const chunks: Buffer[] = [];
        let start = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(start, start + cut));
          start += cut;
        }
        chunks.push(bytes.subarray(start));
        expect(await linesOf(chunks)).toEqual(lines);
      }),
    );
  });

  test('empty lines are left out, a last line without end is kept', async () => {
    expect(await linesOf([Buffer.from('\n\r\na\n\n'), Buffer.from('b')])).toEqual(['a', 'b']);
  });

  test('one without end is given up before it fills the memory', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        yield Buffer.alloc(1_000, 'x');
      }
    }
    const reading = (async () => {
      for await (const line of readLines(Readable.from(endless()), () => undefined, 10_000)) {
        throw new Error(`a line of ${line.length}`);
      }
    })();
    await expect(reading).rejects.toThrow(LineTooLong);
  });
});

describe('a watch', () => {
  let server: ScriptedServer;
  let client: KubeClient;

  beforeEach(async () => {
    server = await startScriptedServer();
    client = server.client();
  });

  afterEach(() => server.close());

  async function watch(script: Script, options: Partial<WatchOptions> = {}): Promise<[readonly WatchEvent[], unknown]> {
    server.play(script);
    const events: WatchEvent[] = [];
    try {
      for await (const event of client.watch(SERVICES, {
        resourceVersion: '5',
        serverTimeoutSeconds: 300,
        idleTimeoutMs: 1_000,
        ...options,
      })) {
        events.push(event);
      }
    } catch (error) {
      return [events, error];
    }
    return [events, undefined];
  }

  function summary(error: unknown): Pick<KubeError, 'category' | 'message'> {
    const { category, message } = error as KubeError;
    return { category, message };
  }

  const added = '{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n';
  const event = { type: 'ADDED', object: { metadata: { name: 'a' } } };

  test('yields events and ends with the stream', async () => {
    const bookmark = '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}\n';
    const seen = await watch((_, response) => response.end(added + bookmark), { namespace: 'x' });
    expect(seen).toEqual([[event, { type: 'BOOKMARK', resourceVersion: '9' }], undefined]);
    expect(server.requests[0]).toMatchObject({ path: '/api/v1/namespaces/x/services' });
    expect(Object.fromEntries(server.requests[0]?.query ?? [])).toEqual({
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: '5',
      timeoutSeconds: '300',
    });
  });

  test('an ERROR event ends it with the category of its code', async () => {
    const gone = JSON.stringify({ type: 'ERROR', object: failure(410, 'Expired', 'too old resource version: 5 (9)') });
    const [events, error] = await watch((_, response) => response.end(`${added}${gone}\n`));
    expect(events).toEqual([event]);
    expect(summary(error)).toEqual({
      category: 'gone',
      message: 'WATCH services: 410 Gone: too old resource version: 5 (9)',
    });
  });

  test('a refusal is a KubeError with the server’s words', async () => {
    const [, error] = await watch((_, response) =>
      answerJson(response, 403, failure(403, 'Forbidden', 'services is forbidden')),
    );
    expect(summary(error)).toEqual({
      category: 'forbidden',
      message: 'WATCH services: 403 Forbidden: services is forbidden',
    });
  });

  test.each([
    ['hangs', (): undefined => undefined],
    ['is cut off', (response: ServerResponse) => void setTimeout(() => response.socket?.resetAndDestroy(), 20)],
  ])('a refusal whose body %s is told by its status', async (_, end) => {
    const [, error] = await watch(
      (_request, response) => {
        response.writeHead(410, { 'Content-Length': '99', 'Retry-After': '3' });
        response.write('{"kind":"Sta');
        end(response);
      },
      { timeoutMs: 100 },
    );
    expect(summary(error).category).toBe('gone');
    expect((error as KubeError).retryAfterMs).toBe(3_000);
  });

  test('an abort while a refusal comes in ends it with the signal’s reason', async () => {
    const stop = new AbortController();
    const [, error] = await watch(
      (_, response) => {
        response.writeHead(503, { 'Content-Length': '99' });
        response.write('{');
        setTimeout(() => stop.abort(new Error('stopping')), 50);
      },
      { signal: stop.signal },
    );
    expect((error as Error).message).toBe('stopping');
  });

  test.each([
    ['a line that is cut by the end', '{"type":"ADDED","obj', 'a watch event that is no JSON (cut off?)'],
    ['garbage', '<html>\n', 'a watch event that is no JSON (cut off?)'],
    ['an event without object', '{"type":"ADDED"}\n', 'a watch event without an object'],
    ['an unknown type', '{"type":"MOVED","object":{}}\n', 'a watch event of unknown type "MOVED"'],
  ])('%s is garbled; what came before was yielded', async (_, bytes, said) => {
    const [events, error] = await watch((_request, response) => response.end(added + bytes));
    expect(events).toEqual([event]);
    expect(summary(error)).toEqual({ category: 'garbled', message: `WATCH services: ${server.host} answered ${said}` });
  });

  test('a reset in the middle of a line is a lost connection', async () => {
    const [events, error] = await watch((_, response) => {
      response.write(`${added}{"type":"ADD`);
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    });
    expect(events).toEqual([event]);
    expect((error as KubeError).category).toBe('unreachable');
  });

  test('silence ends it at the idle timeout, and each byte puts that off', async () => {
    const started = performance.now();
    const [events, error] = await watch(
      (_, response) => {
        response.flushHeaders();
        for (const delay of [80, 160, 240]) {
          setTimeout(() => response.write(added), delay);
        }
      },
      { idleTimeoutMs: 150 },
    );
    expect(events).toEqual([event, event, event]);
    expect(performance.now() - started).toBeGreaterThan(380);
    expect((error as KubeError).category).toBe('timeout');
    expect((error as KubeError).message).toMatch(/^WATCH services: nothing came for 0.15 s from 127/);
  });

  test('headers that do not come end it at the request’s timeout', async () => {
    const [, error] = await watch(() => undefined, { timeoutMs: 100 });
    expect((error as KubeError).category).toBe('timeout');
  });

  test('an abort ends it with the signal’s reason and closes the connection', async () => {
    const stop = new AbortController();
    let closed = false;
    const [events, error] = await watch(
      (_, response) => {
        response.on('close', () => {
          closed = true;
        });
        response.write(added);
        setTimeout(() => stop.abort(new Error('stopping')), 50);
      },
      { signal: stop.signal },
    );
    expect(events).toEqual([event]);
    expect((error as Error).message).toBe('stopping');
    await eventually(() => closed).toBe(true);
  });

  test('breaking out of the loop closes the connection', async () => {
    let closed = false;
    server.play((_, response) => {
      response.on('close', () => {
        closed = true;
      });
      response.write(added);
    });
    for await (const _ of client.watch(SERVICES, {
      resourceVersion: '',
      serverTimeoutSeconds: 9,
      idleTimeoutMs: 999,
    })) {
      break;
    }
    await eventually(() => closed).toBe(true);
  });

  test('carries objects of several megabytes', async () => {
    const big = {
      metadata: { name: 'cec' },
      spec: { resources: Array.from({ length: 20_000 }, (_, i) => 'ä'.repeat(100) + i) },
    };
    server.play((_, response) => response.end(`${JSON.stringify({ type: 'ADDED', object: big })}\n`));
    const events: WatchEvent[] = [];
    for await (const seen of client.watch(ENVOY_CONFIGS, {
      resourceVersion: '',
      serverTimeoutSeconds: 9,
      idleTimeoutMs: 999,
    })) {
      events.push(seen);
    }
    expect(events).toEqual([{ type: 'ADDED', object: big }]);
  });
});
