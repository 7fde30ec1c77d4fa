import { beforeEach, describe, expect, it } from 'vitest';
import { asRecord } from '../../src/kube/read.ts';
import { ENVOY_CONFIGS, GATEWAYS, LEASES, SERVICES } from '../../src/kube/resources.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { numberAt, stringAt } from '../fake-api/json.ts';
import { isPlannedWrite } from '../faults/requests.ts';
import { recordLog } from '../kube/recorded-log.ts';
import { LEASE, leadBy, type MoveScene, startMoveScene } from '../migrate/scene.ts';

let scene: MoveScene;

beforeEach(async (context) => {
  scene = await startMoveScene(context);
});

function copies(): string[] {
  return scene.api
    .list(ENVOY_CONFIGS)
    .map(({ metadata }) => metadata.name)
    .filter((name) => name.startsWith('ccb-'));
}

function holder(): string {
  return stringAt(scene.api.get(LEASES, LEASE), 'spec', 'holderIdentity');
}

/** Everything but the copies and the Lease, to the version. */
function rest(): string[] {
  return [...scene.api.list(SERVICES), ...scene.api.list(GATEWAYS), ...scene.api.list(ENVOY_CONFIGS)]
    .filter(({ kind, metadata }) => kind !== 'CiliumEnvoyConfig' || !/^ccb-entry/.test(metadata.name))
    .map(({ kind, metadata }) => [kind, metadata.name, metadata.resourceVersion].join(' '));
}

/** A minute's wait is over in half a second. */
const HURRIED: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 120, signal) };

function countedSleep(): { readonly clock: Clock; readonly slept: number[] } {
  const slept: number[] = [];
  const sleep: Clock['sleep'] = (ms, signal) => {
    slept.push(ms);
    return HURRIED.sleep(ms, signal);
  };
  return { clock: { ...HURRIED, sleep }, slept };
}

