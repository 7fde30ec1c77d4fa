import { expect, test } from 'vitest';
import type { AuditEvent } from '../control-plane/audit.ts';
import { describeGrant, type Grant, grantsOf, uses } from './grants.ts';

const ROLE = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'role', namespace: 'kube-system' },
  rules: [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['a', 'b'], verbs: ['list'] },
    { apiGroups: ['', 'apps'], resources: ['pods'], verbs: ['get', 'watch'] },
  ],
};

function asked(verb: string, objectRef: AuditEvent['objectRef']): AuditEvent {
  const user = { username: 'somebody' };
  return {
    stage: 'ResponseComplete',
    verb,
    requestURI: '/',
    user,
    userAgent: '',
    objectRef,
    requestReceivedTimestamp: '',
    stageTimestamp: '',
  };
}

test('each verb on each resource, group and name is a grant of its own', () => {
  expect(grantsOf(ROLE).map(describeGrant)).toEqual([
    'list configmaps a in kube-system',
    'list configmaps b in kube-system',
    'get pods in kube-system',
    'watch pods in kube-system',
    'get pods.apps in kube-system',
    'watch pods.apps in kube-system',
  ]);
});

test('a grant is used by the very verb, kind, subresource, namespace and name', () => {
  const grant: Grant = { namespace: 'ns', group: 'apps', resource: 'sets/status', name: 'one', verb: 'patch' };
  const ref = { apiGroup: 'apps', resource: 'sets', subresource: 'status', namespace: 'ns', name: 'one' };
  expect(uses(asked('patch', ref), grant)).toBe(true);
  expect(uses(asked('update', ref), grant)).toBe(false);
  for (const other of [
    { apiGroup: '' },
    { resource: 'pods' },
    { subresource: 'scale' },
    { namespace: 'x' },
    { name: 'y' },
  ]) {
    expect(uses(asked('patch', { ...ref, ...other }), grant)).toBe(false);
  }
  expect(uses(asked('patch', { ...ref, name: 'other' }), { ...grant, name: undefined })).toBe(true);
  expect(uses(asked('patch', { ...ref, namespace: 'other' }), { ...grant, namespace: '' })).toBe(true);
});
