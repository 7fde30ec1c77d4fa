import { afterAll, beforeAll, describe } from 'vitest';
import type { Send } from '../control-plane/http.ts';
import { type CiliumOperator, type CiliumOperatorOptions, startCiliumOperator } from '../fake-api/cilium-operator.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { describeCiliumIngress } from './cilium-ingress.ts';
import { describeCiliumOperator, describeHostNetworkOperator } from './cilium-operator.ts';
import { type Client, createClient } from './client.ts';
import { describeApiServerContract } from './contract.ts';
import { describeLbIpam } from './lb-ipam.ts';

const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

describeApiServerContract('the fake API server', async () => {
  const api = await startFakeApi();
  api.access.addToken('admin-token');
  api.access.addToken('limited-token', { name: 'limited', groups: ['system:authenticated'] });
  api.access.deny(({ user, verb, resource, namespace }) => {
    const allowed = READS.has(verb) && resource === 'services' && namespace === 'default';
    return user === 'limited' && !allowed;
  });
  return {
    server: api.url,
    ca: '',
    token: 'admin-token',
    limitedToken: 'limited-token',
    compact: async () => api.compact(),
    stop: () => api.stop(),
  };
});

const MODELS: readonly (readonly [string, CiliumOperatorOptions, (send: Send) => void])[] = [
  [
    "the model of Cilium's operator",
    {},
    (send) => {
      describeCiliumOperator(send);
      describeCiliumIngress(send);
      describeLbIpam(send);
    },
  ],
  ["the model of Cilium's operator with host networking", { hostNetwork: true }, describeHostNetworkOperator],
];

describe.each(MODELS)('%s', (_, options, describeSuite) => {
  let api: FakeApi;
  let operator: CiliumOperator;
  let client: Client;
  beforeAll(async () => {
    api = await startFakeApi();
    operator = startCiliumOperator(api, options);
    client = createClient({ server: api.url, ca: '' }, 'any');
  });
  afterAll(async () => {
    operator.stop();
    client.close();
    await api.stop();
  });

  const send: Send = (...request) => client.send(...request);
  describeSuite(send);
});
