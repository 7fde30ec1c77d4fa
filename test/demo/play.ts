import { isWrite } from '../fake-api/requests.ts';
import type { DemoCluster } from './cluster.ts';
import { playController } from './play-controller.ts';
import type { Printer } from './print.ts';
import { type Ended, runProgram } from './program.ts';
import type { Act, Scenario } from './scenario.types.ts';
import { problemsOf, viewOf } from './view.ts';

export interface Stage {
  readonly scenario: Scenario;
  readonly cluster: DemoCluster;
  /** The built program. */
  readonly bundle: string;
  readonly print: Printer;
}

/**
 * Tells a scenario from its past to its good end, on the cluster given.
 * @returns what went wrong, in one line each; none: all is well
 */
export async function play(stage: Stage): Promise<readonly string[]> {
  const { scenario, cluster, print } = stage;
  const wrong: string[] = [];

  print.heading('How it came about');
  for (const act of scenario.past) await perform(act, stage);

  print.heading('The cluster before');
  const before = viewOf(cluster.api, scenario.subjects);
  print.view(before);

  print.heading('What the program would write');
  const dryRun = await command(stage, ['--once', '--dry-run', ...scenario.flags]);
  wrong.push(...expectCode('--once --dry-run', dryRun, scenario.expected.dryRun));
  const early = writesOf(cluster);
  if (early.length > 0) wrong.push(`the dry run wrote: ${early.join(', ')}`);

  print.heading('The program writes it');
  print.text('It then waits a few seconds to see that Cilium takes the address over and that nobody undoes it.');
  print.blank();
  const real = await command(stage, ['--once', ...scenario.flags, '--yes']);
  wrong.push(...expectCode('--once --yes', real, scenario.expected.once));
  await cluster.operator.settled();
  print.text('All that the API server was asked to change by it, besides Events:');
  print.output(writesOf(cluster).join('\n') || 'nothing');

  print.heading('The cluster after');
  const after = viewOf(cluster.api, scenario.subjects);
  print.view(after, before);
  if (scenario.expected.once === 0) wrong.push(...problemsOf(after));

  print.heading('Once more: nothing is left to do');
  const count = writesOf(cluster).length;
  const again = await command(stage, ['--once', ...scenario.flags, '--yes'], (text) => text.trim().split('\n').at(-1));
  wrong.push(...expectCode('the second --once', again, scenario.expected.once));
  const late = writesOf(cluster).slice(count);
  if (late.length > 0) wrong.push(`the second --once wrote: ${late.join(', ')}`);

  if (scenario.change !== undefined) wrong.push(...(await playController(stage, scenario.change)));
  return wrong;
}

/** Says what happens, lets it happen, and says what came of it. */
export async function perform(act: Act, { cluster, print }: Stage): Promise<void> {
  print.text(act.why);
  print.blank();
  print.command(act.command);
  await act.run(cluster);
  print.output(act.outcome(cluster));
  print.blank();
}

async function command(
  { bundle, cluster, print }: Stage,
  args: readonly string[],
  shown: (stdout: string) => string | undefined = (stdout) => stdout,
): Promise<Ended> {
  print.command(`cilium-cloud-bridge ${args.join(' ')}`);
  const ended = await runProgram(bundle, ['--kubeconfig', cluster.kubeconfigPath, ...args], print.color);
  print.output(`${shown(ended.stdout) ?? ''}${ended.stderr === '' ? '' : `\n${ended.stderr}`}`);
  print.output(`exit code ${ended.code}${CODES[ended.code] ?? ''}`);
  print.blank();
  return ended;
}

const CODES: Readonly<Record<number, string>> = {
  0: ': in sync',
  1: ': an error',
  2: ': something is still to be done',
};

function expectCode(what: string, { code, stderr }: Ended, expected: number): string[] {
  return code === expected ? [] : [`${what} ended with ${code}, not ${expected} ${stderr}`.trim()];
}

/** What the program wrote so far, besides Events and the Lease: `PATCH services/status default/web`. */
function writesOf({ api }: DemoCluster): string[] {
  return api.requests
    .filter((request) => isWrite(request) && request.userAgent.startsWith('cilium-cloud-bridge/'))
    .filter(({ resource }) => resource !== 'events' && resource !== 'leases')
    .map(({ method, resource, subresource, namespace, name }) => {
      const kind = subresource === '' ? resource : `${resource}/${subresource}`;
      return `${method} ${kind} ${namespace}/${name}`;
    });
}
