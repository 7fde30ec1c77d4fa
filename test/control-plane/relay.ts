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
  /**
   * From now on what clients send is kept here, as a slow network keeps it, while answers still pass; new connections
   * are taken and lead nowhere yet. `release` lets all of it through, even of clients that hang by then.
   */
  hold(): void;
  release(): void;
  /** Half-open: nothing passes any more through the connections of now, and they stay open. New ones work. */
  stall(): void;
  close(): void;
}

/** Forwards a loopback port of this process's namespace to a Unix socket, or to another port. */
export async function openRelay(to: NetConnectOpts): Promise<Relay> {
  const sockets = new Map<Socket, Socket>();
  /** What clients sent since `hold`. */
  const held = new Map<Socket, Buffer[]>();
  const waiting = new Set<Socket>();
  let isCut = false;
  let isHeld = false;
  function accept(client: Socket): void {
    const far = connect(to);
    join(client, far);
    sockets.set(client, far);
    client.once('close', () => sockets.delete(client));
  }
  const server = createServer((client) => {
    if (isCut) {
      client.resetAndDestroy();
    } else if (isHeld) {
      client.on('error', () => client.destroy()).once('close', () => waiting.delete(client));
      waiting.add(client);
    } else {
      accept(client);
    }
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
    hold() {
      isHeld = true;
      for (const [client, far] of sockets) {
        const chunks: Buffer[] = [];
        held.set(client, chunks);
        client.unpipe(far).on('data', (chunk: Buffer) => chunks.push(chunk));
      }
    },
    release() {
      isHeld = false;
      for (const [client, chunks] of held) {
        const far = sockets.get(client);
        client.removeAllListeners('data');
        if (far === undefined) continue;
        for (const chunk of chunks) far.write(chunk);
        client.pipe(far);
      }
      held.clear();
      for (const client of waiting) accept(client);
      waiting.clear();
    },
    stall() {
      for (const socket of [...sockets].flat()) socket.unpipe().pause();
    },
    close() {
      server.close();
      for (const client of [...sockets.keys(), ...waiting]) client.destroy();
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

/** Of a server that listens on one. */
export function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the relay listens on no port');
  return address.port;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [socketPath, address, port] = process.argv.slice(2);
  createServer((client) => join(client, connect(Number(port), address ?? ''))).listen(socketPath, () => {
    console.log(`relaying ${socketPath} to ${address}:${port}`);
  });
}
