import { startFakeApi } from '../fake-api/server.ts';
import { describeApiServerContract } from './contract.ts';

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
