import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type Controller, settledWritesSince, startController } from '../control-plane/product.ts';
import { waitFor } from '../control-plane/wait.ts';
import type { ProbeReport } from './answer.ts';
import { backend, httpRoute, tlsSecret } from './backends.ts';
import type { Target } from './client.ts';
import { type Datapath, startDatapath } from './fixture.ts';
import {
  applyAll,
  ENTRYPOINT,
  ENTRYPOINT_NODE_PORT,
  ENTRYPOINT_TLS_NODE_PORT,
  GATEWAY_SERVICE,
  gateway,
  gatewayNodePort,
  HTTP_LISTENER,
  setUpGateway,
} from './guide.ts';
import { errorsOf, lossesOf, outageOf } from './outage.ts';
import { byCopy, GATEWAY, makeEntrypoint, ownershipQuarrels, renewEndpoints, showAgents } from './product.ts';
import { everyNode, untilAnswered } from './until.ts';

/* What changes cost a client while the program runs, as users run it: a new connection every few milliseconds. */

const SHOP = 'shop.example.com';
const LISTENERS = [
  HTTP_LISTENER,
  {
    name: 'https',
    protocol: 'HTTPS',
    port: 443,
    hostname: SHOP,
    tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: 'shop' }] },
  },
];
const CHANGES = 20;
/** As the chart tells the program which Pod it runs in. */
const POD = { POD_NAME: 'ccb-test', POD_UID: '0c1f6a1e' };
const MAX_LAG_MS = 2000;
/** What a Service write may cost at most on any node (rule 6). */
const MAX_OUTAGE_MS = 300;
/** A writes' effect is over: the agents collect changes of Services for half a second. */
const SETTLED_MS = 1300;
const JSON_PATCH = { contentType: 'application/json-patch+json' };
const NO_WRITE: readonly string[] = [];

let datapath: Datapath;
let controller: Controller;
let http: readonly Target[];
let https: readonly Target[];

beforeAll(async () => {
  datapath = await startDatapath();
  const api = datapath.controlPlane;
  await showAgents(datapath);
  await setUpGateway(datapath);
  await applyAll(api, [await tlsSecret('shop', SHOP, 0xa1), gateway(LISTENERS)]);
  for (let i = 0; i < CHANGES; i++) await applyAll(api, backend(versionOf(i), [`10.244.1.${100 + i}`]));
  await gatewayNodePort(api, 443);
  const ports = { 80: ENTRYPOINT_NODE_PORT, 443: ENTRYPOINT_TLS_NODE_PORT };
  await makeEntrypoint(datapath, { ports, annotations: { 'cilium-cloud-bridge.io/gateway': 'default/ip-gateway' } });
  controller = await startController(api);
  http = everyNode(datapath, ENTRYPOINT_NODE_PORT, { path: '/api/orders' });
  https = everyNode(datapath, ENTRYPOINT_TLS_NODE_PORT, { host: SHOP, tls: true, path: '/api/orders' });
  await untilAnswered(datapath, [...http, ...https], (answer) => byCopy(answer) && answer.detail === '');
  await renewEndpoints(datapath);
  await systemClock.sleep(SETTLED_MS);
});

afterAll(async () => {
  await controller?.stop();
  await datapath?.stop();
});

