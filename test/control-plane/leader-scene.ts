import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { LEASES, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import type { AuditEvent, AuditMark } from './audit.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { valueAt } from './objects.ts';
import { type Controller, isWrite, launchController } from './product.ts';
import { openRelay, type Relay } from './relay.ts';
import {
  EIP,
  entrypoint,
  GATEWAY_CLASS,
  GUIDE_ELB,
  GUIDE_ENTRYPOINT,
  gateway,
  gatewayService,
  nodePortOf,
  SERVES_GUIDE_GATEWAY,
  targetPortsOf,
} from './scenario.ts';
import { writeKubeconfig } from './users.ts';
import { waitFor } from './wait.ts';

/*
 * Several processes of the program, each with a name, a token and a way to the API server of its own, so that the audit
 * log tells whose a request was.
 */

export const LEASE: ObjectRef = { namespace: 'kube-system', name: 'cilium-cloud-bridge' };
const SECOND_GATEWAY: ObjectRef = { namespace: 'default', name: 'second' };
const SECOND_SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-second' };
export const SECOND_ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'second-entrypoint' };
const CONFIG = {
  gateway: { exposure: 'node-port' }, // without redirect copies each change has one write
  taints: { enabled: false },
  checks: { enabled: false },
  holdOff: { reverts: 100, window: '1s' }, // who changes all the time is no second writer here
};
const STALE_PORT = 32_546;

export interface Replica {
  /** Its user, as the audit log has it. */
  readonly name: string;
  readonly controller: Controller;
  readonly relay: Relay;
}

export let cluster: ControlPlane;
let ccm: Ccm;
let mark: AuditMark;
let started = 0;
export const replicas: Replica[] = [];

/** Starts the cluster with two Gateways, and three replicas. @param most processes that there will ever be */
export function useLeaderScene(most: number): void {
  beforeAll(async () => {
    const users = Array.from({ length: most }, (_, index) => userOf(nameOf(index)));
    cluster = await startControlPlane({ users });
    ccm = startCcm({
      send: cluster.request,
      dialect: 'huawei',
      manner: 'holds',
      addresses: { [GUIDE_ELB]: [{ ip: EIP }] },
    });
    await cluster.apply(GATEWAY_CLASS);
    await cluster.apply(entrypoint(GUIDE_ENTRYPOINT, { annotations: SERVES_GUIDE_GATEWAY }));
    const annotations = { 'cilium-cloud-bridge.io/gateway': 'default/second' };
    await cluster.apply(entrypoint(SECOND_ENTRYPOINT, { annotations, ports: [8080] }));
    await cluster.apply(gateway());
    await cluster.apply(gateway(SECOND_GATEWAY, { ports: [8080] }));
    await gatewayService(cluster);
    await gatewayService(cluster, SECOND_SERVICE);
    mark = await cluster.audit.mark();
    for (let count = 0; count < 3; count += 1) await startReplica();
    await inSync();
  });
  afterAll(async () => {
    for (const { controller } of replicas) controller.program.signal('SIGCONT');
    await Promise.all(replicas.map(({ controller }) => controller.program.kill()));
    for (const { relay } of replicas) relay.close();
    await ccm?.stop();
    await cluster?.stop();
  });
}

function nameOf(index: number): string {
  return `pod-${index}`;
}

function userOf(name: string): { name: string; token: string; groups: string[] } {
  return { name, token: `token-of-${name}`, groups: ['system:masters'] };
}

/** One more, as a Deployment starts one in place of each that is gone. */
export async function startReplica(): Promise<Replica> {
  const name = nameOf(started);
  started += 1;
  const relay = await openRelay({ host: '127.0.0.1', port: Number(new URL(cluster.server).port) });
  const path = join(cluster.dir, `kubeconfig-${name}`);
  const kubeconfig = writeKubeconfig(
    path,
    `https://127.0.0.1:${relay.port}`,
    join(cluster.dir, 'ca.crt'),
    userOf(name),
  );
  const env = { POD_NAME: name, POD_UID: randomUUID() };
  const controller = await launchController(cluster, {
    kubeconfig,
    config: CONFIG,
    env,
    args: ['--log-level', 'debug'],
  });
  await controller.waitForLine('it to lead or stand by', ({ msg }) => msg === 'leading' || msg === 'standing by');
  const replica = { name, controller, relay };
  replicas.push(replica);
  return replica;
}

