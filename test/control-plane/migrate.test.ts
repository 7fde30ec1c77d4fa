import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { migrateReportSchema } from '../../src/cli/migrate-report.schema.ts';
import type { MigrateReport } from '../../src/cli/migrate-report.types.ts';
import { ENVOY_CONFIGS, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { AuditMark } from './audit.ts';
import { tryCommand } from './command.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { isKubeObject, valueAt } from './objects.ts';
import { onceReport, writesSince } from './product.ts';
import { type Answered, openProxy } from './proxy.ts';
import { COPY, makeEntrypoint, makeGateway } from './redirect-scene.ts';
import {
  EIP,
  existing,
  GUIDE_ENTRYPOINT,
  GUIDE_GATEWAY,
  GUIDE_SERVICE,
  ipAddresses,
  nodePortOf,
  programming,
  targetPortsOf,
} from './scenario.ts';
import { writeKubeconfig } from './users.ts';

/* `migrate` on a real API server, and Cilium's operator makes the Service anew and sets Programmed. */

const OWN_CLASS = new URL('../demo/manifests/own-class.yaml', import.meta.url);
const OURS = 'cilium-cloud-bridge.io/entrypoint';
/** What a process that was killed held is free after so long. */
const LEASE = { duration: '3s', renewDeadline: '2s', retryPeriod: '500ms' };
const PIN = 'patch services default/cilium-gateway-ip-gateway';
const STEPS = [
  'patch gateways default/ip-gateway',
  'delete services default/cilium-gateway-ip-gateway',
  PIN,
  'patch services/status default/cilium-gateway-ip-gateway',
];

let cluster: ControlPlane;
let config: string;

beforeAll(async () => {
  cluster = await startControlPlane();
  config = join(cluster.dir, 'migrate.yaml');
  writeFileSync(config, JSON.stringify({ lease: LEASE }));
  for (const object of loadAll(readFileSync(OWN_CLASS, 'utf8')).filter(isKubeObject)) {
    if (object.kind !== 'Gateway') await cluster.apply(object);
  }
  await makeGateway(cluster);
  await makeEntrypoint(cluster);
  const { report } = await onceReport(cluster, { args: ['--yes', '--allow-static-redirect', '--wait=50s'] });
  expect(report.exitCode).toBe(0);
});
afterAll(() => cluster?.stop());

test.each(STEPS.map((step, index) => ({ step, n: index + 1, to: index % 2 === 0 ? 'cilium-cloud' : 'cilium' })))(
  'killed after step $n ($step) on its way to $to and run again, it finishes',
  async ({ n, to }) => {
    if ((await classNow()) === to) await migrate(to === 'cilium' ? 'cilium-cloud' : 'cilium');
    const before = await whatClientsSee();
    const mark = await cluster.audit.mark();
    await killedAfter(n, to);
    expect((await carriedOut(mark)).length).toBe(n);
    const report = await migrate(to);
    expect(report).toMatchObject({ exitCode: 0, toClass: to });
    // Once in some thousand times the new Service happens to get the old NodePort.
    expect([STEPS, STEPS.filter((step) => step !== PIN)]).toContainEqual(await carriedOut(mark));
    expect(await classNow()).toBe(to);
    const service = await existing(cluster, SERVICES, GUIDE_SERVICE);
    expect(valueAt(service, 'spec', 'loadBalancerClass')).toBe(to === 'cilium' ? undefined : OURS);
    expect(await programming(cluster)).toEqual({ programmed: 'True', addresses: ipAddresses(EIP) });
    expect(await whatClientsSee()).toEqual(before);
  },
);

async function classNow(): Promise<unknown> {
  return valueAt(await existing(cluster, GATEWAYS, GUIDE_GATEWAY), 'spec', 'gatewayClassName');
}

/** NodePort and targetPort; entrypoint and redirect copy to the version. */
async function whatClientsSee(): Promise<readonly unknown[]> {
  const entrypoint = await existing(cluster, SERVICES, GUIDE_ENTRYPOINT);
  const copy = await existing(cluster, ENVOY_CONFIGS, COPY);
  return [
    await nodePortOf(cluster),
    await targetPortsOf(cluster),
    ...[entrypoint, copy].map(({ metadata }) => metadata.resourceVersion),
  ];
}

async function migrate(to: string): Promise<MigrateReport> {
  const { stdout, stderr } = await tryCommand(process.execPath, [
    ...command(to),
    '--kubeconfig',
    cluster.kubeconfigPath,
  ]);
  return migrateReportSchema.parse(JSON.parse(stdout === '' ? JSON.stringify({ stderr }) : stdout));
}

function command(to: string): readonly string[] {
  const args = ['migrate', 'default/ip-gateway', '--to-class', to, '--yes', '-o', 'json', '--config', config];
  return [inject('bundle'), ...args];
}

/** `kill -9` when the API server has carried out the n-th write, and the program does not know yet. */
async function killedAfter(n: number, to: string): Promise<void> {
  let left = n;
  const proxy = await openProxy(cluster, (answered) => {
    if (!isCarriedOut(answered)) return false;
    left -= 1;
    if (left === 0) child.kill('SIGKILL');
    return left <= 0;
  });
  const admin = { name: 'admin', token: cluster.adminToken };
  const kubeconfig = writeKubeconfig(join(cluster.dir, 'proxied'), proxy.server, join(cluster.dir, 'ca.crt'), admin);
  const child = spawn(process.execPath, [...command(to), '--kubeconfig', kubeconfig]);
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  await once(child, 'close');
  proxy.close();
  expect(child.signalCode, (await said).join('\n')).toBe('SIGKILL');
}

/** A write of the Gateway or its Service: no Lease, Event, access review or dry run. */
function isCarriedOut({ method, url, status }: Answered): boolean {
  return method !== 'GET' && status < 300 && /\/(?:gateways|services)\//.test(url) && !url.includes('dryRun=');
}

async function carriedOut(mark: AuditMark): Promise<readonly string[]> {
  return (await writesSince(cluster, mark)).filter((line) => !/ \d+$/.test(line));
}
