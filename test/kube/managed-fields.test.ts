import { expect, test } from 'vitest';
import { lastWriter, readFieldOwners } from '../../src/kube/managed-fields.ts';

const INGRESS = ['f:status', 'f:loadBalancer', 'f:ingress'];
const PORT = 'k:{"port":80,"protocol":"TCP"}';
const TARGET_PORT = ['f:spec', 'f:ports', PORT, 'f:targetPort'];

/** As kube-apiserver 1.33 writes it. */
const SERVICE = {
  metadata: {
    name: 'entry',
    managedFields: [
      {
        manager: 'kubectl-client-side-apply',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T10:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:annotations': { '.': {}, 'f:kubernetes.io/elb.id': {} } },
          'f:spec': { 'f:ports': { '.': {}, [PORT]: { '.': {}, 'f:port': {}, 'f:targetPort': {} } }, 'f:type': {} },
        },
      },
      {
        manager: 'cilium-cloud-bridge',
        operation: 'Update',
        time: '2026-01-01T12:00:00Z',
        subresource: 'status',
        fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
      },
      {
        manager: 'cloud-controller-manager',
        operation: 'Update',
        time: '2026-01-01T11:00:00Z',
        subresource: 'status',
        fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
      },
      {
        manager: 'argocd-controller',
        operation: 'Apply',
        time: '2026-01-01T09:00:00Z',
        fieldsV1: { 'f:spec': { 'f:ports': { [PORT]: { 'f:targetPort': {} } } } },
      },
      {
        manager: 'cilium-operator-generic',
        operation: 'Update',
        time: '2026-01-01T13:00:00Z',
        subresource: 'status',
        fieldsV1: { 'f:status': { 'f:conditions': {} } },
      },
    ],
  },
};

test('owners of a field are told newest last, each with its subresource', () => {
  const owners = readFieldOwners(SERVICE);
  expect(owners.of(INGRESS, 'status')).toEqual([
    { manager: 'cloud-controller-manager', operation: 'Update', subresource: 'status', time: '2026-01-01T11:00:00Z' },
    { manager: 'cilium-cloud-bridge', operation: 'Update', subresource: 'status', time: '2026-01-01T12:00:00Z' },
  ]);
  expect(owners.of(TARGET_PORT, '').map((owner) => `${owner.manager} ${owner.operation}`)).toEqual([
    'argocd-controller Apply',
    'kubectl-client-side-apply Update',
  ]);
  expect(owners.of(INGRESS, '')).toEqual([]);
});

test('a port with another number is another field', () => {
  const other = ['f:spec', 'f:ports', 'k:{"port":443,"protocol":"TCP"}', 'f:targetPort'];
  expect(readFieldOwners(SERVICE).of(other, '')).toEqual([]);
});

test('writers through a subresource, and the last of them', () => {
  const writers = readFieldOwners(SERVICE).writers('status');
  expect(writers.map((owner) => owner.manager)).toEqual([
    'cloud-controller-manager',
    'cilium-cloud-bridge',
    'cilium-operator-generic',
  ]);
  expect(lastWriter(SERVICE, 'status')?.manager).toBe('cilium-operator-generic');
  expect(lastWriter(SERVICE, '')?.manager).toBe('kubectl-client-side-apply');
  expect(lastWriter({}, '')).toBeUndefined();
});

test('who owns a whole value owns what is in it', () => {
  const raw = { metadata: { managedFields: [{ manager: 'm', fieldsV1: { 'f:status': { 'f:loadBalancer': {} } } }] } };
  expect(
    readFieldOwners(raw)
      .of(INGRESS, '')
      .map((owner) => owner.manager),
  ).toEqual(['m']);
});

test.each([
  undefined,
  null,
  'x',
  [1, null, 'a'],
  [{ manager: 1, fieldsV1: 'x' }],
  [{ manager: 'm', fieldsV1: { 'f:status': [] } }],
  [{ manager: 'm', fieldsV1: {} }],
])('managedFields of the shape %j have no owners', (managedFields) => {
  expect(readFieldOwners({ metadata: { managedFields } }).of(INGRESS, '')).toEqual([]);
});
