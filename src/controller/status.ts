import type { ListenAddress } from '../config/config.types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { MetricSources, Metrics } from '../metrics/metrics.types.ts';
import { type HealthCheck, healthAnswer, loopCheck, watchCheck } from './health.ts';
import { type Page, startStatusServer, text } from './status-server.ts';

export interface StatusOptions {
  /** Undefined: nothing is served. */
  readonly listen: ListenAddress | undefined;
  /** Undefined: no /metrics. */
  readonly metrics: Metrics | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the controller tells the world of itself: /healthz, /readyz, /metrics. */
export interface Status {
  /** Undefined: nothing is served. */
  readonly port: number | undefined;
  /** Everything has been read once; from now on these are looked at. */
  look(sources: MetricSources): void;
  close(): Promise<void>;
}

/**
 * Serves from the start: until `look` was called the process is alive and not ready.
 * @param stop once aborted, it is not ready any more
 * @throws UsageError when the address cannot be had
 */
export async function openStatus(
  { listen, metrics, clock, logger }: StatusOptions,
  stop: AbortSignal,
): Promise<Status> {
  let sources: MetricSources | undefined;

  function aliveChecks(): readonly HealthCheck[] {
    const now = clock.monotonic();
    const loops = sources?.loops ?? [];
    // Whoever reads this knows that the event loop turns.
    return [
      { name: 'ping', failure: undefined },
      ...loops.map(({ name, loop }) => loopCheck(name, loop.status(), now)),
    ];
  }

  function readyChecks(): readonly HealthCheck[] {
    const now = clock.monotonic();
    return [
      { name: 'running', failure: stop.aborted ? 'it is stopping' : undefined },
      { name: 'started', failure: sources === undefined ? 'not everything has been read yet' : undefined },
      ...[...(sources?.watches() ?? [])].map(([name, state]) => watchCheck(name, state, now)),
    ];
  }

  const health =
    (name: string, checks: () => readonly HealthCheck[]) =>
    (query: URLSearchParams): Page => {
      const { isHealthy, text: body } = healthAnswer(name, checks(), query.has('verbose'));
      return text(isHealthy ? 200 : 503, body);
    };

  if (listen === undefined) return { port: undefined, look: () => undefined, close: () => Promise.resolve() };
  const server = await startStatusServer({
    listen,
    logger,
    pages: {
      '/healthz': health('healthz', aliveChecks),
      '/readyz': health('readyz', readyChecks),
      ...(metrics === undefined ? {} : { '/metrics': () => metricsPage(metrics) }),
    },
  });
  return {
    port: server.port,
    look: (found) => {
      sources = found;
      // Not before: what ends a start is said in one message, alone.
      logger.info({ address: `${listen.host}:${server.port}` }, 'serving /healthz, /readyz and /metrics');
      metrics?.look(found);
    },
    close: server.close,
  };
}

async function metricsPage(metrics: Metrics): Promise<Page> {
  return { status: 200, contentType: metrics.contentType, body: await metrics.render() };
}
