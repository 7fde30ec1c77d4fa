import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import type { RequestSeen } from '../../src/kube/requests.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { systemClock } from '../../src/lib/clock.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers one request; `count` is 1 for the first request to the server. */
export type Script = (request: SeenRequest, response: ServerResponse, count: number) => unknown;

/** A node:http server that does what the test says, byte by byte. */
export interface ScriptedServer {
  readonly url: string;
  readonly host: string;
  readonly requests: readonly SeenRequest[];
  /** What the clients told their observers. */
  readonly told: readonly RequestSeen[];
  /** Sockets that were opened. */
  connections(): number;
  play(script: Script): void;
  /** A kubeconfig file for this server; deleted with it. */
  kubeconfig(user?: RawObject, serverUrl?: string): string;
  /** A client of this server, or of another URL. */
  client(serverUrl?: string): KubeClient;
  close(): Promise<void>;
}

export async function startScriptedServer(first: Script = notFound): Promise<ScriptedServer> {
  let script = first;
  const requests: SeenRequest[] = [];
  const told: RequestSeen[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const clients: KubeClient[] = [];
  const dir = mkdtempSync(join(tmpdir(), 'ccb-kube-'));
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://server');
      const seen = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      requests.push(seen);
      void script(seen, response, requests.length);
    });
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  function kubeconfig(user: RawObject = { token: 'secret-token' }, serverUrl = url): string {
    const file = join(dir, `config-${Math.random()}`);
    writeFileSync(file, JSON.stringify(kubeconfigDocument(serverUrl, user)));
    return file;
  }

  return {
    url,
    host: `127.0.0.1:${port}`,
    requests,
    told,
    connections: () => connections,
    play(next) {
      script = next;
    },
    kubeconfig,
    client(serverUrl) {
      const connection = openConnection({ path: kubeconfig(undefined, serverUrl), clock: systemClock });
      const client = createKubeClient({
        connection,
        userAgent: 'cilium-cloud-bridge/test',
        timeoutMs: 2_000,
        onRequest: (seen) => told.push(seen),
      });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) {
        client.close();
      }
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
      await once(server, 'close');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function kubeconfigDocument(server: string, user: RawObject): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: 'tester', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'tester' } }],
    'current-context': 'test',
  };
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** A Status object as kube-apiserver sends it. */
export function failure(code: number, reason: string, message: string, details: RawObject = {}): RawObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
}

export function listOf(
  kind: string,
  resourceVersion: string,
  items: readonly RawObject[],
  continuation = '',
): RawObject {
  return {
    kind: `${kind}List`,
    apiVersion: 'v1',
    metadata: { resourceVersion, ...(continuation === '' ? {} : { continue: continuation }) },
    items,
  };
}

function notFound(_: SeenRequest, response: ServerResponse): void {
  response.writeHead(404, { 'Content-Type': 'text/plain' });
  response.end('404 page not found\n');
}
