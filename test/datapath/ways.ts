import type { EnvoyAnswer } from './answer.ts';
import type { ConnectReport } from './client.ts';

/** How often a report's connections were answered in each way: `n1 prefix / → default:web:80`. */
export function waysOf(report: ConnectReport): Readonly<Record<string, number>> {
  return countBy(report, wayOf);
}

/** Which node answered, by which route, and from which cluster (without the name of the CiliumEnvoyConfig). */
function wayOf({ node, route, cluster }: EnvoyAnswer): string {
  return `${node} ${route} → ${cluster.replace(/^.*\//, '')}`;
}

/** How often each client address was seen by Envoy. */
export function clientsOf(report: ConnectReport): Readonly<Record<string, number>> {
  return countBy(report, clientOf);
}

/** Without the port. */
function clientOf({ client }: EnvoyAnswer): string {
  return client.replace(/:\d+$/, '');
}

function countBy(report: ConnectReport, keyOf: (answer: EnvoyAnswer) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { body } of report.attempts) {
    if (body === null) continue;
    const key = keyOf(body);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
