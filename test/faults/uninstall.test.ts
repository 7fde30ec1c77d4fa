import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { uninstallReportSchema } from '../../src/cli/uninstall-report.ts';
import { asRecord } from '../../src/kube/read.ts';
import { ENVOY_CONFIGS, GATEWAYS, LEASES, SERVICES } from '../../src/kube/resources.ts';
import { type MigrateScene, startMigrateScene } from './migrate-scene.ts';
import { isPlannedWrite } from './requests.ts';

const bundle = inject('bundle');
const LEASE = { namespace: 'kube-system', name: 'cilium-cloud-bridge' };
const ENTRYPOINT = { namespace: 'kube-system', name: 'entry-gw-0' };

let scene: MigrateScene;

beforeEach(async () => {
  scene = await startMigrateScene(bundle);
});
afterEach(() => scene.stop());

function copies(): string[] {
  return scene.api
    .list(ENVOY_CONFIGS)
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.startsWith('ccb-'));
}

function holder(): unknown {
  return asRecord(scene.api.get(LEASES, LEASE)?.spec).holderIdentity;
}

/** Everything but the copies and the Lease, to the version. */
function rest(): string[] {
  return [...scene.api.list(SERVICES), ...scene.api.list(GATEWAYS), ...scene.api.list(ENVOY_CONFIGS)]
    .filter(({ kind, metadata }) => kind !== 'CiliumEnvoyConfig' || !/^ccb-entry/.test(metadata.name))
    .map(({ kind, metadata }) => [kind, metadata.name, metadata.resourceVersion].join(' '));
}

describe('uninstall', () => {
  it('removes the redirect copies and nothing else, and leaves the Lease held', async () => {
    const before = rest();
    expect(copies()).toHaveLength(2);
    const { code, stdout } = await scene.run('uninstall', '--yes');
    expect(stdout).toContain('2 writes done');
    expect(code).toBe(0);
    expect(copies()).toEqual([]);
    expect(rest()).toEqual(before);
    expect(holder()).toMatch(/^uninstall_\S+_[0-9a-f]{8}$/); // of this process alone
    expect(asRecord(scene.api.get(LEASES, LEASE)?.spec).leaseDurationSeconds).toBe(120);
  });

  it('takes nothing for a copy that lacks label, name or owner', async () => {
    const [one] = scene.api.list(ENVOY_CONFIGS).filter(({ metadata }) => metadata.name.startsWith('ccb-'));
    const { labels, ownerReferences } = asRecord(one?.metadata);
    const foreign = [
      { name: 'ccb-without-label', ownerReferences },
      { name: 'without-name', labels, ownerReferences },
      { name: 'ccb-of-nobody', labels },
      { name: 'ccb-of-another-0123456789', labels, ownerReferences },
    ];
    for (const metadata of foreign) {
      scene.api.apply({
        apiVersion: 'cilium.io/v2',
        kind: 'CiliumEnvoyConfig',
        metadata: { namespace: 'kube-system', ...metadata },
        spec: { resources: [] },
      });
    }
    expect((await scene.run('uninstall', '--yes')).code).toBe(0);
    const left = scene.api.list(ENVOY_CONFIGS).map(({ metadata }) => metadata.name);
    expect(left).toEqual(expect.arrayContaining(foreign.map(({ name }) => name)));
    expect(left.filter((name) => name.startsWith('ccb-entry'))).toEqual([]);
  });

  it('a controller that leads stands by, and makes none anew until the time is over', async () => {
    const stop = scene.controller();
    await expect.poll(holder, { timeout: 20_000 }).toBeTruthy();
    const before = scene.writes().length;
    expect((await scene.run('uninstall', '--yes')).code).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 2_000)); // 50 s of the program's time
    expect(copies()).toEqual([]);
    expect(scene.writes().slice(before)).toEqual([
      expect.stringMatching(/^delete ciliumenvoyconfigs .* 200$/),
      expect.stringMatching(/^delete ciliumenvoyconfigs .* 200$/),
    ]);
    // The chart is still there after two minutes, so it was not removed: everything goes on.
    await expect.poll(copies, { timeout: 30_000 }).toHaveLength(2);
    await stop();
  });

  it.each([
    ['says 500', { kind: 'answer', status: 500 }],
    ['loses the answer', { kind: 'cut', afterBytes: 0, how: 'reset' }],
    ['says that something changed', { kind: 'answer', status: 409, reason: 'Conflict' }],
  ] as const)('goes on where the API server %s', async (_, fault) => {
    scene.api.faults.failNext(isPlannedWrite, fault);
    expect((await scene.run('uninstall', '--yes')).code).toBe(0);
    expect(copies()).toEqual([]);
  });

  it('fails where the copies cannot be listed: nothing is taken for gone', async () => {
    scene.api.faults.intercept((request) =>
      request.verb === 'list' && request.resource === 'ciliumenvoyconfigs'
        ? { kind: 'answer', status: 403, reason: 'Forbidden' }
        : undefined,
    );
    const { code, stderr } = await scene.run('uninstall', '--yes');
    expect(stderr).toContain('ciliumenvoyconfigs');
    expect(code).toBe(1);
    expect(holder()).toBeUndefined();
  });

  it('shows what it would remove with --dry-run, and asks without --yes', async () => {
    const { stdout } = await scene.run('uninstall', '--dry-run');
    expect(stdout.match(/delete CiliumEnvoyConfig/g)).toHaveLength(2);
    expect((await scene.run('uninstall')).stderr).toContain('Add --yes');
    expect(copies()).toHaveLength(2);
    expect(holder()).toBeUndefined();
  });
});

