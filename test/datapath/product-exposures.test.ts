import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENVOY_CONFIGS, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import { conditionOf, valueAt } from '../control-plane/objects.ts';
import { type Controller, startController } from '../control-plane/product.ts';
import { waitFor } from '../control-plane/wait.ts';
import type { ConnectReport } from './client.ts';
import { type Datapath, startDatapath } from './fixture.ts';
import { ENTRYPOINT, ENTRYPOINT_NODE_PORT, GATEWAY_SERVICE, setUpGateway } from './guide.ts';
import {
  annotate,
  byCopy,
  copyOf,
  GATEWAY,
  makeEntrypoint,
  ownershipQuarrels,
  renewEndpoints,
  sentFor,
  showAgents,
  tracesOf,
  untilNoTrace,
} from './product.ts';
import { everyNode, untilSettled } from './until.ts';
import { clientsOf, waysOf } from './ways.ts';

/* The guide's objects, and the program as users run it: what becomes of a client's connections by each exposure. */

const COUNT = 1000;
const EXPOSURE = 'cilium-cloud-bridge.io/exposure';
const API_WAYS = {
  'n1 path-separated-prefix /api → default:api:80': COUNT / 2,
  'n2 path-separated-prefix /api → default:api:80': COUNT / 2,
};

let datapath: Datapath;
let gatewayPort: number;
let controller: Controller;

beforeAll(async () => {
  datapath = await startDatapath();
  await showAgents(datapath);
  gatewayPort = await setUpGateway(datapath);
  await makeEntrypoint(datapath);
  controller = await startController(datapath.controlPlane, { args: ['--adopt', 'auto'] });
});

afterAll(async () => {
  await controller?.stop();
  await datapath?.stop();
});

describe('auto', () => {
  test('1,000 connections, both nodes: none refused, the client seen, the right route and cluster', async () => {
    await untilProgrammed(); // after the last write
    await untilRedirected();
    const report = await connect(ENTRYPOINT_NODE_PORT);
    expect(report.outcomes.answered).toBe(COUNT);
    expect(waysOf(report)).toEqual(API_WAYS);
    expect(clientsOf(report)).toEqual({ [datapath.client.addresses[0]]: COUNT });
    expect(report.attempts.every(({ body }) => body !== null && byCopy(body))).toBe(true);
    console.info(`redirect: ${report.outcomes.answered} of ${COUNT} answered`);
  });

  test('the targetPort follows all the same, and the Gateway is Programmed with the address', async () => {
    expect(await targetPort()).toBe(gatewayPort);
    await untilProgrammed();
  });

  test('with externalTrafficPolicy Local as well', async () => {
    await datapath.controlPlane.patch(SERVICES, ENTRYPOINT, { spec: { externalTrafficPolicy: 'Local' } });
    await waitFor('the agents to know', async () => {
      const services = await Promise.all(datapath.nodes.map(({ agent }) => agent.services()));
      return (
        services.flat().filter((one) => isEntrypoint(one.name) && one.externalTrafficPolicy === 'Local').length === 2
      );
    });
    await untilRedirected();
    const report = await connect(ENTRYPOINT_NODE_PORT);
    expect(report.outcomes.answered).toBe(COUNT);
    await datapath.controlPlane.patch(SERVICES, ENTRYPOINT, { spec: { externalTrafficPolicy: 'Cluster' } });
  });

  test('what the agents send to Envoy for the copy and for its source differs only in names', async () => {
    for (const { copy, source } of await sentFor(datapath, ENTRYPOINT, GATEWAY_SERVICE)) {
      expect(copy).toEqual(source);
      expect(copy).toMatchObject({ listeners: [{}], routes: [{}], clusters: [{}, {}] });
    }
  });
});

describe('node-port by choice', () => {
  test('the copy goes and leaves no trace in any agent; the warning says which share is refused', async () => {
    expect(await tracesOf(datapath, copyOf())).not.toEqual([]);
    await annotate(datapath, ENTRYPOINT, EXPOSURE, 'node-port');
    await untilNoTrace(datapath, copyOf());
    expect(await datapath.controlPlane.get(ENVOY_CONFIGS, copyOf())).toBeUndefined();
    const line = await controller.waitForLine('the warning', ({ reason }) => reason === 'NodePortExposureRefuses');
    expect(line.msg).toContain('refuses 1 in 2 connections');
    expect(line.fix).toContain(`${EXPOSURE}=auto`);
  });

  test('and that share is refused', async () => {
    await renewEndpoints(datapath);
    await waitFor('the agents to know the endpoints', async () => {
      const frontends = await Promise.all(datapath.nodes.map(({ agent }) => agent.frontends()));
      const ours = frontends.flat().filter(({ service }) => isEntrypoint(service));
      return ours.every(({ backends }) => backends.some((one) => one.endsWith(`:${gatewayPort}/TCP`)));
    });
    const { answered, refused } = (await connect(ENTRYPOINT_NODE_PORT)).outcomes;
    console.info(`node-port: ${refused} of ${COUNT} refused`);
    expect(answered + refused).toBe(COUNT);
    expect(refused).toBeGreaterThan(COUNT * 0.4);
    expect(refused).toBeLessThan(COUNT * 0.6);
  });
});

test('pod-ip: none refused, the client seen, no warning', async () => {
  await annotate(datapath, ENTRYPOINT, EXPOSURE, 'pod-ip');
  await controller.waitForLine('the end of the warning', ({ msg }) =>
    /^No longer so: The exposure node-port/.test(msg),
  );
  const report = await connect(gatewayPort, datapath.client.addresses[1]);
  expect(report.outcomes.answered).toBe(COUNT);
  expect(clientsOf(report)).toEqual({ [datapath.client.addresses[1]]: COUNT });
  expect(await tracesOf(datapath, copyOf())).toEqual([]);
});

test('the Gateway deleted: its copy leaves no trace, the entrypoint stays as the user made it', async () => {
  await annotate(datapath, ENTRYPOINT, EXPOSURE, null);
  await untilRedirected();
  const before = await datapath.controlPlane.get(SERVICES, ENTRYPOINT);
  await datapath.controlPlane.remove(GATEWAYS, GATEWAY);
  await untilNoTrace(datapath, copyOf());
  const after = await datapath.controlPlane.get(SERVICES, ENTRYPOINT);
  expect(after?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
});

test('the address was on both Services all the time, and no agent found it owned twice', () => {
  expect(ownershipQuarrels(datapath)).toEqual([]);
});

async function untilProgrammed(): Promise<void> {
  await waitFor('the Gateway to be Programmed', async () => {
    const gateway = await datapath.controlPlane.get(GATEWAYS, GATEWAY);
    return conditionOf(gateway, 'Programmed')?.status === 'True';
  });
}

function untilRedirected(): Promise<void> {
  return untilSettled(datapath, everyNode(datapath, ENTRYPOINT_NODE_PORT), (answer) => byCopy(answer));
}

function isEntrypoint(name: string): boolean {
  return name === `${ENTRYPOINT.namespace}/${ENTRYPOINT.name}`;
}

async function targetPort(): Promise<unknown> {
  return valueAt(await datapath.controlPlane.get(SERVICES, ENTRYPOINT), 'spec', 'ports', 0, 'targetPort');
}

/** Half of the connections to each node. */
function connect(port: number, from: string = datapath.client.addresses[0]): Promise<ConnectReport> {
  return datapath.client.connect({ targets: everyNode(datapath, port, { path: '/api/orders', from }), count: COUNT });
}
