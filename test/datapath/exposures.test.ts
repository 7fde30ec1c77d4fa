import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectReport } from './client.ts';
import { type Datapath, startDatapath } from './fixture.ts';
import {
  applyEntrypoint,
  byRedirect,
  copyRedirect,
  ENTRYPOINT,
  ENTRYPOINT_NODE_PORT,
  GATEWAY_SERVICE,
  setUpGateway,
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
  gatewayPort = await setUpGateway(datapath);
});

afterAll(() => datapath?.stop());

describe('pod-ip: the load balancer sends to the NodePort of the Gateway Service', () => {
  test('every connection is answered, by the right route, and the client is seen', async () => {
    const report = await connect(gatewayPort);
    expect(report.outcomes.answered).toBe(COUNT);
    expect(waysOf(report)).toEqual(API_WAYS);
    expect(clientsOf(report)).toEqual({ [datapath.client.addresses[0]]: COUNT });
  });
});

describe('node-port: the load balancer sends to the entrypoint, and that to the NodePort of the Gateway Service', () => {
  test('with externalTrafficPolicy Cluster, two nodes refuse half of the connections and hide the client', async () => {
    await applyEntrypoint(datapath, { targetPort: gatewayPort, externalTrafficPolicy: 'Cluster' }, false);
    const report = await connect(ENTRYPOINT_NODE_PORT);
    const { answered, refused } = report.outcomes;
    expect(answered + refused).toBe(COUNT);
    expect(refused).toBeGreaterThan(COUNT * 0.4);
    expect(refused).toBeLessThan(COUNT * 0.6);
    expect(Object.keys(clientsOf(report)).sort()).toEqual(datapath.nodes.map((node) => node.address));
  });

  test('with externalTrafficPolicy Local, every connection is refused', async () => {
    await applyEntrypoint(datapath, { targetPort: gatewayPort, externalTrafficPolicy: 'Local' }, false);
    expect((await connect(ENTRYPOINT_NODE_PORT)).outcomes.refused).toBe(COUNT);
  });
});

describe("redirect: a copy of the Gateway's CiliumEnvoyConfig serves the entrypoint", () => {
  beforeAll(async () => {
    await applyEntrypoint(datapath, { targetPort: gatewayPort }, false);
    await copyRedirect(datapath.controlPlane);
    await untilAnswered(datapath, everyNode(datapath, ENTRYPOINT_NODE_PORT), byRedirect);
  });

  test.each([
    { policy: 'Cluster', targetPort: 'right' },
    { policy: 'Cluster', targetPort: 'stale' },
    { policy: 'Local', targetPort: 'stale' },
  ] as const)('every connection is answered: externalTrafficPolicy $policy, $targetPort targetPort', async (given) => {
    const targetPort = given.targetPort === 'right' ? gatewayPort : 1;
    await applyEntrypoint(datapath, { targetPort, externalTrafficPolicy: given.policy }, true);
    const report = await connect(ENTRYPOINT_NODE_PORT);
    expect(report.outcomes.answered).toBe(COUNT);
    expect(waysOf(report)).toEqual(API_WAYS);
    expect(clientsOf(report)).toEqual({ [datapath.client.addresses[0]]: COUNT });
  });

  test('what the agents send to Envoy for the copy and for its source differs only in names and ports', async () => {
    for (const { envoy } of datapath.nodes) {
      const state = await envoy.state();
      const copy = xdsOf(state, ENTRYPOINT);
      expect(copy).toEqual(xdsOf(state, GATEWAY_SERVICE));
      expect(copy).toMatchObject({ listeners: [{}], routes: [{}], clusters: [{}, {}] });
    }
  });
});

/** Half of the connections to each node. */
function connect(port: number): Promise<ConnectReport> {
  return datapath.client.connect({ targets: everyNode(datapath, port, { path: '/api/orders' }), count: COUNT });
}
