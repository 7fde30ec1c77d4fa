import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type Endpoint, transportOf } from './http.ts';
import { portOf } from './relay.ts';

/** A request that the API server has answered, before the client knows. */
export interface Answered {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly status: number;
}

/** A way to an API server, without TLS, on which each answer can be kept from the client. */
export interface Proxy {
  readonly server: string;
  close(): void;
}

/**
 * Hands every request on as it is.
 * @param keeps whether this answer, and with it the client's connection, ends here
 */
export async function openProxy(endpoint: Endpoint, keeps: (answered: Answered) => boolean): Promise<Proxy> {
  const { agent, open } = transportOf(endpoint);
  const server = createServer((request, response) => {
    const { method = 'GET', url = '/' } = request;
    const onAnswer = (answer: IncomingMessage): void => {
      const status = answer.statusCode ?? 0;
      if (keeps({ method, url, status })) {
        answer.resume();
        request.socket.destroy();
        return;
      }
      response.writeHead(status, answer.headers);
      answer.pipe(response);
    };
    const onward = open(`${endpoint.server}${url}`, { agent, method, headers: request.headers }, onAnswer);
    onward.on('error', () => request.socket.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server: `http://127.0.0.1:${portOf(server.address())}`,
    close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