describe('while connections run without a pause', () => {
  test('20 route changes, backends that come and go, a certificate and a restart: none refused, no route older than 2 s', async () => {
    const api = datapath.controlPlane;
    const probe = await datapath.client.probe({ targets: [...http, ...https].map(named), everyMs: 10 });
    const changed: number[] = [];
    for (let i = 0; i < CHANGES; i++) {
      if (i === 10) await restart();
      changed.push(Date.now());
      await api.apply(httpRoute('routes', { '/': 'web', '/api': versionOf(i) }));
      if (i === 4) await applyAll(api, backend('web', ['10.244.1.10']));
      if (i === 6) await applyAll(api, backend(versionOf(6), ['10.244.1.106', '10.244.2.106']));
      if (i === 8) await api.apply(await tlsSecret('shop', SHOP, 0xb2));
      await systemClock.sleep(i === CHANGES - 1 ? MAX_LAG_MS : 700);
    }
    const report = await probe.stop();
    const lags = lagsOf(report, changed);
    const lag = Math.max(...lags);
    const attempts = report.targets.reduce((sum, target) => sum + target.attempts, 0);
    console.info(
      `${CHANGES} route changes: ${lossesOf(report)} of ${attempts} refused, ${errorsOf(report)} answered with a 5xx; ` +
        `routes answered on for ${inMs(lags)} after their end`,
    );
    expect(report.targets.flatMap(({ name, gaps }) => gaps.map((gap) => ({ name, ...gap })))).toEqual([]);
    expect(lossesOf(report)).toBe(0);
    expect(lag).toBeLessThanOrEqual(MAX_LAG_MS);
    for (const { name, answers } of report.targets) {
      expect(answers.some(({ body }) => body?.cluster.endsWith(`/default:${versionOf(CHANGES - 1)}:80`))).toBe(true);
      if (name.includes(String(ENTRYPOINT_TLS_NODE_PORT))) {
        expect([...new Set(answers.map(({ serial }) => serial))].sort()).toEqual(['a1', 'b2']);
      }
    }
  });

  test('the controller killed and its container started anew: none refused, no route older than 2 s', async () => {
    await controller.stop();
    controller = await startController(datapath.controlPlane, { env: POD });
    const probe = await datapath.client.probe({ targets: http, everyMs: 10 });
    const killed = Date.now();
    controller.program.signal('SIGKILL');
    await controller.program.exited;
    await datapath.controlPlane.apply(httpRoute('routes', { '/': 'web', '/api': versionOf(0) }));
    controller = await startController(datapath.controlPlane, { env: POD });
    const led = Date.now() - killed;
    await untilAnswered(datapath, http, ({ cluster }) => cluster.endsWith(`:${versionOf(0)}:80`));
    const followed = Date.now() - killed;
    console.info(`killed: led again after ${led} ms, had followed after ${followed} ms`);
    expect(followed).toBeLessThanOrEqual(MAX_LAG_MS);
    expect(lossesOf(await probe.stop())).toBe(0);
  });

  test('killed for good: none refused, and what changed meanwhile is followed as soon as another leads', async () => {
    const probe = await datapath.client.probe({ targets: http, everyMs: 10 });
    controller.program.signal('SIGKILL');
    await controller.program.exited;
    await datapath.controlPlane.apply(httpRoute('routes', { '/': 'web', '/api': versionOf(1) }));
    const killed = Date.now();
    controller = await startController(datapath.controlPlane);
    const led = Date.now();
    await untilAnswered(datapath, http, ({ cluster }) => cluster.endsWith(`:${versionOf(1)}:80`));
    const followed = Date.now() - led;
    console.info(`killed for good: another led after ${led - killed} ms and had followed after ${followed} ms more`);
    expect(followed).toBeLessThanOrEqual(MAX_LAG_MS);
    expect(lossesOf(await probe.stop())).toBe(0);
  });
});

