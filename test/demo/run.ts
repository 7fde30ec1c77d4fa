// `npm run demo`: a cluster in trouble, on a fake API server in this process, and the real program that mends it.
import { once } from 'node:events';
import { renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCommand } from '../control-plane/command.ts';
import { startDemoCluster } from './cluster.ts';
import { keep } from './keep.ts';
import { play } from './play.ts';
import { createPrinter } from './print.ts';
import { killPrograms } from './program.ts';
import type { Scenario } from './scenario.types.ts';
import { findScenario, listScenarios, SCENARIOS } from './scenarios.ts';

const USAGE = `usage: npm run demo -- [options]

Shows the program at work on a cluster in trouble. The cluster is a fake: an API server in this process, with models of
Cilium's operator and of the cloud's controller. The program is the real one. Ends with 0 when all went as the scenario
expects.

  --scenario NAME  which cluster; default ${SCENARIOS[0].name}
  --list           the scenarios
  --keep           leave the cluster running, for kubectl and the program by hand, until Ctrl-C
  -h, --help`;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** As a shell has it: 128 and the number of SIGINT. */
const INTERRUPTED = 130;
const BUNDLE = 'dist/cilium-cloud-bridge.js';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string' },
      list: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return say(USAGE);
  if (values.list) return say(listScenarios());
  return await show(findScenario(values.scenario), values.keep);
}

async function show(scenario: Scenario, stay: boolean): Promise<number> {
  const print = createPrinter(process.stdout, process.env);
  const interrupted = untilInterrupted();
  await build();
  const startedAt = performance.now();
  const cluster = await startDemoCluster(scenario);
  try {
    print.text(`Demo ${scenario.name}: ${scenario.title}.`);
    print.blank();
    print.text(
      `This cluster is a fake: an API server in this process, with small models of Cilium's operator and of ${scenario.cloud.name}. The program is the real one, ${BUNDLE}. No traffic flows here.`,
    );
    print.text('Stronger proof needs more than npm:');
    print.blank();
    print.command("npm run control-plane   # a real kube-apiserver with Cilium's own operator; needs Go");
    print.command("npm run datapath        # besides, Cilium's real agents and connections; needs Go and root");
    const wrong = await Promise.race([play({ scenario, cluster, bundle: BUNDLE, print }), interrupted]);
    print.blank();
    if (wrong === undefined) {
      print.text('Stopped in the middle; nothing is left behind.');
      return INTERRUPTED;
    }
    for (const problem of wrong) print.verdict(false, problem);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    print.verdict(
      wrong.length === 0,
      wrong.length === 0 ? `${endOf(scenario)}, after ${seconds} s.` : 'Not all is well.',
    );
    if (stay) {
      keep(scenario, cluster, BUNDLE, print);
      await interrupted;
      print.blank();
      print.text('Stopped; nothing is left behind.');
    }
    return wrong.length === 0 ? 0 : 1;
  } finally {
    killPrograms();
    await cluster.stop();
  }
}

/** Ctrl-C, `kill`, or the terminal is closed. A second Ctrl-C ends the process at once. */
async function untilInterrupted(): Promise<undefined> {
  await Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  return undefined;
}

function endOf({ left = [] }: Scenario): string {
  return left.length === 0 ? 'All is well' : 'All went as it should; what is still wrong, the program cannot mend';
}

/** Builds beside the bundle and moves it into place, so that nobody runs half a file. */
async function build(): Promise<void> {
  const unfinished = `dist/building-${process.pid}.js`;
  try {
    await runCommand(process.execPath, ['scripts/build.ts', '--outfile', unfinished]);
    renameSync(unfinished, BUNDLE);
  } finally {
    rmSync(unfinished, { force: true });
    rmSync(unfinished.replace(/\.js$/, '.cdx.json'), { force: true }); // what is in it: of no use for the demo
  }
}

function say(text: string): number {
  console.log(text);
  return 0;
}

// `… | head` closes the pipe early: the rest is not wanted.
process.stdout.on('error', () => undefined);
process.chdir(ROOT);
main().then(
  (code) => {
    process.exitCode = code;
    if (code === INTERRUPTED) process.exit(); // the story goes on otherwise
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  },
);
