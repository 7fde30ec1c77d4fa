import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import { type MoveScene, startMoveScene } from '../migrate/scene.ts';
import { isPlannedWrite } from './requests.ts';

const FAST_PROCESS = fileURLToPath(new URL('./fast-process.ts', import.meta.url));
/** Short, since whoever comes after one that was killed waits as long as its Lease lasts. */
const LEASE = 'lease: { duration: 2s, renewDeadline: 1500ms, retryPeriod: 300ms }\n';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The scene of a move, and the real program as processes of its own, which can be killed. */
export interface ProcessScene extends MoveScene {
  /** Runs the program to its end. */
  run(...args: readonly string[]): Promise<Ended>;
  /** `migrate default/gw-0`, killed (`kill -9`) at its n-th write, before or after the server has carried it out. */
  killedAt(n: number, side: 'before' | 'after'): Promise<void>;
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
  const env = { ...process.env, FAST_FACTOR: String(factor), FAST_EPOCH: String(Date.now()) };
  const fast = factor === 1 ? [] : ['--import', FAST_PROCESS];
  const children = new Set<ChildProcess>();
  context.onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  function start(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
    const child = spawn(process.execPath, [...fast, bundle, ...args, ...common], { env });
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
    killedAt: async (n, side) => {
      const { child, ended } = start(['migrate', 'default/gw-0', '--yes']);
      let left = n;
      const remove = scene.api.faults.intercept((request) => {
        if (!isPlannedWrite(request)) return undefined;
        left -= 1;
        if (left > 0) return undefined;
        if (left === 0) {
          child.kill('SIGKILL');
          if (side === 'after') return { kind: 'cut', afterBytes: 0, how: 'hang' };
        }
        return { kind: 'drop', how: 'hang' };
      });
      const { stdout, stderr } = await ended;
      remove();
      if (left > 0) throw new Error(`it ended without a ${n}th write:\n${stdout}\n${stderr}`);
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
