import { describe, expect, it } from 'vitest';
import { createEventAnnouncer } from '../../src/controller/announcer.ts';
import { holdOffMessage, readHoldOffs } from '../../src/controller/hold-offs.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { eventObject, type KubeEvent } from '../../src/kube/event-object.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { actionId, type WriteHistory } from '../../src/plan/history.ts';
import type { Action } from '../../src/plan/plan.types.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { action, kubeError, scriptedClient } from '../plan/build.ts';
import { startLoop } from './harness.ts';

const MINUTE = 60_000;
const signal = new AbortController().signal;

/** The Events by which a hold-off is told. */
function eventsOf(held: Action, writer: string, until: number, fix = 'Mend it.'): RawObject[] {
  const recorded: KubeEvent[] = [];
  const recorder = {
    record: (event: KubeEvent) => void recorded.push(event),
    flush: () => Promise.resolve(),
    close: () => undefined,
  };
  createEventAnnouncer(recorder).holdOff(held, writer, fix, until);
  return recorded.map((event, index) =>
    eventObject(event, { component: 'cilium-cloud-bridge', instance: 'pod' }, 0, `e${index}`),
  );
}

function clientWith(events: readonly RawObject[]): KubeClient {
  const listMapped: KubeClient['listMapped'] = (_, map) =>
    Promise.resolve({ items: events.map(map), resourceVersion: '1' });
  return { ...scriptedClient(() => Promise.resolve({})), listMapped };
}

function read(events: readonly RawObject[], clock = fakeClock()): Promise<WriteHistory> {
  return readHoldOffs(clientWith(events), clock, signal);
}

describe('a hold-off', () => {
  it('begins at the third revert, is told at once with its end, and ends', async () => {
    const loop = startLoop();
    const wanted = action({ uid: 'a', name: 'a' });
    await loop.become(wanted);
    for (let revert = 0; revert < 3; revert += 1) {
      await loop.pass(1_000);
      await loop.become(wanted);
    }
    expect(loop.written()).toEqual(['a', 'a', 'a']);
    const until = new Date(loop.clock.now() + 30 * MINUTE).toISOString();
    expect(loop.told).toEqual(['applied a', 'applied a', 'applied a', `hold-off a rival ${until}`]);
    expect(loop.log.messages('warn')).toEqual([
      'rival keeps undoing this write; nothing is written for another 30 min.',
    ]);
    await loop.become(wanted);
    await loop.pass(30 * MINUTE - 1);
    expect(loop.written()).toHaveLength(3);
    await loop.pass(1);
    expect(loop.written()).toHaveLength(4);
  });

  it('of one subject leaves the others alone', async () => {
    const loop = startLoop();
    const wanted = action({ uid: 'a', name: 'a' });
    const other = action({ uid: 'c', name: 'c', key: 'Gateway default/api' });
    for (let look = 0; look < 4; look += 1) await loop.become(wanted);
    await loop.become(wanted, other);
    expect(loop.written()).toEqual(['a', 'a', 'a', 'c']);
  });

  it('of a targetPort does not keep the redirect copy from following its Gateway', async () => {
    const loop = startLoop();
    const wanted = action({ kind: 'patch-entrypoint', uid: 'a', name: 'a' });
    const parts = { mayFail: true, beside: true } as const;
    const copy = action({ kind: 'write-redirect-copy', uid: 'b', name: 'b', parts });
    const status = action({ kind: 'publish-address', uid: 'c', name: 'c' });
    for (let look = 0; look < 4; look += 1) await loop.become(wanted);
    await loop.become(wanted, copy, status);
    expect(loop.written()).toEqual(['a', 'a', 'a', 'b']);
  });

  it('is no business of a loop that tells second writers itself', async () => {
    const loop = startLoop({ options: { holdOff: undefined } });
    const wanted = action({ uid: 'a', name: 'a' });
    for (let look = 0; look < 10; look += 1) await loop.become(wanted);
    expect(loop.written()).toHaveLength(10);
  });

  it('survives a restart', async () => {
    const wanted = action({ uid: 'a', name: 'a' });
    const clock = fakeClock();
    const history = await read(eventsOf(wanted, 'rival', clock.now() + 20 * MINUTE), clock);
    const loop = startLoop({ history });
    await loop.become(wanted);
    expect(loop.written()).toEqual([]);
    await loop.pass(20 * MINUTE);
    expect(loop.written()).toEqual(['a']);
  });
});

