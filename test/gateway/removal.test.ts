import { describe, expect, it } from 'vitest';
import { managedName } from '../../src/gateway/managed.ts';
import { notServed, seen, unread } from '../../src/gateway/observation.ts';
import type { GatewayReads } from '../../src/gateway/observe.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { entrypoint, gateway, gatewayService, OURS, ours } from './build.ts';
import { actionOf, bodyOf, findings, type Given, plan, writes } from './planning.ts';

const MINUTE = 60_000;
const CONFIG = { managed: { enabled: true, allowedNamespaces: ['*'] } };

/** The managed entrypoint of Gateway default/`of`. */
function managed(of: string, parts: Parameters<typeof entrypoint>[1] = {}): RawObject {
  return entrypoint(managedName('default', of), {
    serves: `default/${of}`,
    ...parts,
    labels: ours({ managed: 'true' }),
  });
}

function uidOf(of: string): string {
  return `uid-Service-kube-system-${managedName('default', of)}`;
}

function unwantedFor(minutes: number, ...of: readonly string[]): Given {
  return { config: CONFIG, memory: { unwantedForMs: new Map(of.map((name) => [uidOf(name), minutes * MINUTE])) } };
}

const DELETE = `delete-entrypoint Service kube-system/${managedName('default', 'web')}`;

describe('a managed entrypoint whose Gateway is gone', () => {
  it('is not deleted at once', () => {
    const planned = plan([managed('web')], { config: CONFIG });
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toContain('warn EntrypointUnwanted');
    expect([...planned.unwanted]).toEqual([uidOf('web')]);
    expect(planned.nextLookMs).toBe(10 * MINUTE);
  });

  it('waits until ten minutes are over', () => {
    const planned = plan([managed('web')], unwantedFor(9, 'web'));
    expect([writes(planned), planned.nextLookMs]).toEqual([[], MINUTE]);
  });

  it('is deleted then, that very object in that very version', () => {
    const planned = plan([managed('web')], unwantedFor(10, 'web'));
    expect(writes(planned)).toEqual([DELETE]);
    expect(bodyOf(actionOf(planned, 'delete-entrypoint').request)).toEqual({ uid: uidOf('web'), resourceVersion: '7' });
  });

  it('is deleted after the time of the configuration', () => {
    const given = { ...unwantedFor(2, 'web'), config: { managed: { ...CONFIG.managed, removeAfter: '2m' } } };
    expect(writes(plan([managed('web')], given))).toEqual([DELETE]);
  });

  it.each<[string, Partial<GatewayReads>]>([
    ['the list of Gateways is not complete', { gateways: unread('connection reset') }],
    ['the Gateway CRD is gone', { gateways: notServed() }],
    ['Services are not read completely', { services: unread('connection reset') }],
  ])('stays while %s', (_, reads) => {
    const planned = plan([managed('web')], { ...unwantedFor(60, 'web'), reads });
    expect(writes(planned)).toEqual([]);
    expect([...planned.unwanted]).toEqual([]);
  });

  it.each([
    ['retain', 'true', 'warn EntrypointRetained'],
    ['retain', 'yes please', 'fail AnnotationMalformed'],
    ['paused', 'true', 'warn EntrypointUnwanted'],
    ['paused', 'perhaps', 'fail AnnotationMalformed'],
  ])('stays with the annotation %s: %j', (key, value, told) => {
    const planned = plan([managed('web', { annotations: ours({ [key]: value }) })], unwantedFor(60, 'web'));
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toContain(told);
  });

  it('with retain: "false" goes', () => {
    expect(writes(plan([managed('web', { annotations: ours({ retain: 'false' }) })], unwantedFor(60, 'web')))).toEqual([
      DELETE,
    ]);
  });

  it('that is being deleted already is not deleted again', () => {
    expect(writes(plan([managed('web', { deleting: true })], unwantedFor(60, 'web')))).toEqual([]);
  });
});

