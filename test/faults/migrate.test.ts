import { describe, inject, it, type TestContext } from 'vitest';
import { LEASES } from '../../src/kube/resources.ts';
import { stringAt } from '../fake-api/json.ts';
import { ENTRYPOINT, LEASE, MOVE, OURS, portsOf, reasonsOf, SERVICE, startMoveScene } from '../migrate/scene.ts';
import { problemsOf } from './cluster.ts';
import { type ProcessScene, startProcessScene, withoutStatus } from './migrate-scene.ts';
import { isPlannedWrite } from './requests.ts';

/* Side by side, since most of each test is a wait: for a Lease to end, or before another try. */

const bundle = inject('bundle');
/** For what takes a moment, however busy the machine is. */
const PATIENCE = { timeout: 60_000 };
const POINTS = MOVE.flatMap((what, index) =>
  (['before', 'after'] as const).map((side) => ({ n: index + 1, side, what: withoutStatus(what) })),
);

function start(context: TestContext): Promise<ProcessScene> {
  return startProcessScene(context, bundle);
}

function holderOf({ api }: ProcessScene): string {
  return stringAt(api.get(LEASES, LEASE), 'spec', 'holderIdentity');
}

describe.concurrent('killed and run again', () => {
  it.for(POINTS)('$side write $n ($what)', async ({ n, side, what }, context) => {
    const { expect } = context;
    const scene = await start(context);
    const before = scene.outcome();
    await scene.killedAt(what, side);
    expect(scene.carriedOut()).toEqual(MOVE.slice(0, side === 'after' ? n : n - 1));
    expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
    expect(scene.carriedOut()).toEqual(MOVE);
    expect(scene.loadBalancerClass()).toBe(OURS);
    expect(scene.outcome()).toEqual(before);
  });

  it.for(POINTS)(
    '$side write $n ($what): a controller that comes instead brings everything in sync',
    async ({ side, what }, context) => {
      const { expect } = context;
      const scene = await start(context);
      await scene.killedAt(what, side);
      const stop = scene.controller();
      await expect.poll(() => holderOf(scene), PATIENCE).toMatch(/^(?!migrate_)./);
      await expect.poll(() => problemsOf(scene.cluster), PATIENCE).toEqual([]);
      await stop();
      expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
      expect(scene.loadBalancerClass()).toBe(OURS);
      expect(problemsOf(scene.cluster)).toEqual([]);
    },
  );

  it('a NodePort that another Service takes in between is not fought for: the entrypoint follows the new one', async (context) => {
    const { expect } = context;
    const scene = await start(context);
    await scene.killedAt('delete services default/cilium-gateway-gw-0', 'after');
    const [port] = portsOf(scene.api, ENTRYPOINT);
    scene.api.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'default', name: 'thief' },
      spec: {
        type: 'NodePort',
        selector: { app: 'thief' },
        ports: [{ port: 80, nodePort: port?.targetPort ?? 0, protocol: 'TCP' }],
      },
    });
    expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
    expect(portsOf(scene.api, ENTRYPOINT)[0]?.targetPort).toBe(portsOf(scene.api, SERVICE)[0]?.nodePort);
    expect(problemsOf(scene.cluster)).toEqual([]);
  });
});

describe.concurrent('the API server fails', () => {
  const FAULTS = {
    'says 500': { kind: 'answer', status: 500 },
    'resets the connection': { kind: 'drop', how: 'reset' },
    'carries it out, and the answer is lost': { kind: 'cut', afterBytes: 0, how: 'reset' },
    'says that something changed': { kind: 'answer', status: 409, reason: 'Conflict' },
  } as const;
  const cases = MOVE.flatMap((what, index) =>
    Object.entries(FAULTS).map(([name, fault]) => ({ what, n: index + 1, name, fault })),
  );

  it.for(cases)('at write $n ($what): $name', async ({ n, fault }, context) => {
    const { expect } = context;
    const scene = await startMoveScene(context);
    const before = scene.outcome();
    let left = n;
    scene.api.faults.intercept((request) => {
      if (!isPlannedWrite(request)) return undefined;
      left -= 1;
      return left === 0 ? fault : undefined;
    });
    const report = await scene.migrate();
    expect(report.summary).toContain('now, and Programmed');
    expect(report.exitCode).toBe(0);
    expect(scene.loadBalancerClass()).toBe(OURS);
    expect(scene.outcome()).toEqual(before);
  });

  it('and goes on failing: it stops, says where, and run again finishes', async (context) => {
    const { expect } = context;
    const scene = await startMoveScene(context);
    const before = scene.outcome();
    const remove = scene.api.faults.intercept((request) =>
      isPlannedWrite(request) && request.verb === 'delete' ? { kind: 'answer', status: 503 } : undefined,
    );
    const report = await scene.migrate(['--wait', '3s']);
    expect(report).toMatchObject({ exitCode: 1 });
    expect(reasonsOf(report)).toContain('MigrationUnfinished');
    expect(problemsOf(scene.cluster)).toEqual([]);
    remove();
    expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
    expect(scene.outcome()).toEqual(before);
  });

  it('refuses a write: it stops at once', async (context) => {
    const { expect } = context;
    const scene = await startMoveScene(context);
    scene.api.faults.intercept((request) =>
      isPlannedWrite(request) && request.verb === 'delete'
        ? { kind: 'answer', status: 403, reason: 'Forbidden' }
        : undefined,
    );
    expect(await scene.migrate()).toMatchObject({ exitCode: 1 });
    expect(problemsOf(scene.cluster)).toEqual([]);
  });
});

describe.concurrent('beside a controller that leads', () => {
  it('it stands by until the move is done, then leads again', async (context) => {
    const { expect } = context;
    const scene = await start(context);
    const before = scene.outcome();
    const stop = scene.controller();
    await expect.poll(() => holderOf(scene), PATIENCE).toBeTruthy();
    const controller = holderOf(scene);
    const report = await scene.migrate();
    expect(report).toMatchObject({ exitCode: 0, controller });
    expect(scene.carriedOut()).toEqual(MOVE);
    await expect.poll(() => holderOf(scene), PATIENCE).toBe(controller);
    await stop();
    expect(scene.outcome()).toEqual(before);
  });
});

describe.concurrent('as a process', () => {
  it('holds the Lease under a name that no other process has, and prints the report', async (context) => {
    const { expect } = context;
    const scene = await start(context);
    const { code, stdout } = await scene.run('migrate', 'default/gw-0', '--yes');
    expect(stdout).toContain('now, and Programmed');
    expect(code).toBe(0);
    const written = scene.api.requests.filter(
      ({ resource, body }) => resource === 'leases' && stringAt(body, 'spec', 'holderIdentity') !== '',
    );
    const holders = new Set(written.map(({ body }) => stringAt(body, 'spec', 'holderIdentity')));
    expect([...holders].join(', ')).toMatch(/^migrate_\S+_[0-9a-f]{8}$/);
  });

  it('asks first, and without a terminal writes nothing', async (context) => {
    const { expect } = context;
    const scene = await start(context);
    const { code, stderr } = await scene.run('migrate', 'default/gw-0');
    expect(stderr).toContain('Add --yes');
    expect(code).toBe(1);
    expect(scene.writes()).toEqual([]);
    expect(scene.api.get(LEASES, LEASE)).toBeUndefined();
  });
});
