import { describe, expect, it } from 'vitest';
import { valuePaths } from '../../src/config/environment.ts';
import { parseSettings } from '../../src/config/load.ts';
import { changedKeys, reloadOf, settleConfig } from '../../src/config/reload.ts';
import type { ConfigFile } from '../../src/config/schema.ts';

const of = (text: string): ConfigFile => parseSettings(text, 'c.yaml', {});

describe('the keys that take effect at once', () => {
  it('are all that only planning reads', () => {
    const keys = valuePaths().map((path) => path.join('.'));
    expect(keys.filter((key) => reloadOf(key) === 'restart' && /^(gateway|taints|holdOff|checks)\./.test(key))).toEqual(
      [],
    );
    expect(keys.filter((key) => reloadOf(key) === 'off')).toEqual(['taints.enabled']);
    for (const key of ['cilium.namespace', 'lease.name', 'cloud.region', 'cloud.limits.timeout', 'resync']) {
      expect(reloadOf(key)).toBe('restart');
    }
    expect(['readOnly', 'logLevel', 'gateway.managed.enabled'].map(reloadOf)).toEqual(['hot', 'hot', 'hot']);
  });

  it('are no others that begin alike', () => {
    expect(reloadOf('gatewayClass')).toBe('restart');
    expect(reloadOf('cloud.nonMasqueradeCidrsToo')).toBe('restart');
  });
});

describe('settleConfig', () => {
  it('takes everything new but what needs a restart', () => {
    const started = of('lease: { name: one, namespace: ops }\ngateway: { publish: public }\n');
    const next = of(
      'lease: { name: two, namespace: ops }\ngateway: { managed: { enabled: true, allowedNamespaces: [a] } }\n',
    );
    const { file, waiting } = settleConfig(started, next);
    expect(waiting).toEqual(['lease.name']);
    expect(file).toEqual({ ...next, lease: started.lease });
    expect(changedKeys(started, file)).toEqual([
      'gateway.publish',
      'gateway.managed.enabled',
      'gateway.managed.allowedNamespaces',
    ]);
  });

  it('keeps what was absent absent', () => {
    const { file, waiting } = settleConfig(
      of(''),
      of('cloud: { region: cn-north-4 }\ncilium: { namespace: cilium }\n'),
    );
    expect(waiting).toEqual(['cilium.namespace', 'cloud.region']);
    expect([file.cloud.region, file.cilium.namespace]).toEqual([undefined, undefined]);
  });

  it('switches taints off at once, and on again, but not on where they were off at the start', () => {
    const [on, off] = [of(''), of('taints: { enabled: false }')];
    expect(settleConfig(on, off)).toEqual({ file: off, waiting: [] });
    expect(settleConfig(on, on)).toEqual({ file: on, waiting: [] });
    const { file, waiting } = settleConfig(off, of('taints: { grace: 1m }'));
    expect(waiting).toEqual(['taints.enabled']);
    expect(file.taints).toMatchObject({ enabled: false, grace: 60_000 });
  });
});
