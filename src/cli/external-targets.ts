import { Resolver } from 'node:dns/promises';
import { request } from 'node:https';
import type { TargetPorts } from '../checks/connectivity/targets.ts';

const TIMEOUT_MS = 2_000;

/**
 * The network of this machine, asked directly: no proxy, two seconds at most a question.
 * @param port where HTTPS is asked for; 443, except in tests
 */
export function createTargetPorts(port = 443): TargetPorts {
  return {
    resolve: async (host, signal) => {
      const late = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
      if (late.aborted) return [];
      const resolver = new Resolver({ timeout: TIMEOUT_MS / 2, tries: 2 });
      // Else the question would keep the program from ending.
      late.addEventListener('abort', () => resolver.cancel(), { once: true });
      return await resolver.resolve4(host).catch(() => []);
    },
    answers: (address, signal) =>
      new Promise((resolve) => {
        const asked = request(
          {
            host: address,
            port,
            path: '/',
            // Certificates are for names: only whether something answers is asked, and nothing is sent that matters.
            rejectUnauthorized: false,
            signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
          },
          (response) => {
            resolve((response.statusCode ?? 500) < 400);
            response.destroy();
          },
        );
        asked.on('error', () => resolve(false));
        asked.end();
      }),
  };
}
