import { usageError } from '../lib/errors.ts';
import { printable } from '../lib/printable.ts';
import { confirm, type Terminal } from './confirm.ts';
import type { PodProbeUi } from './doctor-pods.ts';
import type { Progress } from './progress.ts';

/** How `--probe-pods` talks to people: the question and what goes wrong, on stderr. */
export function podProbeUi(
  { progress, ...ports }: Pick<PodProbeUi, 'client' | 'clock' | 'hold'> & { readonly progress: Progress },
  input: Terminal['input'],
  output: Terminal['output'],
): PodProbeUi {
  const say = (line: string): void => {
    progress.clear();
    output.write(`${printable(line, true)}\n`);
  };
  return {
    ...ports,
    progress: progress.show,
    say,
    confirm: async (plan, signal) => {
      say(`--probe-pods makes ${plan}`);
      const refusal = usageError(
        'command line',
        '--probe-pods makes Pods, but there is no terminal to ask on, so none was made',
        'Add --yes to make them without asking.',
      );
      return await confirm('Make them?', refusal, { input, output }, signal);
    },
  };
}
