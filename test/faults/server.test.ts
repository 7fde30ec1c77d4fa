import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LEASES } from '../../src/kube/resources.ts';
import { objectAt, stringAt } from '../fake-api/json.ts';
import { makeAuthority } from '../kube/certificates.ts';
import { startScene } from './scene.ts';
import { isOurs, nameOf, writesOf } from './write-log.ts';

/** The API server as a whole, its credentials, and the time. */

it('the API server restarts, with and without its history', async () => {
  const scene = await startScene();
  const { api, random } = scene;
  for (let round = 0; round < 4; round += 1) {
    await api.pause();
    await scene.change(5);
    await scene.pass(random.below(15_000));
    if (random.percent(50)) api.compact();
    await api.listen();
    await scene.change(2);
  }
  await scene.endsWell({ base: 500, aMinute: 300 });
});

it('an outage that outlives the lease', async () => {
  const scene = await startScene();
  const { api } = scene;
  await api.pause();
  await scene.change(5);
  await scene.pass(40_000);
  expect(scene.log.messages('warn')).toContain('no longer leading');
  await api.listen();
  await scene.endsWell({ base: 300, aMinute: 200 });
  expect(
    stringAt(api.get(LEASES, { namespace: 'kube-system', name: 'cilium-cloud-bridge' }), 'spec', 'holderIdentity'),
  ).not.toBe('');
});

it('another process takes the lease over during an outage: nothing is written until it is free again', async () => {
  const scene = await startScene();
  const { api } = scene;
  const lease = { namespace: 'kube-system', name: 'cilium-cloud-bridge' };
  const renewByAnother = (): void => {
    api.update(LEASES, lease, (object) => {
      const renewTime = new Date().toISOString().replace('Z', '000Z');
      object.spec = { ...objectAt(object, 'spec'), holderIdentity: 'another', renewTime, leaseDurationSeconds: 15 };
    });
  };
  await api.pause();
  await scene.pass(20_000);
  renewByAnother();
  const writes = writesOf(api.requests).length;
  await api.listen();
  await scene.change(6);
  for (let round = 0; round < 10; round += 1) {
    renewByAnother();
    await scene.pass(4_000);
  }
  expect(writesOf(api.requests).slice(writes).map(nameOf)).toEqual([]);
  await scene.endsWell({ base: 300, aMinute: 200 });
});

it('the token rotates', async () => {
  const scene = await startScene({ token: 'first' });
  const { api } = scene;
  let before = 'first';
  for (const token of ['second', 'third']) {
    api.access.addToken(token);
    api.writeKubeconfig(scene.kubeconfig, { token });
    api.access.revokeToken(before);
    before = token;
    api.closeWatches();
    await scene.change(4);
    await scene.inSync();
  }
  const unauthorized = api.requests.filter((request) => isOurs(request) && request.status === 401).length;
  expect(unauthorized).toBeLessThan(80);
  await scene.endsWell({ base: 250, aMinute: 150 });
});

it('a token that is renewed only after it was refused for a while', async () => {
  const scene = await startScene({ token: 'first' });
  const { api } = scene;
  api.access.revokeToken('first');
  api.closeWatches();
  await scene.change(5);
  await scene.pass(30_000);
  api.access.addToken('second');
  api.writeKubeconfig(scene.kubeconfig, { token: 'second' });
  await scene.endsWell({ base: 250, aMinute: 200 });
});

it('the CA rotates', async () => {
  const [first, second] = [makeAuthority(), makeAuthority()];
  const scene = await startScene({ tls: { ...first.issue(), ca: first.cert } });
  const { api } = scene;
  await scene.change(3);
  await api.rotateCertificate({ ...second.issue(), ca: second.cert });
  await scene.change(4);
  await scene.pass(10_000);
  api.writeKubeconfig(scene.kubeconfig);
  await scene.change(2);
  await scene.endsWell({ base: 300, aMinute: 250 });
});

it('a kubeconfig that is half written for a moment', async () => {
  const scene = await startScene({ token: 'first' });
  const { api } = scene;
  writeFileSync(scene.kubeconfig, 'apiVersion: v1\nkind: Conf');
  await scene.change(4);
  await scene.pass(15_000);
  api.access.addToken('second');
  api.writeKubeconfig(scene.kubeconfig, { token: 'second' });
  await scene.pass(6_000);
  api.access.revokeToken('first');
  await scene.change(2);
  await scene.endsWell({ base: 150, aMinute: 120 });
});

it('the wall clock jumps, in both directions', async () => {
  const scene = await startScene();
  const startedAt = scene.clock.monotonic();
  for (const ms of [3_600_000, -7_200_000, 86_400_000, -86_400_000, 30_000, -30_000]) {
    await scene.change(2);
    scene.clock.jump(ms);
    await scene.change(2);
    await scene.inSync();
  }
  // The lease is renewed within 2 s, and what had to wait for it is written at once; nothing waits for an hour to pass.
  expect(scene.clock.monotonic() - startedAt).toBeLessThan(400_000);
  await scene.endsWell({ base: 200, aMinute: 100 });
});