describe('a hold-off read from its Events', () => {
  it.each([
    ['publish-address', 'manager with spaces (v1.2): and.dots'],
    ['clear-address', 'kubectl'],
    ['patch-entrypoint', 'argocd-controller'],
    ['pin-node-port', ''],
  ] as const)('of %s by %j is the same as before', async (kind, writer) => {
    const held = action({ kind, uid: 'u-1' });
    const clock = fakeClock();
    const history = await read(eventsOf(held, writer, clock.now() + 10 * MINUTE), clock);
    expect(history.get(actionId(held))).toMatchObject({
      heldUntil: clock.monotonic() + 10 * MINUTE,
      writer,
      reverts: [],
    });
  });

  it('of which the message was cut is still understood', async () => {
    const held = action();
    const clock = fakeClock();
    const history = await read(eventsOf(held, 'rival', clock.now() + MINUTE, 'x'.repeat(5_000)), clock);
    expect(history.get(actionId(held))?.writer).toBe('rival');
  });

  it('twice counts until the later end', async () => {
    const held = action();
    const clock = fakeClock();
    const events = [9, 20, 3].flatMap((minutes) => eventsOf(held, 'rival', clock.now() + minutes * MINUTE));
    expect((await read(events, clock)).get(actionId(held))?.heldUntil).toBe(clock.monotonic() + 20 * MINUTE);
  });

  it('counts once, though the Gateway that it concerns has an Event, too', async () => {
    const target = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      namespace: 'default',
      name: 'web',
      uid: 'g',
    };
    const held = action({ kind: 'patch-entrypoint', uid: 'u-1', parts: { related: [target] } });
    const clock = fakeClock();
    const events = eventsOf(held, 'rival', clock.now() + MINUTE);
    expect(events).toHaveLength(2);
    expect([...(await read(events, clock)).keys()]).toEqual([actionId(held)]);
  });

  it('is forgotten once it is over', async () => {
    const clock = fakeClock();
    expect((await read(eventsOf(action(), 'rival', clock.now()), clock)).size).toBe(0);
  });

  it.each<[string, (event: RawObject) => RawObject]>([
    ["of another program's", (event) => ({ ...event, reportingComponent: 'evil' })],
    ['of another action', (event) => ({ ...event, action: 'Publish' })],
    ['without an object', (event) => ({ ...event, involvedObject: {} })],
    [
      'without a time',
      (event) => ({ ...event, message: 'Service default/service is not written until later: x keeps undoing it.' }),
    ],
    ['without a message', (event) => ({ ...event, message: null })],
    ['that is nothing', () => ({})],
  ])('%s counts for nothing', async (_, spoil) => {
    const clock = fakeClock();
    const events = eventsOf(action(), 'rival', clock.now() + MINUTE).map(spoil);
    expect((await read(events, clock)).size).toBe(0);
  });

  it('is not known where Events cannot be read', async () => {
    const client = { ...clientWith([]), listMapped: () => Promise.reject(kubeError('forbidden')) };
    expect((await readHoldOffs(client, fakeClock(), signal)).size).toBe(0);
  });

  it('names the writer and the mend to people', () => {
    expect(holdOffMessage(action(), '', 'Mend it.', Date.parse('2026-01-01T00:30:00Z'))).toBe(
      'Service default/service is not written until 2026-01-01T00:30:00.000Z: another writer keeps undoing it. Mend it.',
    );
  });
});
