import { beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { featuresOf, rightsNeeded } from '../../src/rights/needed.ts';
import { describeGrant, type Grant, grantsOf } from './grants.ts';
import { buildHelm, renderWith } from './helm.ts';

beforeAll(buildHelm);

/** Every switch alone and together, and other namespaces. */
const CONFIGS: readonly object[] = [
  ...Array.from({ length: 32 }, (_, bits) => {
    const is = (bit: number): boolean => (bits & (1 << bit)) !== 0;
    return {
      readOnly: is(0),
      taints: { enabled: is(1) },
      gateway: { managed: { enabled: is(2), allowedNamespaces: ['a'] } },
      cloud: { provider: is(3) ? 'auto' : 'none' },
      checks: { enabled: is(4) },
    };
  }),
  {},
  { cilium: { namespace: 'cilium' }, lease: { namespace: 'ops', name: 'bridge' } },
  { cilium: { namespace: 'cilium' }, lease: { namespace: 'cilium' }, taints: { enabled: false } },
  {
    cilium: { namespace: 'cilium' },
    cloud: { provider: 'none' },
    checks: { enabled: false },
    gateway: { managed: { enabled: true, allowedNamespaces: ['*'] } },
  },
];

/** What the program asks for at its start, as grants. */
function neededBy(config: object): readonly string[] {
  const parsed = parseConfig(JSON.stringify({ cilium: { namespace: 'kube-system' }, ...config }), 'test');
  return rightsNeeded(featuresOf(parsed, parsed.cilium.namespace ?? ''))
    .map(({ permission: { verb, group, resource, subresource, namespace = '', name } }): Grant => {
      const kind = subresource === undefined ? resource : `${resource}/${subresource}`;
      return { verb, group, resource: kind, namespace, name };
    })
    .map(describeGrant)
    .toSorted();
}

test.each(CONFIGS)('the chart grants what the program asks for, and nothing else: %j', async (config) => {
  const objects = await renderWith({ config });
  const granted = [...new Set(objects.flatMap(grantsOf).map(describeGrant))].toSorted();
  expect(neededBy(config)).toEqual(granted);
});

test('doctor in the Pod takes the rights of the checks', async () => {
  const objects = await renderWith({ config: { checks: { enabled: false } }, doctor: { enabled: true } });
  const granted = [...new Set(objects.flatMap(grantsOf).map(describeGrant))].toSorted();
  expect(neededBy({ checks: { enabled: true } })).toEqual(granted);
});
