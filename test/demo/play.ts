import { stringAt } from '../fake-api/json.ts';
import { isWrite } from '../fake-api/requests.ts';
import type { DemoCluster } from './cluster.ts';
import { playController } from './play-controller.ts';
import type { Printer } from './print.ts';
import { type Ended, runProgram } from './program.ts';
import type { Act, Chapter, Scenario } from './scenario.types.ts';
import { problemsOf, type Section, viewOf } from './view.ts';

export interface Stage {
  readonly scenario: Scenario;
  readonly cluster: DemoCluster;
  /** The built program. */
  readonly bundle: string;
  readonly print: Printer;
}

const HEADINGS: Readonly<Record<Chapter['kind'], string>> = {
  acts: 'How it came about',
  view: 'The cluster before',
  'dry-run': 'What the program would write',
  once: 'The program writes it',
  again: 'Once more: nothing is left to do',
  doctor: 'What doctor finds',
  controller: 'The same as a controller',
};

/**
 * Tells a scenario from its past to its end, on the cluster given.
 * @returns what went wrong, in one line each; none: all went as expected
 */
export async function play(stage: Stage): Promise<readonly string[]> {
  const { scenario, cluster, print } = stage;
  const wrong: string[] = [];
  let shown: readonly Section[] | undefined;
  const view = (): void => {
    const now = viewOf(cluster.api, scenario);
    print.view(now, shown);
    shown = now;
  };

  for (const chapter of scenario.story) {
    print.heading(chapter.heading ?? HEADINGS[chapter.kind]);
    if (chapter.text !== undefined) {
      print.text(chapter.text);
      print.blank();
    }
    const count = writesOf(cluster).length;
    const written = (): readonly string[] => writesOf(cluster).slice(count);
    const what = `chapter "${chapter.heading ?? HEADINGS[chapter.kind]}"`;
    switch (chapter.kind) {
      case 'acts':
        for (const act of chapter.acts) await perform(act, stage);
        break;
      case 'view':
        view();
        break;
      case 'dry-run': {
        const ended = await command(stage, ['--once', '--dry-run', ...scenario.flags], chapter.meaning);
        wrong.push(...expectCode(what, ended, chapter.code), ...expectWrites(what, written(), []));
        break;
      }
      case 'once': {
        const ended = await command(stage, ['--once', ...scenario.flags, '--yes'], chapter.meaning);
        await cluster.operator.settled();
        print.text('All that the API server was asked to change by it, besides Events:');
        print.output(written().join('\n') || 'nothing');
        print.blank();
        wrong.push(...expectCode(what, ended, chapter.code), ...expectWrites(what, written(), chapter.writes));
        if (written().length > 0) view();
        break;
      }
      case 'again': {
        const args = ['--once', ...scenario.flags, '--yes'];
        const ended = await command(stage, args, '', (stdout) => stdout.trim().split('\n').at(-1));
        wrong.push(...expectCode(what, ended, chapter.code), ...expectWrites(what, written(), []));
        break;
      }
      case 'doctor': {
        const ended = await command(stage, ['doctor', '--cloud=false'], chapter.meaning);
        wrong.push(...expectCode(what, ended, chapter.code), ...expectWrites(what, written(), []));
        break;
      }
      case 'controller':
        wrong.push(...(await playController(stage, chapter)));
        wrong.push(...expectWrites(what, written(), chapter.writes));
        view();
        break;
    }
  }
  return [...wrong, ...judgeEnd(problemsOf(viewOf(cluster.api, scenario)), scenario.left ?? [])];
}

/** Says what happens, lets it happen, and says what came of it. */
export async function perform(act: Act, { cluster, print }: Stage): Promise<void> {
  print.text(act.why);
  print.blank();
  if (act.command !== undefined) print.command(act.command);
  await act.run(cluster);
  print.output(act.outcome(cluster));
  print.blank();
}

async function command(
  { bundle, cluster, print }: Stage,
  args: readonly string[],
  meaning: string,
  shown: (stdout: string) => string | undefined = (stdout) => stdout,
): Promise<Ended> {
  print.command(`cilium-cloud-bridge ${args.join(' ')}`);
  const ended = await runProgram(bundle, [...args, '--kubeconfig', cluster.kubeconfigPath], print.color);
  print.output(`${shown(ended.stdout) ?? ''}${ended.stderr === '' ? '' : `\n${ended.stderr}`}`);
  print.output(`exit code ${ended.code}${CODES[ended.code] ?? ''}`);
  print.blank();
  if (meaning !== '') {
    print.text(meaning);
    print.blank();
  }
  return ended;
}

const CODES: Readonly<Record<number, string>> = {
  0: ': in sync',
  1: ': an error',
  2: ': something is still to be done',
};

function expectCode(what: string, { code, stderr }: Ended, expected: number): string[] {
  return code === expected ? [] : [`${what}: ended with ${code}, not ${expected} ${stderr}`.trim()];
}

function expectWrites(what: string, written: readonly string[], expected: readonly string[]): string[] {
  const text = (writes: readonly string[]): string => (writes.length === 0 ? 'nothing' : writes.toSorted().join(', '));
  return text(written) === text(expected) ? [] : [`${what}: it wrote ${text(written)}; expected was ${text(expected)}`];
}

/** What is wrong at the end and should not be, and what should be and is not. */
function judgeEnd(problems: readonly string[], left: readonly string[]): string[] {
  return [
    ...problems.filter((problem) => !left.some((known) => problem.startsWith(known))),
    ...left
      .filter((known) => !problems.some((problem) => problem.startsWith(known)))
      .map((known) => `not seen at the end: ${known}`),
  ];
}

/** What the program wrote so far, besides Events and the Lease: `PATCH services/status default/web`. */
export function writesOf({ api }: DemoCluster): string[] {
  return api.requests
    .filter((request) => isWrite(request) && request.userAgent.startsWith('cilium-cloud-bridge/'))
    .filter(({ resource }) => resource !== 'events' && resource !== 'leases')
    .map(({ method, resource, subresource, namespace, name, body }) => {
      const kind = subresource === '' ? resource : `${resource}/${subresource}`;
      const made = name === '' ? stringAt(body, 'metadata', 'name') : name;
      return `${method} ${kind} ${namespace === '' ? '' : `${namespace}/`}${made}`;
    });
}
