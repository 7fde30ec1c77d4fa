import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { atDeath } from '../control-plane/cleanup.ts';
import { type CommandResult, runCommand, tryCommand } from '../control-plane/command.ts';
import { Attempt, type Outcome, ProbeReport } from './answer.ts';
import { CLIENT_ADDRESSES, inNamespace } from './network.ts';
import { ownProgramPath } from './programs.ts';

/** What to ask for, and where. */
export interface Target {
  /** In reports. Default: the address. */
  readonly name?: string;
  /** `10.77.0.11:30080` */
  readonly address: string;
  /** Host header, and with TLS the server name. Default: the address. */
  readonly host?: string;
  /** Default `/`. */
  readonly path?: string;
  readonly tls?: boolean;
  /**
   * One of the client's addresses; default the first. Where an entrypoint without its redirect and the Gateway
   * Service's own NodePort are both tried, each needs one of its own: the nodes remember a connection that came by way
   * of the entrypoint, and for ten seconds nothing comes back from the other port to the same address and port.
   */
  readonly from?: string;
}

export interface ConnectRequest {
  /** In turn. */
  readonly targets: readonly Target[];
  readonly count: number;
  /** At a time. Default 20. */
  readonly concurrency?: number;
  /** For one connection. Default 2 s. */
  readonly timeoutMs?: number;
}

export interface ConnectReport {
  readonly attempts: readonly Attempt[];
  /** How many ended in each way. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
}

export interface ProbeRequest {
  /** Each gets a new connection at every beat. */
  readonly targets: readonly Target[];
  /** Default 10 ms. */
  readonly everyMs?: number;
  /** For one connection. Default 2 s. */
  readonly timeoutMs?: number;
  /** It ends by itself after so long. Default 2 min. */
  readonly forMs?: number;
}

export interface RunningProbe {
  /** Ends it and hands back what it saw. */
  stop(): Promise<ProbeReport>;
}

/** A machine outside the cluster, on the nodes' network. */
export interface Client {
  readonly addresses: typeof CLIENT_ADDRESSES;
  /** What to put before a command to run it there. */
  readonly command: readonly string[];
  /** Runs a program there; any exit code resolves. */
  run(program: string, ...args: readonly string[]): Promise<CommandResult>;
  /** Makes that many connections and counts what became of them. */
  connect(request: ConnectRequest): Promise<ConnectReport>;
  /** Connects at a steady pace until it is stopped. Resolves when each target was tried once. */
  probe(request: ProbeRequest): Promise<RunningProbe>;
}

export function createClient(namespace: string): Client {
  const [enter = '', ...into] = inNamespace(namespace);
  return {
    addresses: CLIENT_ADDRESSES,
    command: [enter, ...into],
    run: (program, ...args) => tryCommand(enter, [...into, program, ...args]),
    async connect({ targets, ...rest }) {
      const spec = JSON.stringify({ mode: 'connect', targets: targets.map(complete), ...rest });
      const output = await runCommand(enter, [...into, ownProgramPath('client'), spec]);
      const lines = output.split('\n').filter((line) => line !== '');
      const attempts = lines.map((line) => Attempt.parse(JSON.parse(line)));
      const outcomes = { answered: 0, refused: 0, reset: 0, timeout: 0, unreachable: 0, failed: 0 };
      for (const { outcome } of attempts) outcomes[outcome]++;
      return { attempts, outcomes };
    },
    async probe({ targets, forMs = 120_000, ...rest }) {
      const spec = JSON.stringify({ mode: 'probe', targets: targets.map(complete), forMs, ...rest });
      const child = spawn(enter, [...into, ownProgramPath('client'), spec], { stdio: 'pipe' });
      const forget = atDeath(() => child.kill('SIGKILL'));
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const problem = text(child.stderr);
      const next = async (): Promise<unknown> => {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`the probe ended before its time: ${await problem}`);
        return JSON.parse(value);
      };
      await next(); // it has begun
      return {
        async stop() {
          child.stdin.end(); // the sign to stop
          const report = ProbeReport.parse(await next());
          forget();
          return report;
        },
      };
    },
  };
}

function complete({ name, address, host = '', path = '/', tls = false, from = '' }: Target): Required<Target> {
  return { name: name ?? address, address, host, path, tls, from };
}
