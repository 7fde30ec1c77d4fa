import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../control-plane/wait.ts';
import type { EnvoyAnswer } from './answer.ts';
import type { ConnectReport } from './client.ts';
import { type Datapath, startDatapath } from './fixture.ts';
import {
  applyAll,
  backend,
  ENTRYPOINT,
  ENTRYPOINT_NODE_PORT,
  entrypoint,
  GATEWAY_SERVICE,
  gateway,
  gatewayClass,
  gatewayEnvoyConfig,
  gatewayNodePort,
  httpRoute,
  redirectCopy,
} from './guide.ts';
import { everyNode, untilAnswered } from './until.ts';
import { clientsOf, waysOf } from './ways.ts';
import { xdsOf } from './xds.ts';

/*
 * What becomes of a client's connections, by how a Gateway is exposed. No product takes part: this is the ground that
 * the product's exposures stand on, measured on real agents.
 */

const COUNT = 1000;
const API_WAYS = {
  'n1 path-separated-prefix /api → default:api:80': COUNT / 2,
  'n2 path-separated-prefix /api → default:api:80': COUNT / 2,
};

let datapath: Datapath;
let gatewayPort: number;

beforeAll(async () => {
  datapath = await startDatapath();
  await applyAll(datapath.controlPlane, [
    gatewayClass(),
    gateway(),
    ...backend('web', ['10.244.1.10', '10.244.2.10']),
    ...backend('api', ['10.244.1.20']),
    httpRoute('routes', { '/': 'web', '/api': 'api' }),
  ]);
  gatewayPort = await gatewayNodePort(datapath.controlPlane);
  await untilAnswered(datapath, everyNode(datapath, gatewayPort), (answer) => answer.detail === '');
});

afterAll(() => datapath?.stop());

describe('pod-ip: the load balancer sends to the NodePort of the Gateway Service', () => {
  test('every connection is answered, by the right route, and the client is seen', async () => {
    const report = await connect(gatewayPort);
    expect(report.outcomes.answered).toBe(COUNT);
    expect(waysOf(report)).toEqual(API_WAYS);
    expect(clientsOf(report)).toEqual({ [datapath.client.address]: COUNT });
  });
});

describe('node-port: the load balancer sends to the entrypoint, and that to the NodePort of the Gateway Service', () => {
  test('with externalTrafficPolicy Cluster, two nodes refuse half of the connections and hide the client', async () => {
    await applyEntrypoint(gatewayPort, 'Cluster');
    const report = await connect(ENTRYPOINT_NODE_PORT);
    const { answered, refused } = report.outcomes;
    expect(answered + refused).toBe(COUNT);
    expect(refused).toBeGreaterThan(COUNT * 0.4);
    expect(refused).toBeLessThan(COUNT * 0.6);
    expect(Object.keys(clientsOf(report)).sort()).toEqual(datapath.nodes.map((node) => node.address));
  });

  test('with externalTrafficPolicy Local, every connection is refused', async () => {
    await applyEntrypoint(gatewayPort, 'Local');
    expect((await connect(ENTRYPOINT_NODE_PORT)).outcomes.refused).toBe(COUNT);
  });
});

describe("redirect: a copy of the Gateway's CiliumEnvoyConfig serves the entrypoint", () => {
  beforeAll(async () => {
    await applyEntrypoint(gatewayPort, 'Cluster');
    await datapath.controlPlane.apply(redirectCopy(await gatewayEnvoyConfig(datapath.controlPlane)));
    const ofCopy = (answer: EnvoyAnswer): boolean => answer.listener === 'kube-system/gateway-entrypoint/listener';
    await untilAnswered(datapath, everyNode(datapath, ENTRYPOINT_NODE_PORT), ofCopy);
  });

  test.each([
    { externalTrafficPolicy: 'Cluster', targetPort: 'right' },
    { externalTrafficPolicy: 'Cluster', targetPort: 'stale' },
    { externalTrafficPolicy: 'Local', targetPort: 'stale' },
  ] as const)(
    'every connection is answered: externalTrafficPolicy $externalTrafficPolicy, $targetPort targetPort',
    async ({ externalTrafficPolicy, targetPort }) => {
      await applyEntrypoint(targetPort === 'right' ? gatewayPort : 1, externalTrafficPolicy, true);
      const report = await connect(ENTRYPOINT_NODE_PORT);
      expect(report.outcomes.answered).toBe(COUNT);
      expect(waysOf(report)).toEqual(API_WAYS);
      expect(clientsOf(report)).toEqual({ [datapath.client.address]: COUNT });
    },
  );

  test('what the agents send to Envoy for the copy and for its source differs only in names and ports', async () => {
    for (const { envoy } of datapath.nodes) {
      const state = await envoy.state();
      const copy = xdsOf(state, ENTRYPOINT.namespace, ENTRYPOINT.name);
      expect(copy).toEqual(xdsOf(state, GATEWAY_SERVICE.namespace, GATEWAY_SERVICE.name));
      expect(copy['routes']).toHaveLength(1);
      expect(copy['clusters']).toHaveLength(2);
    }
  });
});

/** Applies it, and waits until both agents serve it as it is now (and, with a copy, put its redirect back). */
async function applyEntrypoint(
  targetPort: number,
  externalTrafficPolicy: 'Cluster' | 'Local',
  redirected = false,
): Promise<void> {
  const name = `${ENTRYPOINT.namespace}/${ENTRYPOINT.name}`;
  const objects = entrypoint({ targetPort, externalTrafficPolicy, mark: `${targetPort} ${externalTrafficPolicy}` });
  await applyAll(datapath.controlPlane, objects);
  for (const { agent } of datapath.nodes) {
    await waitFor('the agents to serve the entrypoint', async () => {
      const service = (await agent.services()).find((one) => one.name === name);
      const frontends = (await agent.frontends()).filter((one) => one.service === name);
      return (
        service?.annotations['test/mark'] === `${targetPort} ${externalTrafficPolicy}` &&
        (service.redirect !== undefined) === redirected &&
        frontends.length > 0 &&
        frontends.every(
          (one) => one.status === 'Done' && one.backends.every((backend) => backend.endsWith(`:${targetPort}/TCP`)),
        )
      );
    });
  }
}

function connect(port: number): Promise<ConnectReport> {
  return datapath.client.connect({ targets: everyNode(datapath, port, { path: '/api/orders' }), count: COUNT });
}
