import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { migrateReportSchema } from '../../src/cli/migrate-report.schema.ts';
import { SERVICES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { tryCommand } from '../control-plane/command.ts';
import { isKubeObject, valueAt } from '../control-plane/objects.ts';
import { type Controller, startController } from '../control-plane/product.ts';
import type { ProbeReport } from './answer.ts';
import { type Datapath, startDatapath } from './fixture.ts';
import { ENTRYPOINT, ENTRYPOINT_NODE_PORT, GATEWAY_SERVICE, gatewayNodePort, setUpGateway } from './guide.ts';
import { lossesOf, outageOf } from './outage.ts';
import { byCopy, makeEntrypoint, ownershipQuarrels, renewEndpoints, showAgents } from './product.ts';
import { everyNode, untilSettled } from './until.ts';

/* What a move to the class of our own costs clients: a new connection every 5 ms to each node, all the time. */

const OWN_CLASS = new URL('../demo/manifests/own-class.yaml', import.meta.url);
const SETTLED_MS = 2_000;
/** Of the Gateway's own NodePort: the Service goes, Cilium makes it anew, NodePort and address are written. */
const MAX_NODE_PORT_OUTAGE_MS = 3_000;

let datapath: Datapath;
let controller: Controller;

beforeAll(async () => {
  datapath = await startDatapath();
  await showAgents(datapath);
  await setUpGateway(datapath);
  for (const object of loadAll(readFileSync(OWN_CLASS, 'utf8')).filter(isKubeObject)) {
    if (object.kind !== 'Gateway') await datapath.controlPlane.apply(object);
  }
  await makeEntrypoint(datapath, { annotations: { 'cilium-cloud-bridge.io/gateway': 'default/ip-gateway' } });
  controller = await startController(datapath.controlPlane, { config: { listen: 'none' } });
  await renewEndpoints(datapath);
  // The controller's own first writes have their gaps, too.
  await untilSettled(datapath, everyNode(datapath, ENTRYPOINT_NODE_PORT), (answer) => byCopy(answer));
});
afterAll(async () => {
  await controller?.stop();
  await datapath?.stop();
});

/** Where an agent of Cilium's lets the NodePort be for longer, on one node (seen once, 14 s): moved there and back again. */
const TRIES = 3;

const MOVES = [
  { to: 'cilium-cloud', loadBalancerClass: 'cilium-cloud-bridge.io/entrypoint' },
  { to: 'cilium', loadBalancerClass: undefined },
];

// Not tried again as a whole: a second try would find the Gateway moved.
test('moves there and back: the entrypoint loses nothing, the NodePort is the same and soon back', {
  retry: 0,
}, async () => {
  let longest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < TRIES && longest > MAX_NODE_PORT_OUTAGE_MS; round += 1) {
    longest = 0;
    for (const { to, loadBalancerClass } of MOVES) {
      longest = Math.max(longest, await outageOfMove(to, loadBalancerClass));
    }
    // In the form of scripts/flaky-reporter.ts, which CI repeats at its end.
    if (longest > MAX_NODE_PORT_OUTAGE_MS) console.info(`flaky: a move left the NodePort out for ${longest} ms`);
  }
  expect(longest).toBeLessThanOrEqual(MAX_NODE_PORT_OUTAGE_MS);
});

/** Moves the Gateway while clients connect; all that must hold of every move does. How long its own NodePort was out, ms. */
async function outageOfMove(to: string, loadBalancerClass: string | undefined): Promise<number> {
  const { controlPlane, client } = datapath;
  const nodePort = await gatewayNodePort(controlPlane);
  const [, second] = client.addresses;
  const entrypoint = await client.probe({ targets: everyNode(datapath, ENTRYPOINT_NODE_PORT), everyMs: 5 });
  const own = await client.probe({
    targets: everyNode(datapath, nodePort, { from: second }),
    everyMs: 5,
    timeoutMs: 500,
  });
  const args = ['migrate', 'default/ip-gateway', '--to-class', to, '--yes', '-o', 'json'];
  const command = [inject('bundle'), ...args, '--kubeconfig', controlPlane.kubeconfigPath];
  const { stdout, stderr } = await tryCommand(process.execPath, command);
  const report = migrateReportSchema.parse(JSON.parse(stdout === '' ? JSON.stringify({ stderr }) : stdout));
  await systemClock.sleep(SETTLED_MS);
  const [seen, direct] = await Promise.all([entrypoint.stop(), own.stop()]);
  const outages = direct.targets.map(outageOf);
  console.info(
    `${to}: entrypoint ${lossesOf(seen)} of ${attemptsOf(seen)} connections lost; the Gateway's NodePort out for ` +
      `${outages.map((ms) => ms.toFixed(0)).join(', ')} ms`,
  );
  expect(report.summary).toContain('now, and Programmed');
  expect(report.exitCode).toBe(0);
  expect(lossesOf(seen)).toBe(0);
  expect(await gatewayNodePort(controlPlane)).toBe(nodePort);
  const service = await controlPlane.get(SERVICES, GATEWAY_SERVICE);
  expect(valueAt(service, 'spec', 'loadBalancerClass')).toBe(loadBalancerClass);
  expect(valueAt(await controlPlane.get(SERVICES, ENTRYPOINT), 'spec', 'ports', 0, 'targetPort')).toBe(nodePort);
  expect(ownershipQuarrels(datapath)).toEqual([]);
  return Math.max(...outages);
}

function attemptsOf(report: ProbeReport): number {
  return report.targets.reduce((sum, { attempts }) => sum + attempts, 0);
}
