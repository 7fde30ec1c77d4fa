import { afterEach, beforeEach, expect, test } from 'vitest';
import { describePermission, type Permission, reviewAccess } from '../../src/kube/access.ts';
import { asRecord, at } from '../../src/kube/read.ts';
import { answerJson, failure, type ScriptedServer, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;

beforeEach(async () => {
  server = await startScriptedServer();
});

afterEach(() => server.close());

const PATCH_STATUS: Permission = { verb: 'patch', group: '', resource: 'services', subresource: 'status' };
const LIST_GATEWAYS: Permission = { verb: 'list', group: 'gateway.networking.k8s.io', resource: 'gateways' };
const GET_LEASE: Permission = {
  verb: 'get',
  group: 'coordination.k8s.io',
  resource: 'leases',
  namespace: 'kube-system',
  name: 'cilium-cloud-bridge',
};

test('says which permissions are denied, why, and which could not be asked for, in the order of the questions', async () => {
  const eight = Promise.withResolvers<void>();
  let together = 0;
  let most = 0;
  server.play(async (request, response) => {
    together += 1;
    most = Math.max(most, together);
    if (together === 8) {
      // Long enough for a ninth, if there were one.
      setTimeout(eight.resolve, 100);
    }
    await eight.promise;
    together -= 1;
    const attributes = asRecord(at(JSON.parse(request.body), 'spec', 'resourceAttributes'));
    if (attributes.resource === 'leases') {
      answerJson(response, 500, failure(500, 'InternalError', 'webhook'));
    } else if (attributes.verb === 'patch') {
      answerJson(response, 201, { kind: 'SelfSubjectAccessReview', status: { allowed: false, reason: 'no RBAC' } });
    } else {
      answerJson(response, 201, { kind: 'SelfSubjectAccessReview', status: { allowed: true } });
    }
  });
  const many = Array.from({ length: 20 }, (_, i): Permission => ({ ...LIST_GATEWAYS, namespace: `n${i}` }));
  const report = await reviewAccess(server.client(), [...many, PATCH_STATUS, GET_LEASE]);
  expect(report.denied).toEqual([{ permission: PATCH_STATUS, reason: 'no RBAC' }]);
  expect(report.unknown.map(({ permission, error }) => [permission, error.category])).toEqual([
    [GET_LEASE, 'unavailable'],
  ]);
  expect(most).toBe(8);
});

test('asks as a SelfSubjectAccessReview', async () => {
  server.play((_, response) => answerJson(response, 201, { status: { allowed: true } }));
  expect(await reviewAccess(server.client(), [GET_LEASE])).toEqual({ denied: [], unknown: [] });
  expect(server.requests[0]?.path).toBe('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews');
  expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: GET_LEASE },
  });
});

test('an abort ends it with its reason', async () => {
  const signal = AbortSignal.abort(new Error('stop'));
  await expect(reviewAccess(server.client(), [GET_LEASE], { signal })).rejects.toThrow('stop');
});

test.each([
  [PATCH_STATUS, 'patch services/status'],
  [LIST_GATEWAYS, 'list gateways.gateway.networking.k8s.io'],
  [GET_LEASE, 'get leases.coordination.k8s.io cilium-cloud-bridge in kube-system'],
])('%j reads %s', (permission, text) => {
  expect(describePermission(permission)).toBe(text);
});
