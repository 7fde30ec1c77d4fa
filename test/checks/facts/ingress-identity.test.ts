import { describe, expect, it } from 'vitest';
import { type Ruling, rulesOf, rulingOf } from '../../../src/checks/facts/ingress-identity.ts';
import { trimSpec } from '../../../src/checks/models/cluster.ts';
import type { RawObject } from '../../../src/kube/types.ts';

const POD = { namespace: 'shop', labels: { app: 'cart', tier: 'back' } };
const PORT = { port: 8080, protocol: 'TCP', name: 'web' };
const SELECTS = { endpointSelector: { matchLabels: { app: 'cart' } } };

function ruling(rule: RawObject, namespace = 'shop'): Ruling {
  return rulingOf({ ...SELECTS, ...rule }, POD, namespace, PORT);
}

describe('rulingOf', () => {
  it.each<[string, RawObject, Ruling]>([
    ['no ingress section', {}, 'none'],
    ['an empty ingress section, which does not apply', { ingress: [] }, 'none'],
    ['an empty rule, which admits nobody', { ingress: [{}] }, 'closes'],
    ['egress alone', { egress: [{ toEntities: ['world'] }] }, 'none'],
    ['default deny by its switch', { enableDefaultDeny: { ingress: true } }, 'closes'],
    [
      'rules that close nothing, by the switch',
      { enableDefaultDeny: { ingress: false }, ingress: [{ fromEntities: ['host'] }] },
      'none',
    ],
    ['the entity ingress', { ingress: [{ fromEntities: ['ingress'] }] }, 'admits'],
    ['the entity all', { ingress: [{ fromEntities: ['all'] }] }, 'admits'],
    ['the entity cluster, which holds ingress', { ingress: [{ fromEntities: ['cluster'] }] }, 'admits'],
    ['the entity world, which does not', { ingress: [{ fromEntities: ['world'] }] }, 'closes'],
    ['everyone at a port', { ingress: [{ toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }] }] }] }, 'admits'],
    [
      'the label of the identity',
      { ingress: [{ fromEndpoints: [{ matchLabels: { 'reserved:ingress': '' } }] }] },
      'admits',
    ],
    [
      'the label of the identity, as an expression',
      { ingress: [{ fromEndpoints: [{ matchExpressions: [{ key: 'reserved:ingress', operator: 'Exists' }] }] }] },
      'admits',
    ],
    ['the Pods of the namespace', { ingress: [{ fromEndpoints: [{}] }] }, 'closes'],
    ['addresses', { ingress: [{ fromCIDR: ['0.0.0.0/0'] }] }, 'closes'],
    ['a denial', { ingressDeny: [{ fromEntities: ['all'] }], ingress: [{ fromEntities: ['all'] }] }, 'denies'],
    ['a denial of others, which closes', { ingressDeny: [{ fromEntities: ['world'] }] }, 'closes'],
  ])('knows %s', (_, rule, expected) => {
    expect(ruling(rule)).toBe(expected);
  });

  it.each<[string, RawObject, Ruling]>([
    ['its own', { port: '8080', protocol: 'TCP' }, 'admits'],
    ['any protocol', { port: '8080' }, 'admits'],
    ['by name', { port: 'web', protocol: 'TCP' }, 'admits'],
    ['a range', { port: '8000', endPort: 8100, protocol: 'TCP' }, 'admits'],
    ['every port', { port: '0', protocol: 'ANY' }, 'admits'],
    ['another', { port: '80', protocol: 'TCP' }, 'closes'],
    ['another protocol', { port: '8080', protocol: 'UDP' }, 'closes'],
  ])('reads ports: %s', (_, port, expected) => {
    expect(ruling({ ingress: [{ fromEntities: ['ingress'], toPorts: [{ ports: [port] }] }] })).toBe(expected);
  });

  it('takes an empty selector of a clusterwide policy for everyone', () => {
    expect(ruling({ ingress: [{ fromEndpoints: [{}] }] }, '')).toBe('admits');
  });

  it('speaks only of Pods that it selects, in its own namespace', () => {
    const closing = { ingress: [{}] };
    expect(rulingOf({ endpointSelector: { matchLabels: { app: 'other' } }, ...closing }, POD, 'shop', PORT)).toBe(
      'none',
    );
    expect(ruling(closing, 'another')).toBe('none');
    const prefixed = {
      endpointSelector: {
        matchLabels: { 'k8s:app': 'cart', 'any:tier': 'back' },
        matchExpressions: [{ key: 'k8s:io.kubernetes.pod.namespace', operator: 'In', values: ['shop'] }],
      },
    };
    expect(rulingOf({ ...prefixed, ...closing }, POD, '', PORT)).toBe('closes');
    expect(rulingOf({ nodeSelector: {}, ...closing }, POD, '', PORT)).toBe('none');
  });

  it('reads spec and specs', () => {
    const policy = trimSpec({ kind: 'CiliumNetworkPolicy', spec: { a: 1 }, specs: [{ b: 1 }, { c: 1 }] });
    expect(rulesOf(policy)).toEqual([{ a: 1 }, { b: 1 }, { c: 1 }]);
    expect(rulesOf(trimSpec({ kind: 'CiliumNetworkPolicy', specs: [{ b: 1 }] }))).toEqual([{ b: 1 }]);
  });
});
