import { describe, expect, it } from 'vitest';
import { findForbiddenRules, formatTaintRule, parseTaintRule } from '../../src/config/taint-rules.ts';
import { formatTaint, listedTaints, matches } from '../../src/taints/rules.ts';

const ROUTE = { key: 'node.kubernetes.io/route-unreachable', value: '', effect: 'NoSchedule' };
const ENI = { key: 'tke.cloud.tencent.com/eni-ip-unavailable', value: 'true', effect: 'NoSchedule' };

describe('a rule', () => {
  it.each([
    ['a', { key: 'a', value: undefined, effect: undefined }],
    ['a=', { key: 'a', value: '', effect: undefined }],
    ['a=b', { key: 'a', value: 'b', effect: undefined }],
    ['a:NoExecute', { key: 'a', value: undefined, effect: 'NoExecute' }],
    ['example.com/a=b:PreferNoSchedule', { key: 'example.com/a', value: 'b', effect: 'PreferNoSchedule' }],
  ])('%s is understood, and written the same again', (text, rule) => {
    expect(parseTaintRule(text)).toEqual(rule);
    expect(formatTaintRule(rule)).toBe(text);
  });

  it.each(['', '=b', ':NoSchedule', 'a:', 'a:noschedule', 'a=b=c', 'a b', 'a/b/c', '-a', 'a=b:NoSchedule:x'])(
    '%j is none',
    (text) => {
      expect(parseTaintRule(text)).toBeUndefined();
    },
  );

  it.each([
    ['node.kubernetes.io/route-unreachable', ROUTE, true],
    ['node.kubernetes.io/route-unreachable:NoSchedule', ROUTE, true],
    ['node.kubernetes.io/route-unreachable:NoExecute', ROUTE, false],
    ['node.kubernetes.io/route-unreachable=', ROUTE, true],
    ['tke.cloud.tencent.com/eni-ip-unavailable=true', ENI, true],
    ['tke.cloud.tencent.com/eni-ip-unavailable=false', ENI, false],
    ['tke.cloud.tencent.com/eni-ip-unavailable=', ENI, false],
    ['tke.cloud.tencent.com/eni-ip', ENI, false],
  ])('%s means %o: %s', (text, taint, expected) => {
    const rule = parseTaintRule(text);
    expect(rule !== undefined && matches(rule, taint)).toBe(expected);
  });

  it.each([
    'node.cilium.io/agent-not-ready',
    'node.kubernetes.io/not-ready',
    'node.kubernetes.io/unreachable:NoExecute',
    'node.kubernetes.io/unschedulable',
    'node.kubernetes.io/network-unavailable',
    'node.kubernetes.io/out-of-service',
    'node.cloudprovider.kubernetes.io/uninitialized',
    'node.cloudprovider.kubernetes.io/shutdown',
    'node-role.kubernetes.io/control-plane',
    'ToBeDeletedByClusterAutoscaler',
    'DeletionCandidateOfClusterAutoscaler',
    'tke.cloud.tencent.com/uninitialized',
    'eks.tke.cloud.tencent.com/eklet',
  ])('must not name %s', (text) => {
    expect(findForbiddenRules([text])).toHaveLength(1);
  });

  it('may name the taints that Cilium makes obsolete', () => {
    expect(findForbiddenRules([ROUTE, ENI].map(formatTaint))).toEqual([]);
  });
});

describe('listed taints', () => {
  const other = { key: 'example.com/gpu', value: '', effect: 'NoSchedule' };

  it('are those of every cloud by default, with their places', () => {
    expect(listedTaints([other, ROUTE, ENI], undefined)).toEqual([
      { taint: ROUTE, index: 1 },
      { taint: ENI, index: 2 },
    ]);
  });

  it('are those of the configuration and no others, when it names some', () => {
    const rule = parseTaintRule('example.com/gpu');
    expect(listedTaints([other, ROUTE], rule === undefined ? [] : [rule])).toEqual([{ taint: other, index: 0 }]);
  });
});
