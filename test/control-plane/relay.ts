import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { pathToFileURL } from 'node:url';

/*
 * A way into a network namespace: a Unix socket has no namespace but the file system's. This file, run inside as
 * `node relay.ts <socket> <address> <port>`, listens on the socket and connects on to the address; `openRelay`,
 * called outside, gives it a port of the loopback address.
 */

export interface Relay {
  readonly port: number;
  close(): void;
}

/** Forwards a loopback port of this process's namespace to a Unix socket. */
export async function openRelay(socketPath: string): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    join(client, connect(socketPath));
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
  });
  server.unref();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function join(left: Socket, right: Socket): void {
  left.pipe(right).pipe(left);
  for (const [socket, other] of [[left, right] as const, [right, left] as const]) {
    socket.on('error', () => other.destroy());
    socket.once('close', () => other.destroy());
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the relay listens on no port');
  return address.port;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [socketPath, address, port] = process.argv.slice(2);
  createServer((client) => join(client, connect(Number(port), address ?? ''))).listen(socketPath, () => {
    console.log(`relaying ${socketPath} to ${address}:${port}`);
  });
}