describe('writes to Services: one for each change, and the gap that it opens', () => {
  const changes: readonly {
    readonly what: string;
    readonly change: (turn: number) => Promise<unknown>;
    readonly writes: readonly string[];
  }[] = [
    {
      what: 'the NodePort of the Gateway Service, so targetPort',
      change: (turn) =>
        datapath.controlPlane.patch(
          SERVICES,
          GATEWAY_SERVICE,
          [{ op: 'replace', path: '/spec/ports/0/nodePort', value: 32_100 + turn }],
          JSON_PATCH,
        ),
      writes: ['patch services kube-system/gateway-entrypoint'],
    },
    {
      what: 'externalTrafficPolicy of the entrypoint, by its user',
      change: (turn) =>
        datapath.controlPlane.patch(SERVICES, ENTRYPOINT, {
          spec: { externalTrafficPolicy: turn % 2 === 0 ? 'Cluster' : 'Local' },
        }),
      writes: NO_WRITE,
    },
    {
      what: 'the address of the entrypoint, by the cloud',
      change: (turn) =>
        datapath.controlPlane.patchStatus(
          SERVICES,
          ENTRYPOINT,
          { loadBalancer: { ingress: [{ ip: `198.51.100.${20 + turn}` }] } },
          'cloud',
        ),
      writes: ['patch services/status default/cilium-gateway-ip-gateway'],
    },
  ];

  test.each(changes)('$what', async ({ what, change, writes }) => {
    const outages: number[] = [];
    for (let turn = 1; turn <= 3; turn++) {
      const mark = await datapath.controlPlane.audit.mark();
      const probe = await datapath.client.probe({ targets: http, everyMs: 3 });
      await systemClock.sleep(200);
      await change(turn);
      await systemClock.sleep(SETTLED_MS);
      outages.push(...(await probe.stop()).targets.map(outageOf));
      expect(await settledWritesSince(datapath.controlPlane, mark)).toEqual(writes);
    }
    outages.sort((a, b) => a - b);
    console.info(`${what}: out for ${outages.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    expect(Math.max(...outages)).toBeLessThanOrEqual(MAX_OUTAGE_MS);
    await renewEndpoints(datapath);
  });
});

test("the Gateway deleted and made anew: out for no more than a second longer than its own Service's NodePort", async () => {
  const api = datapath.controlPlane;
  const [, second, third] = datapath.client.addresses;
  const oldPort = await gatewayNodePort(api);
  const old = everyNode(datapath, oldPort, { from: second, path: '/api/orders' });
  const before = await datapath.client.probe({ targets: old, everyMs: 5, timeoutMs: 500 });
  const probe = await datapath.client.probe({ targets: http, everyMs: 5, timeoutMs: 500 });
  await systemClock.sleep(200);
  await api.remove(GATEWAYS, GATEWAY);
  await waitFor('the Gateway Service to go', async () => (await api.get(SERVICES, GATEWAY_SERVICE)) === undefined);
  await api.apply(gateway(LISTENERS));
  const newPort = await gatewayNodePort(api);
  const fresh = everyNode(datapath, newPort, { from: third, path: '/api/orders' });
  const after = await datapath.client.probe({ targets: fresh, everyMs: 5, timeoutMs: 500 });
  await untilAnswered(datapath, [...fresh, ...http], (answer) => answer.detail === '');
  await systemClock.sleep(SETTLED_MS);
  const [gone, back, entry] = await Promise.all([before.stop(), after.stop(), probe.stop()]);
  const own = gone.targets.map((target, node) => {
    const answers = back.targets[node]?.answers ?? [];
    return Math.min(...answers.map(({ first }) => first)) - (target.gaps[0]?.from ?? 0);
  });
  const entrypoint = entry.targets.map(outageOf);
  console.info(`recreated: the entrypoint was out for ${inMs(entrypoint)}, the own NodePort for ${inMs(own)}`);
  expect(Math.max(...entrypoint)).toBeLessThanOrEqual(Math.max(...own) + 1000);
});

test('the address was on both Services all the time, and no agent found it owned twice', () => {
  expect(ownershipQuarrels(datapath)).toEqual([]);
});

/** Nobody follows the routes meanwhile: none changes. */
async function restart(): Promise<void> {
  const from = Date.now();
  await controller.stop();
  const ended = Date.now();
  controller = await startController(datapath.controlPlane);
  console.info(`restarted: ended within ${ended - from} ms, led ${Date.now() - ended} ms later`);
}

function inMs(times: readonly number[]): string {
  return `${times.map((ms) => ms.toFixed(0)).join(', ')} ms`;
}

function versionOf(i: number): string {
  return `v${i}`;
}

function named(target: Target): Target {
  return { ...target, name: target.address };
}

/** How long after the next change each route still answered. */
function lagsOf(report: ProbeReport, changed: readonly number[]): readonly number[] {
  const kinds = report.targets.flatMap(({ answers }) => answers);
  return changed.slice(1).map((next, i) => {
    const answered = kinds.filter(({ body }) => body?.cluster.endsWith(`:${versionOf(i)}:80`));
    return Math.max(0, ...answered.map(({ last }) => last - next));
  });
}
