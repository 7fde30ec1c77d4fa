import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'vitest';
import { waitFor } from '../control-plane/wait.ts';
import { type MoveScene, startMoveScene } from '../migrate/scene.ts';
import { inFastTime } from './in-fast-time.ts';
import { isPlannedWrite } from './requests.ts';
import { nameOf } from './write-log.ts';

/** Short, since whoever comes after one that was killed waits as long as its Lease lasts; not lost on a busy machine. */
const LEASE = 'lease: { duration: 4s, renewDeadline: 3s, retryPeriod: 300ms }\n';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The scene of a move, and the real program as processes of its own, which can be killed. */
export interface ProcessScene extends MoveScene {
  /** Runs the program to its end. */
  run(...args: readonly string[]): Promise<Ended>;
  /** `migrate default/gw-0`, killed (`kill -9`) at this write (`delete services …`), before or after it is carried out. */
  killedAt(what: string, side: 'before' | 'after'): Promise<void>;
  /** Starts the controller; the returned function ends it. */
  controller(): () => Promise<void>;
}

/**
 * Stops by itself at the end of the test.
 * @param factor so much faster runs the time of the processes
 */
export async function startProcessScene(context: TestContext, bundle: string, factor = 1): Promise<ProcessScene> {
  const scene = await startMoveScene(context, LEASE);
  const common = ['--kubeconfig', scene.kubeconfig, '--config', scene.config];
  const env = { ...process.env, ...(factor === 1 ? {} : inFastTime(factor)) };
  const children = new Set<ChildProcess>();
  context.onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  function start(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
    const child = spawn(process.execPath, [bundle, ...args, ...common], { env });
    children.add(child);
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    const ended = Promise.all([code, text(child.stdout), text(child.stderr)]).then(([exit, stdout, stderr]) => {
      children.delete(child);
      return { code: exit, stdout, stderr };
    });
    return { child, ended };
  }

  return {
    ...scene,
    run: (...args) => start(args).ended,
    killedAt: async (what, side) => {
      const of = (lines: readonly string[]): number => lines.filter((line) => withoutStatus(line) === what).length;
      const carriedOut = of(scene.carriedOut());
      do {
        const tried = of(scene.writes());
        const { child, ended } = start(['migrate', 'default/gw-0', '--yes']);
        const remove = scene.api.faults.intercept((request) => {
          if (child.killed) return { kind: 'drop', how: 'hang' };
          if (!isPlannedWrite(request) || withoutStatus(nameOf(request)) !== what) return undefined;
          child.kill('SIGKILL');
          return side === 'after' ? { kind: 'cut', afterBytes: 0, how: 'hang' } : { kind: 'drop', how: 'hang' };
        });
        const { stdout, stderr } = await ended;
        remove();
        if (!child.killed) throw new Error(`it ended without ${what}:\n${stdout}\n${stderr}`);
        if (side === 'before') return;
        await waitFor('the server to be done with it', () => of(scene.writes()) > tried);
        // One that met a change of Cilium's was not carried out.
      } while (of(scene.carriedOut()) === carriedOut);
    },
    controller: () => {
      const { child, ended } = start([]);
      return async () => {
        child.kill('SIGTERM');
        await ended;
      };
    },
  };
}

/** `patch gateways default/gw-0 200` without the 200. */
export function withoutStatus(line: string): string {
  return line.replace(/ \S*$/, '');
}
