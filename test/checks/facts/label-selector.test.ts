import { describe, expect, it } from 'vitest';
import { matchesSelector } from '../../../src/checks/facts/label-selector.ts';

const LABELS = { zone: 'a', 'egress-node': 'true' };

describe('matchesSelector', () => {
  it.each([
    [{}, true],
    [undefined, true],
    [{ matchLabels: { zone: 'a' } }, true],
    [{ matchLabels: { zone: 'a', 'egress-node': 'false' } }, false],
    [{ matchLabels: { other: '' } }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a', 'b'] }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['b'] }] }, true],
    [{ matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, false],
    [{ matchExpressions: [{ key: 'other', operator: 'NotIn', values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'egress-node', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'other', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'other', operator: 'DoesNotExist' }] }, true],
    [{ matchLabels: { zone: 'a' }, matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] }, false],
    [{ matchExpressions: [{ key: 'zone', operator: 'Like', values: ['a'] }] }, false],
  ])('of %j is %j', (selector, wanted) => {
    expect(matchesSelector(selector, LABELS)).toBe(wanted);
  });
});
