import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SERVICES } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { EnvoyAnswer } from './answer.ts';
import { backend, httpRoute } from './backends.ts';
import type { RunningProbe, Target } from './client.ts';
import { type Datapath, startDatapath } from './fixture.ts';
import {
  applyAll,
  applyEntrypoint,
  byRedirect,
  copyRedirect,
  ENTRYPOINT,
  ENTRYPOINT_NODE_PORT,
  GATEWAY_SERVICE,
  setUpGateway,
} from './guide.ts';
import { errorsOf, lossesOf, outageOf } from './outage.ts';
import { everyNode, untilAnswered } from './until.ts';

/*
 * What a change costs while connections go on: a new one to each node every few milliseconds, first to the Gateway
 * Service's own NodePort, then to an entrypoint with a redirect that was made by hand.
 */

/** The agent drops the redirect of a Service that was written to, and puts it back at its next look, 100 ms later. */
const USUAL_OUTAGE_MS = 300;
/** The agent collects changes of Services for up to half a second before it looks at them. */
const SETTLED_MS = 1300;

let datapath: Datapath;
let gatewayPort: number;
let gatewayTargets: readonly Target[];
let entrypointTargets: readonly Target[];

beforeAll(async () => {
  datapath = await startDatapath();
  gatewayPort = await setUpGateway(datapath);
  await applyEntrypoint(datapath, { targetPort: gatewayPort }, false);
  await copyRedirect(datapath.controlPlane);
  gatewayTargets = everyNode(datapath, gatewayPort, { path: '/api/orders', from: datapath.client.addresses[1] });
  entrypointTargets = everyNode(datapath, ENTRYPOINT_NODE_PORT, { path: '/api/orders' });
  await untilAnswered(datapath, entrypointTargets, byRedirect);
});

afterAll(() => datapath?.stop());

describe('routes and backends', () => {
  // Both clusters stay in use: a change of the set of clusters has a cost of its own, see below.
  const TO_API = { '/': 'web', '/api': 'api' };
  const TO_WEB = { '/': 'web', '/api': 'web', '/spare': 'api' };

  test('a changed route is followed without a loss; a copy keeps the old one until it is renewed', async () => {
    const probe = await probeBoth();
    await applyRoutes(TO_WEB);
    await untilAnswered(datapath, gatewayTargets, (answer) => clusterOf(answer) === 'default:web:80');
    await untilAnswered(datapath, entrypointTargets, (answer) => clusterOf(answer) === 'default:api:80');
    const renewed = Date.now();
    await copyRedirect(datapath.controlPlane);
    await untilAnswered(datapath, entrypointTargets, (answer) => clusterOf(answer) === 'default:web:80');
    const report = await probe.stop();

    expect([lossesOf(report), errorsOf(report)]).toEqual([0, 0]);
    for (const { answers } of report.targets) {
      const [before, after] = answers;
      expect(answers.map(({ body }) => body && clusterOf(body))).toEqual(['default:api:80', 'default:web:80']);
      expect((before?.last ?? 0) - (after?.first ?? 0)).toBeLessThan(200);
      expect((before?.last ?? 0) - renewed).toBeLessThan(2000);
    }
  });

  test('added and removed endpoints reach both without a loss and without a renewal', async () => {
    const probe = await probeBoth();
    for (const addresses of [['10.244.1.10'], ['10.244.1.10', '10.244.1.11', '10.244.2.12']]) {
      await applyAll(datapath.controlPlane, backend('web', addresses));
      const expected = addresses.map((address) => `${address}:8080`).join();
      await untilAnswered(
        datapath,
        [...gatewayTargets, ...entrypointTargets],
        (answer) => answer.endpoints.join() === expected,
      );
    }
    const report = await probe.stop();
    expect([lossesOf(report), errorsOf(report)]).toEqual([0, 0]);
  });

  test('renewing the copy costs nothing, even ten times in a row', async () => {
    const probe = await datapath.client.probe({ targets: entrypointTargets, everyMs: 3 });
    for (let i = 0; i < 10; i++) {
      await applyRoutes(i % 2 === 0 ? TO_API : TO_WEB);
      await copyRedirect(datapath.controlPlane);
      await systemClock.sleep(200);
    }
    const report = await probe.stop();
    expect([lossesOf(report), errorsOf(report)]).toEqual([0, 0]);
  });

  test('a cluster that comes or goes loses no connection, but brings errors, on the copy as on its source', async () => {
    const probe = await probeBoth();
    for (let i = 0; i < 10; i++) {
      await applyRoutes(i % 2 === 0 ? { '/': 'web' } : TO_API);
      await systemClock.sleep(200);
      await copyRedirect(datapath.controlPlane);
      await systemClock.sleep(200);
    }
    const report = await probe.stop();
    const errors = report.targets.map((target) => `${target.name} ${errorsOf({ ...report, targets: [target] })}`);
    console.info(`503 in 10 changes of the set of clusters, of ${report.targets[0]?.attempts}: ${errors.join(', ')}`);
    const reasons = report.targets.flatMap(({ answers }) => answers.map(({ body }) => body?.detail ?? ''));
    console.info(`because ${[...new Set(reasons.filter((reason) => reason !== ''))].join('; ')}`);
    expect(lossesOf(report)).toBe(0);
  });
});

