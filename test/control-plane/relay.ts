import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { pathToFileURL } from 'node:url';

/*
 * A way into a network namespace: a Unix socket has no namespace but the file system's. This file, run inside as
 * `node relay.ts <socket> <address> <port>`, listens on the socket and connects on to the address; `openRelay`,
 * called outside, gives it a port of the loopback address.
 */

export interface Relay {
  readonly port: number;
  /** Resets every connection, and each new one, until `mend`. */
  cut(): void;
  mend(): void;
  /** Half-open: nothing passes any more through the connections of now, and they stay open. New ones work. */
  stall(): void;
  close(): void;
}

/** Forwards a loopback port of this process's namespace to a Unix socket, or to another port. */
export async function openRelay(to: NetConnectOpts): Promise<Relay> {
  const sockets = new Map<Socket, Socket>();
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) {
      client.resetAndDestroy();
      return;
    }
    const far = connect(to);
    join(client, far);
    sockets.set(client, far);
    client.once('close', () => sockets.delete(client));
  });
  server.unref();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    cut() {
      isCut = true;
      for (const client of sockets.keys()) client.resetAndDestroy();
    },
    mend() {
      isCut = false;
    },
    stall() {
      for (const socket of [...sockets].flat()) socket.unpipe().pause();
    },
    close() {
      server.close();
      for (const client of sockets.keys()) client.destroy();
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
