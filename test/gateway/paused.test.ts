import { describe, expect, it } from 'vitest';
import { limit } from '../../src/plan/limit.ts';
import { entrypoint, gateway, gatewayService, OURS, ours } from './build.ts';
import { findings, plan, writes } from './planning.ts';

const FREE = { readOnly: false, dryRun: false, history: new Map(), now: 0 };
const entry = { ports: [[80, 1]] as const, ingress: [{ ip: '122.9.70.186' }] };

describe('paused', () => {
  it.each([
    ['the Gateway', { paused: 'true' }, {}, 'Gateway web'],
    ['the entrypoint', {}, { paused: 'true' }, 'Service entry'],
    ['both: the Gateway is named', { paused: 'true' }, { paused: 'true' }, 'Gateway web'],
  ])('%s: the writes are planned, told, and not made', (_, onGateway, onEntrypoint, by) => {
    const planned = plan([
      gateway('web', { annotations: ours(onGateway) }),
      gatewayService(),
      entrypoint('entry', { ...entry, annotations: ours(onEntrypoint) }),
    ]);
    expect(writes(planned)).toHaveLength(2);
    expect(planned.actions.map(({ pausedBy }) => `${pausedBy?.kind} ${pausedBy?.name}`)).toEqual([by, by]);
    const { actions, declined } = limit(planned.actions, FREE);
    expect(actions).toEqual([]);
    expect(declined.map(({ reason }) => reason)).toEqual(['Paused', 'Paused']);
  });

  it('a word that is no flag pauses, with a finding', () => {
    const planned = plan([
      gateway('web', { annotations: ours({ paused: 'True' }) }),
      gatewayService(),
      entrypoint('entry', entry),
    ]);
    expect(limit(planned.actions, FREE).actions).toEqual([]);
    expect(findings(planned)).toEqual(['fail AnnotationMalformed']);
  });

  it('"false" does not', () => {
    const planned = plan([
      gateway('web', { annotations: ours({ paused: 'false' }) }),
      gatewayService(),
      entrypoint('entry', entry),
    ]);
    expect(limit(planned.actions, FREE).actions).toHaveLength(2);
  });

  it('also takes nothing back', () => {
    const status = { ingress: [{ ip: '1.1.1.1', ipMode: 'Proxy' }], writtenBy: [OURS] };
    const planned = plan([
      gateway('web', { annotations: ours({ paused: 'true' }) }),
      gatewayService('web', status),
      entrypoint(),
    ]);
    expect(limit(planned.actions, FREE).actions).toEqual([]);
  });

  it('one Gateway does not pause another', () => {
    const planned = plan([
      gateway('web', { annotations: ours({ paused: 'true' }) }),
      gatewayService(),
      entrypoint('a', entry),
      gateway('api'),
      gatewayService('api', { ports: [[80, 31999]] }),
      entrypoint('b', { ...entry, serves: 'default/api' }),
    ]);
    expect(writes(limit(planned.actions, FREE))).toEqual([
      'patch-entrypoint Service kube-system/b',
      'publish-address Service default/cilium-gateway-api',
    ]);
  });
});
