import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { MigrateReport } from '../../src/cli/migrate-report.types.ts';
import { asRecord } from '../../src/kube/read.ts';
import {
  CLASS_CONFIGS,
  DAEMON_SETS,
  GATEWAY_CLASSES,
  GATEWAYS,
  LEASES,
  PODS,
  SERVICES,
} from '../../src/kube/resources.ts';
import { objectsAt, stringAt } from '../fake-api/json.ts';
import { problemsOf } from './cluster.ts';
import { type MigrateScene, startMigrateScene } from './migrate-scene.ts';
import { isPlannedWrite } from './requests.ts';

const bundle = inject('bundle');
const OURS = 'cilium-cloud-bridge.io/entrypoint';
const GATEWAY = { namespace: 'default', name: 'gw-0' };
const SERVICE = { namespace: 'default', name: 'cilium-gateway-gw-0' };
const ENTRYPOINT = { namespace: 'kube-system', name: 'entry-gw-0' };
/** Each once, and no other. */
const WRITES = [
  'patch gateways default/gw-0 200',
  'delete services default/cilium-gateway-gw-0 200',
  'patch services default/cilium-gateway-gw-0 200',
  'patch services/status default/cilium-gateway-gw-0 200',
];
const POINTS = WRITES.flatMap((what, index) =>
  (['before', 'after'] as const).map((side) => ({ n: index + 1, side, what })),
);

let scene: MigrateScene;
let before: unknown;

beforeEach(async () => {
  scene = await startMigrateScene(bundle);
  before = scene.outcome();
});
afterEach(() => scene.stop());

it('moves a Gateway in four writes; entrypoint, redirect and the other Gateway stay untouched', async () => {
  const report = await scene.migrate();
  expect(report).toMatchObject({ exitCode: 0, fromClass: 'cilium', toClass: 'cilium-cloud', controller: null });
  expect(report.steps.map(({ id, state }) => `${id} ${state}`)).toEqual([
    'switch-class done',
    'recreate-service done',
    'publish done',
    'check done',
  ]);
  expect(carriedOut()).toEqual(WRITES);
  expect(scene.loadBalancerClass()).toBe(OURS);
  expect(scene.outcome()).toEqual(before);
});

it('holds the Lease under a name that no other process has', async () => {
  await scene.migrate();
  const written = scene.api.requests.filter(({ resource }) => resource === 'leases');
  const holders = new Set(written.map(({ body }) => stringAt(body, 'spec', 'holderIdentity')));
  holders.delete('');
  expect([...holders].join(', ')).toMatch(/^migrate_\S+_[0-9a-f]{8}$/);
});

it('finds nothing to do afterwards, and goes back with --to-class', async () => {
  await scene.migrate();
  const again = await scene.migrate();
  expect(again).toMatchObject({ exitCode: 0, actions: [] });
  expect(again.summary).toContain('already');
  expect(carriedOut()).toEqual(WRITES);
  expect(await scene.migrate('--to-class', 'cilium')).toMatchObject({ exitCode: 0, toClass: 'cilium' });
  expect(carriedOut()).toEqual([...WRITES, ...WRITES]);
  expect(scene.loadBalancerClass()).toBe('');
  expect(scene.outcome()).toEqual(before);
});

it('shows everything and writes nothing with --dry-run', async () => {
  const report = await scene.migrate('--dry-run');
  expect(report).toMatchObject({ exitCode: 2, mode: 'dry-run' });
  expect(report.actions.map(({ kind, outcome }) => `${kind} ${outcome.status}`)).toEqual([
    'switch-class pending',
    'recreate-service pending',
  ]);
  expect(report.steps.map(({ outage }) => outage)).not.toContain('');
  expect(scene.writes()).toEqual([]);
  expect(scene.api.get(LEASES, { namespace: 'kube-system', name: 'cilium-cloud-bridge' })).toBeUndefined();
});

it('asks first, and without a terminal writes nothing', async () => {
  const { code, stderr } = await scene.run('migrate', 'default/gw-0');
  expect(stderr).toContain('Add --yes');
  expect(code).toBe(1);
  expect(scene.writes()).toEqual([]);
});

