import { describe, expect, it, onTestFinished } from 'vitest';
import { createCloudAgents } from '../../../src/providers/agents.ts';
import { createCredentials } from '../../../src/providers/tencent/index.ts';
import { BARE } from './credential-sources.ts';
import { KEYS } from './on-fake-tencent.ts';

describe('the description', () => {
  it.each([
    [
      'OIDC token /var/run/token',
      { TKE_ROLE_ARN: 'r', TKE_PROVIDER_ID: 'p', TKE_WEB_IDENTITY_TOKEN_FILE: '/var/run/token' },
      {},
    ],
    ['OIDC token of the ServiceAccount', { TKE_ROLE_ARN: 'r' }, {}],
    ['environment', KEYS, {}],
    [
      'files in /keys, else environment, else role of the server',
      KEYS,
      { secretDirectory: '/keys', instanceRole: true },
    ],
  ])('says where keys come from: %s', (description, env, more) => {
    const agents = createCloudAgents({});
    onTestFinished(() => agents.close());
    const source = createCredentials({ ...BARE, env, agents, ...more });
    expect(source.description).toBe(description);
  });
});
