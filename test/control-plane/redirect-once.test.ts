import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ENVOY_CONFIGS, GATEWAYS } from '../../src/kube/resources.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { valueAt } from './objects.ts';
import { once, onceReport, startController, writesSince } from './product.ts';
import {
  annotateEntrypoint,
  COPY,
  CREATE_COPY,
  cleanAll,
  copyThere,
  DELETE_COPY,
  EXPOSURE,
  makeEntrypoint,
  makeGateway,
  PATCH_COPY,
  route,
  SOURCE,
  sideBySide,
  TARGET_PORT,
} from './redirect-scene.ts';
import { GUIDE_GATEWAY, nodePortOf, targetPortsOf } from './scenario.ts';
import { waitFor } from './wait.ts';

/* --once and the redirect copy, which nobody follows afterwards; and sources of a size that hurts. */

const STATUS = 'patch services/status default/cilium-gateway-ip-gateway';
const STATIC = ['--allow-static-redirect', '--yes'];
const KIB = 1024;

let cluster: ControlPlane;

beforeAll(async () => {
  cluster = await startControlPlane();
});
afterAll(() => cluster?.stop());
beforeEach(() => makeGateway(cluster));
afterEach(() => cleanAll(cluster));

function reasons(report: {
  readonly findings: readonly { readonly verdict: string; readonly reason: string }[];
}): string[] {
  return report.findings
    .filter(({ verdict }) => verdict !== 'pass')
    .map(({ verdict, reason }) => `${verdict} ${reason}`);
}

describe('--once', () => {
  beforeEach(() => makeEntrypoint(cluster));

  test('makes no copy by itself: node-port, with the share that is refused and the mend; that is no failure', async () => {
    const mark = await cluster.audit.mark();
    const { code, report } = await onceReport(cluster, { args: ['--yes'] });
    expect(code).toBe(0);
    expect(await writesSince(cluster, mark)).toEqual([TARGET_PORT, STATUS]);
    expect(reasons(report)).toEqual(['warn NodePortExposureRefuses']);
    expect(report.findings.find(({ reason }) => reason === 'NodePortExposureRefuses')?.fix).toContain(
      '--allow-static-redirect',
    );
  });

  test('--dry-run shows the copy as one action that a person can read', async () => {
    const { code, stdout } = await once(cluster, { args: ['--dry-run', '--allow-static-redirect'] });
    expect(code).toBe(2);
    const size = /content \(copied from default\/cilium-gateway-ip-gateway\):\s+\+ "?sha256 [0-9a-f]{12} \(\d+ KiB\)/;
    expect(stdout).toMatch(size);
    expect(stdout).toContain('kube-system/gateway-entrypoint:80');
    expect(stdout).toContain('straight to Envoy');
    expect(stdout).not.toContain('@type');
    expect(stdout.split('\n').length).toBeLessThan(50);
    expect(await cluster.get(ENVOY_CONFIGS, COPY)).toBeUndefined();
  });

  test('--allow-static-redirect makes one and says what that means; later it is left as it is, and said to be old', async () => {
    const mark = await cluster.audit.mark();
    const made = await onceReport(cluster, { args: STATIC });
    expect([made.code, reasons(made.report)]).toEqual([0, ['warn RedirectCopyStatic']]);
    expect(sideBySide(await writesSince(cluster, mark))).toEqual([CREATE_COPY, TARGET_PORT, STATUS]);
    expect(reasons((await onceReport(cluster, { args: ['--yes'] })).report)).toEqual(['warn RedirectCopyStatic']);

    await cluster.apply(route('/other'));
    await waitFor('the source', async () =>
      JSON.stringify(await cluster.get(ENVOY_CONFIGS, SOURCE)).includes('/other'),
    );
    const next = await cluster.audit.mark();
    const left = await onceReport(cluster, { args: ['--yes'] });
    expect([left.code, reasons(left.report)]).toEqual([0, ['warn RedirectCopyStale']]);
    expect(await writesSince(cluster, next)).toEqual([]);
    const renewed = await onceReport(cluster, { args: STATIC });
    expect(renewed.code).toBe(0);
    expect(await writesSince(cluster, next)).toEqual([PATCH_COPY]);
    expect(JSON.stringify(await cluster.get(ENVOY_CONFIGS, COPY))).toContain('/other');
  });

  test('removes no copy whose Gateway exists, whatever was chosen since', async () => {
    await onceReport(cluster, { args: STATIC });
    await annotateEntrypoint(cluster, EXPOSURE, 'node-port');
    const mark = await cluster.audit.mark();
    await onceReport(cluster, { args: STATIC });
    await onceReport(cluster, { args: ['--yes'] });
    expect(await writesSince(cluster, mark)).toEqual([]);
    expect(await cluster.get(ENVOY_CONFIGS, COPY)).toBeDefined();
  });

  test('beside a live leader: refused without --force; with it, and in a dry run, the copy is followed', async () => {
    const controller = await startController(cluster, { config: { readOnly: true } });
    try {
      expect((await once(cluster, { args: ['--yes'] })).code).toBe(1);
      const dry = await onceReport(cluster, { args: ['--dry-run'] });
      expect(dry.report.actions.map(({ kind }) => kind)).toContain('write-redirect-copy');
      const forced = await onceReport(cluster, { args: ['--force', '--yes'] });
      expect(reasons(forced.report)).toEqual([]);
      expect(forced.code).toBe(0);
      expect(await cluster.get(ENVOY_CONFIGS, COPY)).toBeDefined();
    } finally {
      await controller.stop();
    }
  });
});

