import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers';
import { TLSSocket } from 'node:tls';
import type { Cut } from './faults.ts';
import type { RecordedRequest } from './requests.ts';

/** An answer on its way to the client, which a fault may cut. */
export class Wire {
  readonly #response: ServerResponse;
  readonly #request: RecordedRequest;
  #cut: { afterBytes: number; readonly how: Cut } | undefined;
  #muted = false;

  constructor(response: ServerResponse, request: RecordedRequest) {
    this.#response = response;
    this.#request = request;
  }

  /** Only so many more bytes of the body arrive. */
  cutAfter(afterBytes: number, how: Cut): void {
    this.#cut = { afterBytes, how };
  }

  /** Sends a whole answer. */
  send(status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
    const length: Record<string, string> =
      this.#cut === undefined || this.#cut.how !== 'truncate'
        ? { 'content-length': String(Buffer.byteLength(body)) }
        : {};
    this.open(status, { ...length, ...headers });
    this.write(body);
    this.end();
  }

  open(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#request.status = status;
    if (!this.#muted) {
      this.#response.writeHead(status, { 'content-type': 'application/json', ...headers });
      this.#response.flushHeaders();
    }
  }

  write(text: string): void {
    if (this.#muted || this.#response.writableEnded) {
      return;
    }
    if (this.#cut === undefined) {
      this.#response.write(text);
      return;
    }
    const bytes = Buffer.from(text);
    if (bytes.length < this.#cut.afterBytes) {
      this.#cut.afterBytes -= bytes.length;
      this.#response.write(bytes);
      return;
    }
    const { afterBytes, how } = this.#cut;
    this.#muted = true;
    if (afterBytes === 0) {
      this.#finish(how);
    } else {
      this.#response.write(bytes.subarray(0, afterBytes), () => this.#finish(how));
    }
  }

  end(): void {
    if (!this.#muted) {
      this.#response.end();
    }
  }

  /** The connection ends at once, as when the server's machine goes. */
  reset(): void {
    this.#muted = true;
    reset(this.#response);
  }

  /** From now on nothing is sent, and the connection stays open. */
  freeze(): void {
    this.#muted = true;
  }

  onClose(listener: () => void): void {
    this.#response.on('close', listener);
  }

  #finish(how: Cut): void {
    switch (how) {
      case 'truncate':
        this.#response.end();
        break;
      case 'close':
        this.#response.socket?.end();
        break;
      case 'reset':
        setTimeout(() => reset(this.#response), LET_BYTES_PASS_MS);
        break;
      case 'hang':
        break;
    }
  }
}

/** TLS sockets know no reset of their own: they just end. */
function reset({ socket }: ServerResponse): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket?.resetAndDestroy();
}

/** A reset overtakes bytes that the client's kernel has but its program has not read. */
const LET_BYTES_PASS_MS = 20;
