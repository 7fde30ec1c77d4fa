import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKubeClient } from '../../src/kube/client.ts';
import { openConnection } from '../../src/kube/connection.ts';
import { at } from '../../src/kube/read.ts';
import { CONFIG_MAPS } from '../../src/kube/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { applyAction } from '../../src/plan/apply.ts';
import { startLoop } from '../controller/harness.ts';
import { startFakeApi } from '../fake-api/server.ts';
import { situation } from '../gateway/arbitrary.ts';
import { bodyOf, plan } from '../gateway/planning.ts';
import { action } from '../plan/build.ts';

// Rule 15: before each write: still leader by the monotonic clock, asked in the same tick; its precondition in the
// request.

test('the question and the request are one tick apart by nothing, down to the socket', async () => {
  const api = await startFakeApi();
  const dir = mkdtempSync(join(tmpdir(), 'ccb-rule-15-'));
  const path = api.writeKubeconfig(join(dir, 'config'));
  const client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
  let asked = false;
  const inTheTick: boolean[] = [];
  const onRequest = (): void => void inTheTick.push(asked);
  subscribe('http.client.request.start', onRequest);
  try {
    await client.list(CONFIG_MAPS); // credentials are read once, and after they rotate
    inTheTick.length = 0;
    const mayWrite = (): boolean => {
      asked = true;
      setImmediate(() => {
        asked = false; // the event loop went on: time may have passed, and the lease with it
      });
      return true;
    };
    const prepare = (): Promise<never> => Promise.reject(new Error('nothing to prepare'));
    const ports = { client, fieldManager: 'test', prepare, mayWrite };
    await applyAction(action(), ports, new AbortController().signal);
    expect(inTheTick).toEqual([true]);
  } finally {
    unsubscribe('http.client.request.start', onRequest);
    client.close();
    await api.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a lease that is lost while the connection is being made keeps the request in this process', async () => {
  const api = await startFakeApi();
  const dir = mkdtempSync(join(tmpdir(), 'ccb-rule-15-'));
  const path = api.writeKubeconfig(join(dir, 'config'));
  const client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
  try {
    await client.list(CONFIG_MAPS); // credentials are read, and one connection is there
    const busy = client.list(CONFIG_MAPS); // and now it is taken
    let asked = 0;
    const mayWrite = (): boolean => {
      asked += 1;
      return asked === 1;
    };
    const prepare = (): Promise<never> => Promise.reject(new Error('nothing to prepare'));
    const ports = { client, fieldManager: 'test', prepare, mayWrite };
    const { outcome } = await applyAction(action(), ports, new AbortController().signal);
    expect(outcome).toMatchObject({ status: 'declined', reason: 'NotLeader' });
    await busy;
    expect(asked).toBe(2);
    expect(api.requests.map(({ verb }) => verb)).toEqual(['list', 'list']);
  } finally {
    client.close();
    await api.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('who does not lead any more sends nothing, not even the next write of a subject', async () => {
  const answer = Promise.withResolvers<Record<string, never>>();
  const loop = startLoop({ answer: () => answer.promise });
  await loop.become(action({ uid: 'a', name: 'a' }), action({ uid: 'b', name: 'b' }));
  loop.cluster.leader = false;
  answer.resolve({});
  await loop.become(action({ uid: 'c', name: 'c' }));
  expect(loop.written()).toEqual(['a']);
});

test('each request names the object that was planned on: by uid, and by version or the values that it replaces', () => {
  fc.assert(
    fc.property(situation, ({ objects, given }) => {
      for (const { request, target, targetVersion } of plan(objects, given).actions) {
        const body = bodyOf(request);
        switch (request.verb) {
          case 'create':
            expect(at(body, 'metadata', 'name')).toBe(target.name); // the API server refuses a second of that name
            break;
          case 'delete':
            expect(body).toEqual({ uid: target.uid, resourceVersion: targetVersion });
            break;
          case 'patch':
            if (request.patch.type === 'json') {
              const operations = request.patch.body;
              expect(operations[0]).toEqual({ op: 'test', path: '/metadata/uid', value: target.uid });
              for (const [index, operation] of operations.entries()) {
                if (operation.op === 'replace')
                  expect(operations[index - 1]).toMatchObject({ op: 'test', path: operation.path });
              }
            } else {
              expect(at(body, 'metadata')).toMatchObject({ uid: target.uid, resourceVersion: targetVersion });
            }
            break;
          case 'copy':
            break; // rule 12
        }
      }
    }),
    { numRuns: 300 },
  );
});