describe('killed and run again', () => {
  it.each(POINTS)('$side write $n ($what)', async ({ n, side }) => {
    await scene.killedAt(n, side);
    expect(carriedOut()).toEqual(WRITES.slice(0, side === 'after' ? n : n - 1));
    expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
    expect(carriedOut()).toEqual(WRITES);
    expect(scene.loadBalancerClass()).toBe(OURS);
    expect(scene.outcome()).toEqual(before);
  });

  it.each(POINTS)(
    '$side write $n ($what): a controller that comes instead brings everything in sync',
    async ({ n, side }) => {
      await scene.killedAt(n, side);
      const stop = scene.controller();
      await expect.poll(() => problemsOf(scene.cluster), { timeout: 30_000 }).toEqual([]);
      await stop();
      expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
      expect(scene.loadBalancerClass()).toBe(OURS);
      expect(problemsOf(scene.cluster)).toEqual([]);
    },
  );
});

describe('the API server fails', () => {
  const FAULTS = {
    'says 500': { kind: 'answer', status: 500 },
    'resets the connection': { kind: 'drop', how: 'reset' },
    'carries it out, and the answer is lost': { kind: 'cut', afterBytes: 0, how: 'reset' },
    'says that something changed': { kind: 'answer', status: 409, reason: 'Conflict' },
  } as const;
  const cases = WRITES.flatMap((what, index) => Object.keys(FAULTS).map((fault) => ({ what, n: index + 1, fault })));

  it.each(cases)('at write $n ($what): $fault', async ({ n, fault }) => {
    let left = n;
    scene.api.faults.intercept((request) => {
      if (!isPlannedWrite(request)) return undefined;
      left -= 1;
      return left === 0 ? FAULTS[fault as keyof typeof FAULTS] : undefined;
    });
    const report = await scene.migrate();
    expect(report.summary).toContain('now, and Programmed');
    expect(report.exitCode).toBe(0);
    expect(scene.loadBalancerClass()).toBe(OURS);
    expect(scene.outcome()).toEqual(before);
  });

  it('and goes on failing: it stops, says where, and run again finishes', async () => {
    const remove = scene.api.faults.intercept((request) =>
      isPlannedWrite(request) && request.verb === 'delete' ? { kind: 'answer', status: 503 } : undefined,
    );
    const report = await scene.migrate('--wait', '5s');
    expect(report).toMatchObject({ exitCode: 1 });
    expect(reasons(report)).toContain('MigrationUnfinished');
    expect(problemsOf(scene.cluster)).toEqual([]);
    remove();
    expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
    expect(scene.outcome()).toEqual(before);
  });

  it('refuses a write: it stops at once', async () => {
    scene.api.faults.intercept((request) =>
      isPlannedWrite(request) && request.verb === 'delete'
        ? { kind: 'answer', status: 403, reason: 'Forbidden' }
        : undefined,
    );
    expect(await scene.migrate()).toMatchObject({ exitCode: 1 });
    expect(problemsOf(scene.cluster)).toEqual([]);
  });
});

it('a Service that is held by a finalizer serves on; it is told who holds it', async () => {
  scene.api.update(SERVICES, SERVICE, ({ metadata }) => {
    metadata.finalizers = ['service.kubernetes.io/load-balancer-cleanup'];
  });
  const report = await scene.migrate('--wait', '5s');
  expect(report.exitCode).toBe(2);
  expect(reasons(report)).toEqual(['ServiceHasFinalizers', 'MigrationUnfinished']);
  expect(report.findings.at(-1)?.message).toContain('service.kubernetes.io/load-balancer-cleanup');
  scene.api.update(SERVICES, SERVICE, ({ metadata }) => {
    metadata.finalizers = [];
  });
  await scene.cluster.operator.settled();
  expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
  expect(scene.outcome()).toEqual(before);
});

it('a NodePort that another Service takes in between is not fought for: the entrypoint follows the new one', async () => {
  await scene.killedAt(2, 'after');
  const port = Number(asRecord(portsOf(ENTRYPOINT)[0]).targetPort);
  scene.api.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 'thief' },
    spec: { type: 'NodePort', selector: { app: 'thief' }, ports: [{ port: 80, nodePort: port, protocol: 'TCP' }] },
  });
  expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
  expect(asRecord(portsOf(ENTRYPOINT)[0]).targetPort).toBe(asRecord(portsOf(SERVICE)[0]).nodePort);
  expect(problemsOf(scene.cluster)).toEqual([]);
});