/** Whom the Lease names. */
export async function leader(): Promise<Replica> {
  return waitFor('a leader', async () => {
    const holder = String(valueAt(await cluster.get(LEASES, LEASE), 'spec', 'holderIdentity') ?? '');
    return replicas.find(({ name, controller }) => controller.program.running() && holder.startsWith(`${name}_`));
  });
}

/** Another than this one, as soon as the Lease names it. */
export function leaderAfter(former: Replica): Promise<Replica> {
  return waitFor(
    `another leader than ${former.name}`,
    async () => {
      const present = await leader();
      return present.name === former.name ? undefined : present;
    },
    { timeoutMs: 40_000 },
  );
}

/** A targetPort as an old file would set it: the leader mends it. */
export async function spoil(ref: ObjectRef = GUIDE_ENTRYPOINT): Promise<void> {
  const patch = [{ op: 'replace', path: '/spec/ports/0/targetPort', value: STALE_PORT }];
  await cluster.patch(SERVICES, ref, patch, { contentType: 'application/json-patch+json' });
}

/** Both entrypoints lead to their Gateways. */
export async function inSync(timeoutMs = 30_000): Promise<void> {
  await waitFor(
    'both entrypoints to lead to their Gateways',
    async () => {
      expect(await targetPortsOf(cluster)).toEqual([await nodePortOf(cluster)]);
      expect(await targetPortsOf(cluster, SECOND_ENTRYPOINT)).toEqual([await nodePortOf(cluster, SECOND_SERVICE)]);
      return true;
    },
    { timeoutMs, everyMs: 10 },
  );
}

/** Spoils one or the other again and again, as long as it is not stopped. */
export function keepChanging(): () => Promise<void> {
  const stop = new AbortController();
  const running = (async () => {
    for (let count = 0; !stop.signal.aborted; count += 1) {
      await spoil(count % 2 === 0 ? GUIDE_ENTRYPOINT : SECOND_ENTRYPOINT);
      await systemClock.sleep(400, stop.signal).catch(() => undefined);
    }
  })();
  return async () => {
    stop.abort();
    await running;
  };
}

/** Every request of the replicas since the beginning, in the order in which the API server was done with them. */
export async function requestsOfReplicas(since: AuditMark = mark): Promise<readonly AuditEvent[]> {
  const names = new Set(replicas.map(({ name }) => name));
  const all = (await cluster.audit.since(since)).filter(
    ({ user, stage }) => names.has(user.username) && stage === 'ResponseComplete',
  );
  return all.toSorted((a, b) => (a.stageTimestamp < b.stageTimestamp ? -1 : 1));
}

/** Whether a write was carried out. */
export function isDone({ responseStatus }: AuditEvent): boolean {
  return (responseStatus?.code ?? 0) < 300;
}

export function isOfLease({ verb, objectRef }: AuditEvent): boolean {
  return objectRef?.resource === 'leases' && ['create', 'patch'].includes(verb);
}

/** Events about anything but the Lease. */
function isEvent({ objectRef, verb }: AuditEvent): boolean {
  const isWritten = objectRef?.resource === 'events' && ['create', 'patch'].includes(verb);
  return isWritten && !(objectRef?.name ?? '').startsWith(`${LEASE.name}.`);
}

/**
 * At no time do two write: whatever was carried out was asked for, and done, while the last one to write the Lease was
 * who wrote it. Returns how many writes there were.
 */
export async function expectOneWriterAtATime(): Promise<number> {
  const all = await requestsOfReplicas();
  const terms = all.filter((event) => isOfLease(event) && isDone(event));
  const holderAt = (time: string): string | undefined =>
    terms.findLast(({ stageTimestamp }) => stageTimestamp <= time)?.user.username;
  const writes = all.filter((event) => isDone(event) && (isWrite(event) || isEvent(event)));
  const strangers = writes.filter(
    ({ user, requestReceivedTimestamp: asked, stageTimestamp: done }) =>
      holderAt(asked) !== user.username || holderAt(done) !== user.username,
  );
  expect(strangers).toEqual([]);
  return writes.length;
}
