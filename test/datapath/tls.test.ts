import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EnvoyAnswer } from './answer.ts';
import { backend, httpRoute, tlsRoute, tlsSecret } from './backends.ts';
import type { Target } from './client.ts';
import { type Datapath, startDatapath } from './fixture.ts';
import {
  applyAll,
  applyEntrypoint,
  byRedirect,
  copyRedirect,
  ENTRYPOINT,
  ENTRYPOINT_NODE_PORT,
  ENTRYPOINT_TLS_NODE_PORT,
  GATEWAY_SERVICE,
  gateway,
  gatewayNodePort,
  HTTP_LISTENER,
  setUpGateway,
} from './guide.ts';
import { errorsOf, lossesOf } from './outage.ts';
import { everyNode, untilAnswered } from './until.ts';
import { xdsOf } from './xds.ts';

/* A Gateway with HTTP, HTTPS and TLS listeners, and a redirect that was made by hand: both ports lead to one listener. */

const SHOP = 'shop.example.com';
const RAW = 'raw.example.com';
const LISTENERS = [
  HTTP_LISTENER,
  {
    name: 'https',
    protocol: 'HTTPS',
    port: 443,
    hostname: SHOP,
    tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: 'shop' }] },
  },
  { name: 'tls', protocol: 'TLS', port: 443, hostname: RAW, tls: { mode: 'Passthrough' } },
];

let datapath: Datapath;
let shop: readonly Target[];
let raw: readonly Target[];

beforeAll(async () => {
  datapath = await startDatapath();
  const api = datapath.controlPlane;
  const targetPort = await setUpGateway(datapath);
  await applyAll(api, [
    await tlsSecret('shop', SHOP, 0xa1),
    ...backend('raw', ['10.244.2.30']),
    tlsRoute('raw', RAW, 'raw'),
    gateway(LISTENERS),
  ]);
  const tlsTargetPort = await gatewayNodePort(api, 443);
  await applyEntrypoint(datapath, { targetPort, tlsTargetPort }, false);
  shop = everyNode(datapath, ENTRYPOINT_TLS_NODE_PORT, { host: SHOP, tls: true, path: '/api' });
  raw = everyNode(datapath, ENTRYPOINT_TLS_NODE_PORT, { host: RAW, tls: true });
  const gatewayShop = everyNode(datapath, tlsTargetPort, { host: SHOP, tls: true });
  await untilAnswered(datapath, gatewayShop, (answer) => answer.detail === '');
  await copyRedirect(api, [80, 443]);
  await untilAnswered(datapath, [...shop, ...raw], byRedirect);
});

afterAll(() => datapath?.stop());

test('HTTPS ends at Envoy with the certificate of the listener, by the secure route table', async () => {
  const { attempts } = await datapath.client.connect({ targets: shop, count: 2 });
  for (const attempt of attempts) {
    expect(attempt).toMatchObject({
      status: 200,
      serial: 'a1',
      body: {
        certificate: 'a1',
        serverName: SHOP,
        routeConfig: 'kube-system/gateway-entrypoint/listener-secure',
        route: 'path-separated-prefix /api',
        cluster: 'kube-system/gateway-entrypoint/default:api:80',
        endpoints: ['10.244.1.20:8080'],
      },
    });
  }
});

test('TLS for another host goes on to its backend as it is', async () => {
  const { attempts } = await datapath.client.connect({ targets: raw, count: 2 });
  for (const { body } of attempts) {
    expect(body).toMatchObject({
      serverName: RAW,
      certificate: '',
      cluster: 'kube-system/gateway-entrypoint/default:raw:80',
      endpoints: ['10.244.2.30:8080'],
    });
  }
});

test('a server name that no listener has is turned away', async () => {
  const targets = everyNode(datapath, ENTRYPOINT_TLS_NODE_PORT, { host: 'other.example.com', tls: true });
  const { outcomes } = await datapath.client.connect({ targets, count: 4 });
  expect(outcomes.answered).toBe(0);
});

test('a replaced certificate is presented without a loss, by copy and source', async () => {
  const probe = await datapath.client.probe({ targets: shop, everyMs: 10 });
  await datapath.controlPlane.apply(await tlsSecret('shop', SHOP, 0xb2));
  await untilAnswered(datapath, shop, (answer) => answer.certificate === 'b2');
  const report = await probe.stop();
  expect([lossesOf(report), errorsOf(report)]).toEqual([0, 0]);
  for (const { answers } of report.targets) expect(answers.map(({ serial }) => serial)).toEqual(['a1', 'b2']);
});

test('plain HTTP still has its own route table; a route for one listener does not show in the other', async () => {
  const api = datapath.controlPlane;
  const parentRefs = [{ namespace: 'default', name: 'ip-gateway', sectionName: 'http' }];
  await api.apply(httpRoute('plain', { '/plain': 'api' }, { parentRefs }));
  await untilAnswered(datapath, everyNode(datapath, await gatewayNodePort(api), { path: '/plain' }), byPlainRoute);
  await copyRedirect(api, [80, 443]);
  await untilAnswered(datapath, everyNode(datapath, ENTRYPOINT_NODE_PORT, { path: '/plain' }), byPlainRoute);
  const { attempts } = await datapath.client.connect({
    targets: shop.map((target) => ({ ...target, path: '/plain' })),
    count: 2,
  });
  expect(attempts.map(({ body }) => body?.route)).toEqual(['prefix /', 'prefix /']);
});

test('what the agents send to Envoy for the copy and for its source differs only in names and ports', async () => {
  for (const { envoy } of datapath.nodes) {
    const state = await envoy.state();
    expect(xdsOf(state, ENTRYPOINT)).toEqual(xdsOf(state, GATEWAY_SERVICE));
    expect(xdsOf(state, ENTRYPOINT)).toMatchObject({ listeners: [{}], routes: [{}, {}], clusters: [{}, {}, {}] });
    expect(state.secrets).toMatchObject([{ name: 'cilium-secrets/default-shop', serial: 'b2' }]);
  }
});

function byPlainRoute(answer: EnvoyAnswer): boolean {
  return answer.route === 'path-separated-prefix /plain';
}