describe('a source of an enormous size', () => {
  afterEach(() => cluster.signal('operator', 'SIGCONT'));

  /** Makes the source so large, as many routes would; the operator, who would make it small again, is held. */
  async function inflate(bytes: number): Promise<boolean> {
    cluster.signal('operator', 'SIGSTOP');
    const listener = valueAt(await cluster.get(ENVOY_CONFIGS, SOURCE), 'spec', 'resources', 0);
    const routes = {
      '@type': 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
      name: 'large',
      virtualHosts: Array.from({ length: Math.floor(bytes / KIB) }, (_, i) => ({ name: `${i}`.padEnd(KIB - 11, 'x') })),
      rest: 'x'.repeat(bytes % KIB),
    };
    return cluster.patch(ENVOY_CONFIGS, SOURCE, { spec: { resources: [listener, routes] } }).then(
      () => true,
      () => false,
    );
  }

  test('1 MB is copied, and held as a hash: the controller stays small', async () => {
    expect(await inflate(1_000_000)).toBe(true);
    await makeEntrypoint(cluster);
    const controller = await startController(cluster);
    const copy = await copyThere(cluster);
    expect(JSON.stringify(valueAt(copy, 'spec', 'resources'))).toBe(
      JSON.stringify(valueAt(await cluster.get(ENVOY_CONFIGS, SOURCE), 'spec', 'resources')),
    );
    const status = readFileSync(`/proc/${controller.program.pid}/status`, 'utf8');
    const rss = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / KIB;
    console.info(`a source of 1 MB: the controller holds ${rss.toFixed(0)} MiB`);
    expect(rss).toBeLessThan(200);
    await controller.stop();
  });

  test('too large for one object more: said with the mend, and the rest goes on', async () => {
    let fits = 1_500_000;
    let tooLarge = 1_600_000;
    // The copy has more marks than its source: it is the larger by some hundred bytes.
    while (tooLarge - fits > 64) {
      const middle = Math.floor((fits + tooLarge) / 2);
      if (await inflate(middle)) fits = middle;
      else tooLarge = middle;
    }
    await inflate(fits);
    await makeEntrypoint(cluster);
    const controller = await startController(cluster);
    try {
      await waitFor('the targetPort', async () => {
        const [port] = [await targetPortsOf(cluster)].flat();
        return port === (await nodePortOf(cluster));
      });
      const line = await controller.waitForLine('the finding', ({ reason }) => reason === 'WriteRefused');
      console.info(`a source of ${fits} bytes: ${line.msg.slice(0, 200)}`);
      expect(line.fix).toContain('fewer routes');
      expect(await cluster.get(ENVOY_CONFIGS, COPY)).toBeUndefined();
    } finally {
      await controller.stop();
    }
  }, 120_000);
});

test('--once removes a copy whose Gateway is gone, when a second list has no Gateway either', async () => {
  await makeEntrypoint(cluster);
  await onceReport(cluster, { args: STATIC });
  await cluster.remove(GATEWAYS, GUIDE_GATEWAY);
  await waitFor('the source to go', async () => (await cluster.get(ENVOY_CONFIGS, SOURCE)) === undefined);
  const mark = await cluster.audit.mark();
  const { stderr } = await onceReport(cluster, { args: ['--yes'] });
  expect(stderr).toContain('reading it again');
  expect(await writesSince(cluster, mark)).toEqual([DELETE_COPY]);
});
