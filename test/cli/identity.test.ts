import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { leaseIdentity } from '../../src/cli/identity.ts';

it('is the Pod, the same after its container was started anew', () => {
  const pod = { POD_NAME: 'ccb-7d9f', POD_UID: '5f0c' };
  expect(leaseIdentity(pod)).toBe('ccb-7d9f_5f0c');
  expect(leaseIdentity(pod)).toBe(leaseIdentity(pod));
});

it.each([{}, { POD_NAME: 'ccb-7d9f' }, { POD_UID: '5f0c' }, { POD_NAME: '', POD_UID: '' }])(
  'is another one for each process where the Pod is not known for certain: %o',
  (env) => {
    expect(leaseIdentity(env)).toMatch(new RegExp(`^${hostname()}_[0-9a-f]{8}$`));
    expect(leaseIdentity(env)).not.toBe(leaseIdentity(env));
  },
);