describe('--uninstall-report', () => {
  it('names everything that stays, each with the command that takes it back, and changes nothing', async () => {
    await scene.migrate();
    await scene.cluster.operator.settled();
    scene.api.update(
      SERVICES,
      ENTRYPOINT,
      ({ metadata }) => {
        metadata.annotations = { ...asRecord(metadata.annotations), 'service.cilium.io/type': 'NodePort' } as never;
      },
      { manager: 'cilium-cloud-bridge' },
    );
    scene.api.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        namespace: 'kube-system',
        name: 'ccb-made',
        labels: { 'cilium-cloud-bridge.io/managed': 'true' },
        annotations: { 'cilium-cloud-bridge.io/gateway': 'default/made' },
      },
      spec: { type: 'LoadBalancer', selector: { 'k8s-app': 'cilium' }, ports: [{ port: 80, protocol: 'TCP' }] },
    });
    const before = scene.writes();
    const { code, stdout } = await scene.run('--uninstall-report', '-o', 'json');
    const report = uninstallReportSchema.parse(JSON.parse(stdout));
    expect(code).toBe(0);
    expect(report.leftovers.map(({ kind, target }) => `${kind} ${target?.name ?? ''}`).toSorted()).toEqual([
      'events ',
      'gateway-class cilium-cloud',
      'gateway-class-config cloud',
      'lease cilium-cloud-bridge',
      'managed-entrypoint ccb-made',
      'node-port cilium-gateway-gw-0',
      'node-port cilium-gateway-gw-1',
      'published-address cilium-gateway-gw-0',
      'published-address cilium-gateway-gw-1',
      expect.stringMatching(/^redirect-copy ccb-entry-gw-0-/),
      expect.stringMatching(/^redirect-copy ccb-entry-gw-1-/),
      'target-port entry-gw-0',
      'target-port entry-gw-1',
      'type-annotation entry-gw-0',
    ]);
    expect(report.leftovers.filter(({ command }) => !command.startsWith('kubectl '))).toEqual([]);
    expect(report.unread).toEqual([]);
    expect(scene.writes()).toEqual(before);
    const table = await scene.run('--uninstall-report');
    for (const { command } of report.leftovers) expect(table.stdout).toContain(command);
  });

  it('says what it could not read', async () => {
    scene.api.faults.intercept((request) =>
      request.verb === 'list' && request.resource === 'services'
        ? { kind: 'answer', status: 403, reason: 'Forbidden' }
        : undefined,
    );
    const { stdout } = await scene.run('--uninstall-report', '-o', 'json');
    const report = uninstallReportSchema.parse(JSON.parse(stdout));
    expect(report.unread.map(({ kind }) => kind)).toEqual(['Service']);
    expect(report.summary).toContain('Service could not be read.');
  });
});
