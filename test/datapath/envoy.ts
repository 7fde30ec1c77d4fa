import { join } from 'node:path';
import { type RunningProgram, startProgram } from '../control-plane/process.ts';
import { waitFor } from '../control-plane/wait.ts';
import { type Log, openLog } from './log.ts';
import { inNamespace } from './network.ts';
import { ownProgramPath } from './programs.ts';
import { readXdsState, type XdsState } from './xds.ts';

/** The stand-in for cilium-envoy on one node. */
export interface Envoy {
  readonly log: Log;
  /** Serves `GET /state` over HTTP. */
  readonly adminSocket: string;
  /** Starts it; resolves when it serves what the agent has for it by then. */
  start(): Promise<void>;
  /** SIGKILL: every connection breaks, every proxy port closes. */
  kill(): Promise<void>;
  state(): Promise<XdsState>;
}

export interface EnvoyOptions {
  readonly node: string;
  readonly namespace: string;
  readonly dir: string;
  readonly xdsSocket: string;
}

export function createEnvoy({ node, namespace, dir, xdsSocket }: EnvoyOptions): Envoy {
  const log = openLog(join(dir, 'envoy.log'));
  const adminSocket = join(dir, 'envoy.sock');
  let program: RunningProgram | undefined;

  return {
    log,
    adminSocket,
    state: () => readXdsState(adminSocket),
    async start() {
      if (program?.running() === true) throw new Error(`the Envoy stand-in of ${node} runs already`);
      const args = ['-xds', xdsSocket, '-admin', adminSocket, '-node', node];
      const command = { program: ownProgramPath('envoy'), args };
      program = await startProgram(`the Envoy stand-in of ${node}`, command, log.path, inNamespace(namespace));
      await waitFor(`the Envoy stand-in of ${node} to answer`, async () => settled(await readXdsState(adminSocket)), {
        timeoutMs: 60_000,
      });
    },
    async kill() {
      await program?.kill();
      program = undefined;
    },
  };
}

/** Every listener that was sent serves. */
function settled(state: XdsState): boolean {
  return state.listeners.every((listener) => listener.serves.length > 0);
}
