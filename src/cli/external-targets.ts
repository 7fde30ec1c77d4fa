import { resolve4 } from 'node:dns/promises';
import { request } from 'node:https';
import type { TargetPorts } from '../checks/connectivity/targets.ts';

const TIMEOUT_MS = 2_000;

/** The network of this machine, asked directly: no proxy, two seconds at most a question. */
export const externalTargets: TargetPorts = {
  resolve: async (host, signal) => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const late = new Promise<readonly string[]>((resolve) => {
      AbortSignal.any([signal, timeout]).addEventListener('abort', () => resolve([]), { once: true });
    });
    return await Promise.race([resolve4(host).catch(() => []), late]);
  },
  answers: (address, signal) =>
    new Promise((resolve) => {
      const asked = request(
        {
          host: address,
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
