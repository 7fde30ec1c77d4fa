import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { createPaint, type Paint } from '../../src/cli/color.ts';
import { prettyLine } from '../../src/cli/log-pretty.ts';
import { waitFor } from '../control-plane/wait.ts';
import { perform, type Stage } from './play.ts';
import { type RunningController, startController } from './program.ts';
import type { Act } from './scenario.types.ts';
import { problemsOf, viewOf } from './view.ts';

/**
 * The program as a controller: something changes, and it is in sync again with no help.
 * @returns what went wrong, in one line each
 */
export async function playController(stage: Stage, change: Act): Promise<readonly string[]> {
  const { scenario, cluster, bundle, print } = stage;
  const look = (): string[] => problemsOf(viewOf(cluster.api, scenario.subjects));
  const paint = createPaint(print.color);
  let shown = 0;
  async function showLog(): Promise<void> {
    await calm(controller);
    const lines = controller.log().slice(shown);
    shown += lines.length;
    print.output(lines.map((line) => storyLine(line, paint)).join(''));
    print.blank();
  }

  print.heading('The same as a controller');
  print.command(`cilium-cloud-bridge ${scenario.flags.join(' ')}`);
  const controller = startController(bundle, ['--kubeconfig', cluster.kubeconfigPath, ...scenario.flags]);
  try {
    await controller.waitForLine('the controller to lead', /"leading"/);
    await showLog();
    const before = viewOf(cluster.api, scenario.subjects);
    await perform(change, stage);
    await waitFor('everything to be in sync again', () => look().length === 0);
    await showLog();
    print.view(viewOf(cluster.api, scenario.subjects), before);
  } catch (error) {
    return [...look(), `${String(error)}; its log:\n${controller.log().join('\n')}`];
  } finally {
    await controller.stop();
  }
  return look();
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