describe('writes to a Service that Envoy serves', () => {
  const writes: readonly {
    what: string;
    of: 'entrypoint' | 'Gateway Service';
    write: (turn: number) => Promise<unknown>;
  }[] = [
    { what: 'an annotation', of: 'entrypoint', write: (turn) => annotate(turn) },
    { what: 'targetPort', of: 'entrypoint', write: (turn) => patch({ ports: [port({ targetPort: 12345 + turn })] }) },
    {
      what: 'externalTrafficPolicy',
      of: 'entrypoint',
      write: (turn) => patch({ externalTrafficPolicy: turn % 2 === 0 ? 'Cluster' : 'Local' }),
    },
    { what: 'status', of: 'entrypoint', write: (turn) => status(ENTRYPOINT, `192.0.2.${turn}`) },
    { what: 'status', of: 'Gateway Service', write: (turn) => status(GATEWAY_SERVICE, `192.0.2.${turn}`) },
  ];

  test.each(writes)('$what of the $of: out for a moment on each node', async ({ what, of, write }) => {
    const outages: number[] = [];
    for (let turn = 1; turn <= 3; turn++) {
      const probe = await datapath.client.probe({
        targets: of === 'entrypoint' ? entrypointTargets : gatewayTargets,
        everyMs: 3,
      });
      await systemClock.sleep(200);
      await write(turn);
      await systemClock.sleep(SETTLED_MS);
      outages.push(...(await probe.stop()).targets.map(outageOf));
    }
    outages.sort((a, b) => a - b);
    console.info(`${what} of the ${of}: out for ${outages.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    const median = outages[3] ?? 0;
    expect(median).toBeGreaterThan(0);
    expect(median).toBeLessThanOrEqual(USUAL_OUTAGE_MS);
  });
});

test('an Envoy that is gone is seen by its clients, and so is its return', async () => {
  const [first] = datapath.nodes;
  const probe = await datapath.client.probe({ targets: gatewayTargets, everyMs: 10, timeoutMs: 500 });
  await first?.envoy.kill();
  await systemClock.sleep(500);
  await first?.envoy.start();
  await untilAnswered(datapath, gatewayTargets, (answer) => answer.detail === '');
  const { targets } = await probe.stop();
  expect(targets.map(({ name, longestGapMs }) => [name, longestGapMs > 400])).toEqual([
    ['n1', true],
    ['n2', false],
  ]);
});

function probeBoth(): Promise<RunningProbe> {
  const targets = [...gatewayTargets, ...entrypointTargets].map((target) => ({ ...target, name: target.address }));
  return datapath.client.probe({ targets, everyMs: 10 });
}

function applyRoutes(backends: Readonly<Record<string, string>>): Promise<unknown> {
  return datapath.controlPlane.apply(httpRoute('routes', backends));
}

function clusterOf(answer: EnvoyAnswer): string {
  return answer.cluster.replace(/^.*\//, '');
}

function port(rest: object): object {
  return { name: 'http', port: 80, nodePort: ENTRYPOINT_NODE_PORT, protocol: 'TCP', ...rest };
}

function patch(spec: object): Promise<unknown> {
  return datapath.controlPlane.patch(SERVICES, ENTRYPOINT, { spec });
}

function annotate(turn: number): Promise<unknown> {
  return datapath.controlPlane.patch(SERVICES, ENTRYPOINT, {
    metadata: { annotations: { 'test/touched': String(turn) } },
  });
}

function status(ref: typeof ENTRYPOINT, ip: string): Promise<unknown> {
  return datapath.controlPlane.patchStatus(SERVICES, ref, { loadBalancer: { ingress: [{ ip, ipMode: 'Proxy' }] } });
}
