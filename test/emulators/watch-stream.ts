import { type Endpoint, transportOf } from '../control-plane/http.ts';
import { valueAt } from '../control-plane/objects.ts';

export interface WatchedEvent {
  readonly type: string;
  readonly object: unknown;
}

/** A watch that is read one event at a time. */
export interface WatchStream {
  readonly status: number;
  /** The next event; undefined when the stream ended. Rejects after `timeoutMs` (default: never). */
  next(timeoutMs?: number): Promise<WatchedEvent | undefined>;
  close(): void;
}

/** Opens a watch; resolves with the answer's head. */
export function openWatch(endpoint: Endpoint, token: string, path: string): Promise<WatchStream> {
  const { agent, open } = transportOf(endpoint);
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  return new Promise((resolve, reject) => {
    const request = open(`${endpoint.server}${path}`, { agent, headers }, (response) => {
      const events: WatchedEvent[] = [];
      let ended = false;
      let waiting: (() => void) | undefined;
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        events.push(...lines.map(eventOf));
        waiting?.();
      });
      response.on('error', () => undefined); // `close` follows
      response.on('close', () => {
        ended = true;
        waiting?.();
      });
      resolve({
        status: response.statusCode ?? 0,
        async next(timeoutMs) {
          if (events.length === 0 && !ended) {
            await new Promise<void>((woken, late) => {
              const error = new Error(`no event within ${timeoutMs} ms`);
              const timer = timeoutMs === undefined ? undefined : setTimeout(() => late(error), timeoutMs);
              waiting = () => {
                clearTimeout(timer);
                waiting = undefined;
                woken();
              };
            });
          }
          return events.shift();
        },
        close() {
          request.destroy();
          agent.destroy();
        },
      });
    });
    request.once('error', reject);
    request.end();
  });
}

function eventOf(line: string): WatchedEvent {
  const event: unknown = JSON.parse(line);
  return { type: String(valueAt(event, 'type')), object: valueAt(event, 'object') };
}