it('a controller that leads stands by until it is done, then leads again', async () => {
  const stop = scene.controller();
  const holder = () =>
    asRecord(scene.api.get(LEASES, { namespace: 'kube-system', name: 'cilium-cloud-bridge' })?.spec).holderIdentity;
  await expect.poll(holder, { timeout: 20_000 }).toBeTruthy();
  const controller = holder();
  const report = await scene.migrate();
  expect(report).toMatchObject({ exitCode: 0, controller });
  expect(carriedOut()).toEqual(WRITES);
  await expect.poll(holder, { timeout: 20_000 }).toBe(controller);
  await stop();
  expect(scene.outcome()).toEqual(before);
});

describe('refuses', () => {
  interface Case {
    readonly what: string;
    readonly reason: string;
    readonly spoil: () => void;
    readonly args?: readonly string[];
  }
  const cases: readonly Case[] = [
    {
      what: 'where no class has our loadBalancerClass',
      reason: 'GatewayClassMissing',
      spoil: () => scene.api.remove(GATEWAY_CLASSES, { namespace: '', name: 'cilium-cloud' }),
    },
    {
      what: 'a class that is not there',
      reason: 'GatewayClassMissing',
      spoil: () => undefined,
      args: ['--to-class', 'nowhere'],
    },
    { what: 'several that fit', reason: 'GatewayClassAmbiguous', spoil: () => copyClass('second', {}) },
    {
      what: 'a class of another controller',
      reason: 'GatewayClassNotFit',
      spoil: () => copyClass('other', { controllerName: 'example.com/other' }),
      args: ['--to-class', 'other'],
    },
    {
      what: 'a class whose parameters are gone',
      reason: 'GatewayClassNotFit',
      spoil: () => scene.api.remove(CLASS_CONFIGS, { namespace: 'kube-system', name: 'cloud' }),
      args: ['--to-class', 'cilium-cloud'],
    },
    {
      what: 'a class that makes NodePort Services',
      reason: 'GatewayClassNotFit',
      spoil: () => setClassService({ type: 'NodePort' }),
      args: ['--to-class', 'cilium-cloud'],
    },
    {
      what: 'a class of a foreign loadBalancerClass',
      reason: 'ForeignLoadBalancerClass',
      spoil: () => setClassService({ type: 'LoadBalancer', loadBalancerClass: 'example.com/lb' }),
      args: ['--to-class', 'cilium-cloud'],
    },
    { what: 'Cilium 1.17', reason: 'CiliumTooOld', spoil: () => setCilium('1.17.9') },
    {
      what: 'an operator that does not run',
      reason: 'CiliumOperatorNotLeading',
      spoil: () => putOperatorLease(Date.now() - 86_400_000),
    },
    {
      what: 'a Gateway that is not Programmed',
      reason: 'GatewayNotProgrammed',
      spoil: () => {
        scene.cluster.operator.pause();
        scene.api.update(
          GATEWAYS,
          GATEWAY,
          ({ status }) => {
            const { conditions } = asRecord(status);
            for (const one of Array.isArray(conditions) ? conditions : []) Object.assign(one, { status: 'False' });
          },
          { manager: 'test', subresource: 'status' },
        );
      },
    },
    {
      what: 'a paused Gateway',
      reason: 'Paused',
      spoil: () => annotate(GATEWAYS, GATEWAY, 'cilium-cloud-bridge.io/paused', 'true'),
    },
    {
      what: 'a paused entrypoint',
      reason: 'Paused',
      spoil: () => annotate(SERVICES, ENTRYPOINT, 'cilium-cloud-bridge.io/paused', 'true'),
    },
    {
      what: 'a Gateway that Argo CD keeps',
      reason: 'ManagedByGitOps',
      spoil: () => annotate(GATEWAYS, GATEWAY, 'argocd.argoproj.io/tracking-id', 'app:gateway'),
    },
    {
      what: 'a Gateway that Flux applied',
      reason: 'ManagedByGitOps',
      spoil: () => {
        for (const gatewayClassName of ['another', 'cilium']) {
          scene.api.update(
            GATEWAYS,
            GATEWAY,
            ({ spec }) => {
              Object.assign(asRecord(spec), { gatewayClassName });
            },
            { manager: 'kustomize-controller' },
          );
        }
      },
    },
    {
      what: 'a Service that another controller serves',
      reason: 'ForeignLoadBalancerClass',
      spoil: () => {
        scene.cluster.operator.pause();
        const service = scene.api.get(SERVICES, SERVICE);
        const { labels, ownerReferences } = asRecord(service?.metadata);
        const { ports } = asRecord(service?.spec);
        scene.api.remove(SERVICES, SERVICE);
        const metadata = { ...SERVICE, labels, ownerReferences };
        const spec = { type: 'LoadBalancer', ports, loadBalancerClass: 'example.com/lb' };
        scene.api.apply({ apiVersion: 'v1', kind: 'Service', metadata, spec });
      },
    },
    {
      what: 'a Service that names the load balancer of others',
      reason: 'LoadBalancerShared',
      spoil: () => annotate(SERVICES, SERVICE, 'kubernetes.io/elb.id', 'elb-gw-1'),
    },
    {
      what: 'a Gateway whose address nobody gives',
      reason: 'NoEntrypoint',
      spoil: () => annotate(SERVICES, ENTRYPOINT, 'cilium-cloud-bridge.io/gateway', 'default/nobody'),
    },
    {
      what: 'to go where LB-IPAM gives addresses',
      reason: 'OwnedByLbIpam',
      spoil: () => {
        setClassService({ type: 'LoadBalancer' });
        scene.api.apply({
          apiVersion: 'cilium.io/v2alpha1',
          kind: 'CiliumLoadBalancerIPPool',
          metadata: { name: 'pool' },
          spec: { blocks: [{ cidr: '198.51.100.0/24' }] },
        });
      },
      args: ['--to-class', 'cilium-cloud'],
    },
  ];

  it.each(cases)('$what', async ({ reason, spoil, args = [] }) => {
    spoil();
    if (!['GatewayNotProgrammed', 'ForeignLoadBalancerClass'].includes(reason)) await scene.cluster.operator.settled();
    const report = await scene.migrate(...args);
    expect(reasons(report)).toContain(reason);
    expect(report).toMatchObject({ exitCode: 2, steps: [], actions: [] });
    expect(report.findings.filter(({ fix, verdict }) => verdict === 'fail' && fix === '')).toEqual([]);
    expect(report.manifest === null).toBe(reason !== 'GatewayClassMissing');
    expect(scene.writes()).toEqual([]);
  });

  it('a Gateway that is not there', async () => {
    const { code, stderr } = await scene.run('migrate', 'default/nobody', '--yes');
    expect(stderr).toContain('there is no Gateway default/nobody');
    expect(code).toBe(1);
  });
});

