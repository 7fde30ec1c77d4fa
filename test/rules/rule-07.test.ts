import { expect, test } from 'vitest';
import { createEventAnnouncer } from '../../src/controller/announcer.ts';
import { readHoldOffs } from '../../src/controller/hold-offs.ts';
import { declinedFinding } from '../../src/gateway/second-writer.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { eventObject, type KubeEvent } from '../../src/kube/event-object.ts';
import { limit } from '../../src/plan/limit.ts';
import { startLoop } from '../controller/harness.ts';
import { entrypoint, gateway, gatewayService, pool } from '../gateway/build.ts';
import { actionOf, findings, gatewayConfig, plan, writes } from '../gateway/planning.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { action, scriptedClient } from '../plan/build.ts';

// Rule 7: three reverts of our value in ten minutes on one object: hold off for 30 minutes, name the other writer and
// the mend. A hold-off survives a restart.

const MINUTE = 60_000;
const wanted = action({ uid: 'a', name: 'a' });

test('three reverts, and nothing is written for 30 minutes; then three more tries', async () => {
  const loop = startLoop();
  for (let look = 0; look < 10; look += 1) {
    await loop.become(wanted);
    await loop.pass(1_000);
  }
  expect(loop.written()).toHaveLength(3);
  expect(loop.told.at(-1)).toMatch(/^hold-off a rival 2026-01-01T00:3/);
  await loop.pass(29 * MINUTE);
  expect(loop.written()).toHaveLength(3);
  for (let look = 0; look < 10; look += 1) {
    await loop.pass(10_000);
    await loop.become(wanted);
  }
  expect(loop.written()).toHaveLength(6);
});

test('reverts that are far apart, or of other values, are none', async () => {
  const loop = startLoop();
  for (let look = 0; look < 10; look += 1) {
    await loop.become(wanted);
    await loop.pass(6 * MINUTE);
  }
  for (let look = 0; look < 10; look += 1) await loop.become(action({ uid: 'a', name: 'a', after: { field: look } }));
  expect(loop.written()).toHaveLength(20);
});

test('another value that is wanted starts the count anew', async () => {
  const loop = startLoop();
  for (const value of ['a', 'b', 'c']) {
    for (let look = 0; look < 3; look += 1) await loop.become(action({ uid: 'a', name: 'a', after: { field: value } }));
  }
  expect(loop.written()).toHaveLength(9);
  expect(loop.told.filter((line) => line.startsWith('hold-off'))).toEqual([]);
});

test('the finding names the writer and the mend for what is fought over', () => {
  const entry = entrypoint('entry', { ports: [[80, 1]], ingress: [{ ip: '1.1.1.1' }] });
  const planned = plan([gateway(), gatewayService(), entry]);
  const message = 'cce-ccm keeps undoing this write; nothing is written for another 30 min.';
  const told = (kind: 'publish-address' | 'patch-entrypoint') =>
    declinedFinding({ action: actionOf(planned, kind), reason: 'SecondWriter', message }, gatewayConfig());
  expect(told('publish-address').verdict).toBe('fail');
  expect(told('publish-address').message).toContain('cce-ccm');
  expect(told('publish-address').fix).toMatch(
    /loadBalancerClass: cilium-cloud-bridge\.io\/entrypoint.*mode: skip.*defaultLBServiceIPAM=none/,
  );
  expect(told('patch-entrypoint').fix).toContain('ignoreDifferences');
});

test('a hold-off survives a restart', async () => {
  const clock = fakeClock();
  const recorded: KubeEvent[] = [];
  const recorder = {
    record: (event: KubeEvent) => void recorded.push(event),
    flush: () => Promise.resolve(),
    close: () => undefined,
  };
  createEventAnnouncer(recorder).holdOff(wanted, 'rival', 'Mend it.', clock.now() + 20 * MINUTE);
  const events = recorded.map((event, index) =>
    eventObject(event, { component: 'cilium-cloud-bridge', instance: 'x' }, 0, `${index}`),
  );
  const listMapped: KubeClient['listMapped'] = (_, map) =>
    Promise.resolve({ items: events.map(map), resourceVersion: '1' });
  const client = { ...scriptedClient(() => Promise.resolve({})), listMapped };
  const history = await readHoldOffs(client, clock, new AbortController().signal);
  const now = clock.monotonic();
  const policy = { readOnly: false, dryRun: false, history };
  const [declined] = limit([wanted], { ...policy, now }).declined;
  expect(declined?.reason).toBe('SecondWriter');
  expect(declined?.message).toMatch(/^rival /);
  expect(limit([wanted], { ...policy, now: now + 20 * MINUTE }).declined).toEqual([]);
});

test('the fight is not begun with a writer that is known to own the Service', () => {
  const planned = plan([gateway(), gatewayService(), entrypoint('entry', { ingress: [{ ip: '1.1.1.1' }] }), pool()]);
  expect([writes(planned), findings(planned)]).toEqual([[], ['fail OwnedByLbIpam']]);
});