describe('uninstall', () => {
  it('removes the redirect copies and nothing else, and leaves the Lease held', async () => {
    const before = rest();
    expect(copies()).toHaveLength(2);
    const report = await scene.uninstall();
    expect(report).toMatchObject({ exitCode: 0, findings: [] });
    expect(report.summary.text).toBe('2 writes done.');
    expect(copies()).toEqual([]);
    expect(rest()).toEqual(before);
    expect(holder()).toMatch(/^uninstalled_\S+_[0-9a-f]{8}$/); // of this process alone
    expect(numberAt(scene.api.get(LEASES, LEASE), 'spec', 'leaseDurationSeconds')).toBe(120);
  });

  it('run twice finds nothing to do, does not wait for itself, and holds the Lease anew', async () => {
    await scene.uninstall();
    const first = holder();
    const { clock, slept } = countedSleep();
    const second = await scene.uninstall([], { clock });
    expect(second).toMatchObject({ exitCode: 0, actions: [], findings: [] });
    expect(slept).toEqual([]);
    expect(holder()).toMatch(/^uninstalled_/);
    expect(holder()).not.toBe(first);
  });

  it('run after one that was killed on its way waits as long as who led before that one may write', async () => {
    leadBy(scene.api, 'uninstall_hook_1');
    const { clock, slept } = countedSleep();
    expect(await scene.uninstall([], { clock })).toMatchObject({ exitCode: 0, findings: [] });
    expect(slept).toEqual([15_000]);
    expect(copies()).toEqual([]);
  });

  it('leaves a Lease for which only controllers wait: a Gateway is moved at once', async () => {
    await scene.uninstall();
    const told: string[] = [];
    const moved = await scene.migrate([], { clock: HURRIED, progress: (text) => told.push(text) });
    expect(moved.exitCode, JSON.stringify(moved.findings)).toBe(0);
    expect(told.filter((text) => text.includes('waiting until'))).toEqual([]);
    expect(holder()).toBe('');
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
    expect((await scene.uninstall()).exitCode).toBe(0);
    const left = scene.api.list(ENVOY_CONFIGS).map(({ metadata }) => metadata.name);
    expect(left).toEqual(expect.arrayContaining(foreign.map(({ name }) => name)));
    expect(left.filter((name) => name.startsWith('ccb-entry'))).toEqual([]);
  });

  it('says that a controller which led makes the redirects anew unless it is taken away', async () => {
    leadBy(scene.api, 'controller-1');
    const report = await scene.uninstall([], { clock: HURRIED });
    expect(copies()).toEqual([]);
    expect(report.exitCode).toBe(0);
    expect(report.findings.map(({ verdict, reason }) => `${verdict} ${reason}`)).toEqual(['warn ControllerStandsBy']);
    expect(report.findings[0]?.message).toContain('controller-1');
    expect(report.findings[0]?.fix).toContain('helm uninstall');
  });

  it('stopped while it waits for the former leader removes nothing, and gives the Lease back', async () => {
    leadBy(scene.api, 'controller-1');
    const stop = new AbortController();
    const info = (_: object, message: string): void => {
      if (message.startsWith('waiting')) stop.abort(new Error('stopped by SIGINT'));
    };
    const report = await scene.uninstall([], { signal: stop.signal, log: { ...recordLog(), info } });
    expect(report.exitCode).toBe(1);
    expect(report.summary.text).toBe('2 writes planned. Stopped early: run it again.');
    expect(copies()).toHaveLength(2);
    expect(holder()).toBe('');
  });

  it('stopped half-way says what was removed, and gives the Lease back', async () => {
    const stop = new AbortController();
    scene.api.faults.intercept((request) => {
      if (isPlannedWrite(request)) stop.abort(new Error('stopped by SIGTERM'));
      return undefined;
    });
    const report = await scene.uninstall([], { signal: stop.signal });
    expect(report.exitCode).toBe(1);
    expect(report.actions.map(({ outcome }) => outcome.status)).toEqual(['applied', 'pending']);
    expect(copies()).toHaveLength(1);
    expect(holder()).toBe('');
    expect(await scene.uninstall()).toMatchObject({ exitCode: 0 });
    expect(copies()).toEqual([]);
  });

  it('fails where the copies cannot be listed: nothing is taken for gone', async () => {
    scene.api.access.deny(({ verb, resource }) => verb === 'list' && resource === 'ciliumenvoyconfigs');
    await expect(scene.uninstall()).rejects.toThrow('ciliumenvoyconfigs');
    expect(scene.api.get(LEASES, LEASE)).toBeUndefined();
  });

  it('names what it may not do before the Lease is taken', async () => {
    scene.api.access.deny(({ verb, resource }) => verb === 'delete' && resource === 'ciliumenvoyconfigs');
    await expect(scene.uninstall()).rejects.toThrow(/may not: delete ciliumenvoyconfigs.*Nothing was written/);
    expect(copies()).toHaveLength(2);
    expect(scene.api.get(LEASES, LEASE)).toBeUndefined();
  });

  it('only looks where the configuration says readOnly', async () => {
    scene.configure('readOnly: true\n');
    const report = await scene.uninstall();
    expect(report.actions.map(({ outcome }) => `${outcome.status} ${outcome.reason}`)).toEqual([
      'declined ReadOnly',
      'declined ReadOnly',
    ]);
    expect(report.exitCode).toBe(2);
    expect(copies()).toHaveLength(2);
    expect(scene.api.get(LEASES, LEASE)).toBeUndefined();
  });

  it('shows what it would remove with --dry-run, and asks without --yes', async () => {
    const dry = await scene.uninstall(['--dry-run']);
    expect(dry).toMatchObject({ mode: 'dry-run', exitCode: 2 });
    const said = { pending: 0, declined: 0 };
    const no = await scene.uninstall([], {
      answer: (shown) => {
        said.pending = shown.actions.length;
        return false;
      },
    });
    said.declined = no.actions.filter(({ outcome }) => outcome.reason === 'NotConfirmed').length;
    expect(said).toEqual({ pending: 2, declined: 2 });
    expect(no.exitCode).toBe(2);
    expect(copies()).toHaveLength(2);
    expect(scene.api.get(LEASES, LEASE)).toBeUndefined();
  });
});