/** Without those that met a change of Cilium's, and were planned anew. */
function carriedOut(): string[] {
  return scene.writes().filter((line) => line.endsWith(' 200'));
}

function reasons({ findings }: MigrateReport): string[] {
  return findings.map(({ reason }) => reason);
}

function portsOf(ref: { namespace: string; name: string }): readonly unknown[] {
  const { ports } = asRecord(scene.api.get(SERVICES, ref)?.spec);
  return Array.isArray(ports) ? ports : [];
}

function annotate(
  resource: typeof SERVICES,
  ref: { namespace: string; name: string },
  key: string,
  value: string,
): void {
  scene.api.update(resource, ref, ({ metadata }) => {
    metadata.annotations = { ...asStrings(metadata.annotations), [key]: value };
  });
}

function asStrings(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(asRecord(value)).map(([key, one]) => [key, String(one)]));
}

function setClassService(service: object): void {
  scene.api.update(CLASS_CONFIGS, { namespace: 'kube-system', name: 'cloud' }, ({ spec }) => {
    Object.assign(asRecord(spec), { service });
  });
}

function setCilium(version: string): void {
  for (const { metadata } of scene.api.list(PODS)) scene.api.remove(PODS, { ...ENTRYPOINT, name: metadata.name });
  scene.api.update(DAEMON_SETS, { namespace: 'kube-system', name: 'cilium' }, (set) => {
    const [container] = objectsAt(set, 'spec', 'template', 'spec', 'containers');
    if (container !== undefined) container.image = `quay.io/cilium/cilium:v${version}`;
  });
}

function putOperatorLease(renewedAt: number): void {
  scene.api.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'kube-system', name: 'cilium-operator-resource-lock' },
    spec: {
      holderIdentity: 'operator-1',
      leaseDurationSeconds: 15,
      renewTime: new Date(renewedAt).toISOString().replace('Z', '000Z'),
    },
  });
}

function copyClass(name: string, more: Record<string, string>): void {
  const spec = scene.api.get(GATEWAY_CLASSES, { namespace: '', name: 'cilium-cloud' })?.spec;
  scene.api.apply({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name },
    spec: { ...asRecord(spec), ...more },
  });
}
