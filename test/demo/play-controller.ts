import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { createPaint, type Paint } from '../../src/cli/color.ts';
import { prettyLine } from '../../src/cli/log-pretty.ts';
import { waitFor } from '../control-plane/wait.ts';
import { perform, type Stage } from './play.ts';
import { type RunningController, startController } from './program.ts';
import type { Chapter } from './scenario.types.ts';

/**
 * The program as a controller: something changes, and it does what is to be done with no help.
 * @returns what went wrong, in one line each
 */
export async function playController(
  stage: Stage,
  { change, until }: Extract<Chapter, { kind: 'controller' }>,
): Promise<readonly string[]> {
  const { scenario, cluster, bundle, print } = stage;
  const paint = createPaint(print.color);
  let shown = 0;
  async function showLog(): Promise<void> {
    await calm(controller);
    const lines = controller.log().slice(shown);
    shown += lines.length;
    print.output(lines.map((line) => storyLine(line, paint)).join(''));
    print.blank();
  }

  print.command(['cilium-cloud-bridge', ...scenario.flags].join(' '));
  const given = ['--kubeconfig', cluster.kubeconfigPath, '--listen', 'none', ...scenario.flags];
  const controller = startController(bundle, given);
  try {
    await controller.waitForLine('the controller to lead', /"leading"/);
    if (change !== undefined) {
      await showLog();
      await perform(change, stage);
    }
    await waitFor(until.what, () => until.reached(cluster, controller.log()), { timeoutMs: 30_000 });
    await showLog();
  } catch (error) {
    return [`${String(error)}; its log:\n${controller.log().join('\n')}`];
  } finally {
    await controller.stop();
  }
  return [];
}

/** Resolves when the log has not grown for a moment. */
async function calm(controller: RunningController): Promise<void> {
  let seen = -1;
  while (controller.log().length !== seen) {
    seen = controller.log().length;
    await sleep(400);
  }
}

const LogLine = z.looseObject({ time: z.string(), level: z.string(), msg: z.string() });

/** A line of the log as a terminal shows it, without the fields that a machine wants. */
function storyLine(line: string, paint: Paint): string {
  if (!line.startsWith('{')) return `${line}\n`;
  const { time, level, msg, err, changes, reason } = LogLine.parse(JSON.parse(line));
  return prettyLine(JSON.stringify({ time, level, msg, err, changes, reason }), paint);
}
