import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { doctorReportSchema } from '../../src/cli/doctor-report.schema.ts';
import type { DoctorReport } from '../../src/cli/doctor-report.types.ts';
import { PODS } from '../../src/kube/resources.ts';
import { type Controller, startController } from '../control-plane/product.ts';
import { waitFor } from '../control-plane/wait.ts';
import { type Datapath, startDatapath } from './fixture.ts';
import { ENTRYPOINT, ENTRYPOINT_NODE_PORT, setUpGateway } from './guide.ts';
import { annotate, byCopy, copyOf, makeEntrypoint, renewEndpoints, showAgents, untilNoTrace } from './product.ts';
import { everyNode, untilSettled } from './until.ts';

/* `doctor --probe` as users run it, on a machine beside the nodes: what it measures is what the datapath does. */

const COUNT = 200;
const EXPOSURE = 'cilium-cloud-bridge.io/exposure';

let datapath: Datapath;
let gatewayPort: number;
let controller: Controller;

beforeAll(async () => {
  datapath = await startDatapath();
  await showAgents(datapath);
  for (const { name } of datapath.nodes) await agentIsReady(name, true);
  gatewayPort = await setUpGateway(datapath);
  await makeEntrypoint(datapath);
  controller = await startController(datapath.controlPlane, { args: ['--adopt', 'auto'] });
});

afterAll(async () => {
  await controller?.stop();
  await datapath?.stop();
});

describe('doctor --probe', () => {
  test('redirect: none refused, as predicted; both NodePorts of both nodes answer, with latency', async () => {
    await untilSettled(datapath, everyNode(datapath, ENTRYPOINT_NODE_PORT), (answer) => byCopy(answer));
    const report = await probe();
    expect(findingOf(report, 'probe-share')).toMatchObject({
      verdict: 'pass',
      evidence: { exposure: 'redirect', refused: 0, connections: 2 * COUNT, predictedShare: 0 },
    });
    expect(findingOf(report, 'probe-nodes')).toMatchObject({ verdict: 'pass' });
    const rows = rowsOf(report, 'probe-nodes');
    expect(rows.map(({ node, to, answered }) => [node, to, answered])).toEqual(
      [gatewayPort, ENTRYPOINT_NODE_PORT].flatMap((port) =>
        datapath.nodes.map(({ name, address }) => [name, `${address}:${port}`, COUNT]),
      ),
    );
    expect(rows.every(({ p50Ms, p99Ms }) => p50Ms > 0 && p99Ms >= p50Ms)).toBe(true);
    console.info(`redirect: ${findingOf(report, 'probe-share')?.message}`);
  });

  test('node-port: about half refused, as predicted', async () => {
    await annotate(datapath, ENTRYPOINT, EXPOSURE, 'node-port');
    await untilNoTrace(datapath, copyOf());
    await renewEndpoints(datapath);
    await waitFor('the agents to know the endpoints', async () => {
      const frontends = await Promise.all(datapath.nodes.map(({ agent }) => agent.frontends()));
      const ours = frontends.flat().filter(({ service }) => service === `${ENTRYPOINT.namespace}/${ENTRYPOINT.name}`);
      return ours.every(({ backends }) => backends.some((one) => one.endsWith(`:${gatewayPort}/TCP`)));
    });
    const report = await probe();
    const share = findingOf(report, 'probe-share');
    console.info(`node-port: ${share?.message}`);
    expect(share).toMatchObject({
      verdict: 'warn',
      reason: 'ShareRefused',
      evidence: { exposure: 'node-port', connections: 2 * COUNT, predictedShare: 0.5 },
    });
    expect(Number(share?.evidence.measuredShare)).toBeGreaterThan(0.4);
    expect(Number(share?.evidence.measuredShare)).toBeLessThan(0.6);
    expect(findingOf(report, 'probe-nodes')).toMatchObject({ verdict: 'pass' });
  });

  test('a node whose agent is stopped, and its Envoy with it, is named', async () => {
    await annotate(datapath, ENTRYPOINT, EXPOSURE, null);
    await untilSettled(datapath, everyNode(datapath, ENTRYPOINT_NODE_PORT), (answer) => byCopy(answer));
    const [, stopped] = datapath.nodes;
    if (stopped === undefined) throw new Error('there is one node only');
    // As where Envoy is embedded: it ends with its agent.
    await stopped.agent.kill();
    await stopped.envoy.kill();
    await agentIsReady(stopped.name, false);
    const report = await probe();
    const silent = report.checks.find(({ id }) => id === 'probe-nodes')?.findings ?? [];
    console.info(`stopped: ${silent.map(({ message }) => message).join(' ')}`);
    expect(silent.map(({ reason, target }) => [reason, target?.name])).toEqual([['NodeDoesNotAnswer', stopped.name]]);
    expect(silent[0]?.message).toContain(`Cilium's agent there (cilium-${stopped.name}) is not Ready.`);
    expect(findingOf(report, 'probe-share')).toMatchObject({ verdict: 'pass', evidence: { connections: COUNT } });
  });
});

/** The shipped program in the client's network; the published address belongs to no machine here. */
async function probe(): Promise<DoctorReport> {
  const { client, controlPlane } = datapath;
  const { stdout, stderr } = await client.run(
    process.execPath,
    inject('bundle'),
    'doctor',
    ...['--probe', '--probe-count', String(COUNT), '--probe-rate', '500', '--cloud=false', '-o', 'json'],
    ...['--adopt', 'auto', '--skip', 'probe-published', '--kubeconfig', controlPlane.innerKubeconfigPath],
  );
  if (stdout === '') throw new Error(`no report; stderr: ${stderr}`);
  return doctorReportSchema.parse(JSON.parse(stdout));
}

type Finding = DoctorReport['checks'][number]['findings'][number];

function findingOf(report: DoctorReport, id: string): Finding | undefined {
  return report.checks.find((check) => check.id === id)?.findings[0];
}

/** What became of the connections to each target. */
function rowsOf(report: DoctorReport, id: string): readonly z.infer<typeof Row>[] {
  const findings = report.checks.find((check) => check.id === id)?.findings ?? [];
  return findings.flatMap(({ evidence }) => z.array(Row).parse(evidence.connections));
}

const Row = z.looseObject({
  node: z.string(),
  to: z.string(),
  answered: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
});

async function agentIsReady(node: string, ready: boolean): Promise<void> {
  await datapath.controlPlane.patchStatus(
    PODS,
    { namespace: 'kube-system', name: `cilium-${node}` },
    { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  );
}