describe('a managed entrypoint whose Gateway lives', () => {
  it('stays as long as it asks', () => {
    const asking = gateway('web', { annotations: ours({ entrypoint: 'managed' }) });
    const planned = plan([asking, gatewayService(), managed('web')], unwantedFor(60, 'web'));
    expect(writes(planned)).toEqual([]);
    expect([...planned.unwanted]).toEqual([]);
  });

  it('stays when the wish is mistyped', () => {
    const asking = gateway('web', { annotations: ours({ entrypoint: 'manged' }) });
    expect(writes(plan([asking, gatewayService(), managed('web')], unwantedFor(60, 'web')))).toEqual([]);
  });

  it('that asks no more loses the address first, then the entrypoint', () => {
    const status = { ingress: [{ ip: '1.1.1.1', ipMode: 'Proxy' }], writtenBy: [OURS] };
    const planned = plan(
      [gateway(), gatewayService('web', status), managed('web', { ingress: [{ ip: '1.1.1.1' }] })],
      unwantedFor(60, 'web'),
    );
    expect(writes(planned)).toEqual(['clear-address Service default/cilium-gateway-web', DELETE]);
    expect(new Set(planned.actions.map((action) => action.key))).toEqual(new Set(['Gateway default/web']));
  });

  it('that asks no more serves on until then', () => {
    const planned = plan(
      [gateway(), gatewayService(), managed('web', { ingress: [{ ip: '1.1.1.1' }] })],
      unwantedFor(1, 'web'),
    );
    expect(writes(planned)).toEqual(['publish-address Service default/cilium-gateway-web']);
  });

  it('that is paused and asks no more keeps it', () => {
    const paused = gateway('web', { annotations: ours({ paused: 'true' }) });
    expect(writes(plan([paused, gatewayService(), managed('web')], unwantedFor(60, 'web')))).toEqual([]);
  });
});

describe('what is not ours', () => {
  it.each([
    ['without our label', { labels: {} }],
    ['with our label, but another name', { name: 'mine' }],
    ['with our label and name in another namespace', { namespace: 'default' }],
    ['that names another Gateway', { serves: 'default/other' }],
    ['that names none', { serves: null }],
  ])(
    'a Service %s is never deleted',
    (_, {
      name = managedName('default', 'web'),
      labels = ours({ managed: 'true' }),
      ...parts
    }: {
      name?: string;
      labels?: Record<string, string>;
      namespace?: string;
      serves?: string | null;
    }) => {
      const service = entrypoint(name, { ...parts, labels, uid: 'uid-x' });
      const given = { config: CONFIG, memory: { unwantedForMs: new Map([['uid-x', 999 * MINUTE]]) } };
      expect(writes(plan([service], given))).toEqual([]);
    },
  );
});

describe('the cap', () => {
  const many = ['a', 'b', 'c'].map((name, index) => managed(name, { created: `2026-01-0${3 - index}T00:00:00Z` }));

  it('lets one go a pass, the oldest, and the rest a little later', () => {
    const planned = plan(many, unwantedFor(60, 'a', 'b', 'c'));
    expect(writes(planned)).toEqual([`delete-entrypoint Service kube-system/${managedName('default', 'c')}`]);
    expect(planned.nextLookMs).toBe(10_000);
  });

  it('counts those that are still being deleted', () => {
    const going = managed('gone', { deleting: true });
    expect(writes(plan([...many, going], unwantedFor(60, 'a', 'b', 'c')))).toEqual([]);
  });

  it.each([[0], [2], [1000]])('is what the configuration says: %i', (maxRemovalsPerPass) => {
    const given = { ...unwantedFor(60, 'a', 'b', 'c'), config: { managed: { ...CONFIG.managed, maxRemovalsPerPass } } };
    expect(writes(plan(many, given))).toHaveLength(Math.min(3, maxRemovalsPerPass));
  });

  it('does not count those that wait', () => {
    const given = { config: CONFIG, memory: { unwantedForMs: new Map([[uidOf('a'), 60 * MINUTE]]) } };
    expect(writes(plan(many, given))).toEqual([`delete-entrypoint Service kube-system/${managedName('default', 'a')}`]);
  });

  it('an empty but complete list of Gateways counts as proof', () => {
    expect(writes(plan([managed('web')], { ...unwantedFor(60, 'web'), reads: { gateways: seen([]) } }))).toEqual([
      DELETE,
    ]);
  });
});
