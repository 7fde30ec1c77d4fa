import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { allKeyPaths } from '../../src/config/walk.ts';
import { loadKubeconfig } from '../../src/kube/kubeconfig.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { UsageError } from '../../src/lib/errors.ts';
import { jsonOf, runs, spoil, spoiling, wrong } from './values.ts';

const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-fuzz-'));
const file = join(folder, 'kubeconfig');
afterAll(() => rmSync(folder, { recursive: true }));

/** What was loaded; undefined where it was refused with a UsageError, which says at least one thing. */
function loaded<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect(error instanceof UsageError && error.problems.every(({ what }) => what !== '')).toBe(true);
    return undefined;
  }
}

describe('a configuration of which anything may be wrong', () => {
  it('is taken or refused with a UsageError, wherever the wrong value stands', () => {
    const paths = fc.constantFrom(...allKeyPaths());
    fc.assert(
      fc.property(fc.array(fc.tuple(paths, wrong), { minLength: 1, maxLength: 3 }), (changes) => {
        const texts = changes.map(
          ([path, value]) =>
            `${path.map((key) => `{${JSON.stringify(key)}: `).join('')}${jsonOf(value)}${'}'.repeat(path.length)}`,
        );
        for (const text of texts) loaded(() => parseConfig(text, 'c.yaml'));
      }),
      runs(150),
    );
  });

  it('whatever keys it has, it changes no prototype and takes none that is unknown', () => {
    const key = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty');
    fc.assert(
      fc.property(fc.constantFrom(...allKeyPaths()), key, wrong, (path, odd, value) => {
        const inside = [...path.slice(0, -1), odd];
        const text = `${inside.map((one) => `{${JSON.stringify(one)}: `).join('')}${jsonOf(value)}${'}'.repeat(inside.length)}`;
        loaded(() => parseConfig(text, 'c.yaml'));
        expect(Reflect.get({}, 'polluted')).toBeUndefined();
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      runs(100),
    );
  });

  it('a configuration that is taken has numbers where numbers belong', () => {
    const paths = fc.constantFrom(...allKeyPaths());
    fc.assert(
      fc.property(paths, wrong, (path, value) => {
        const nested = path.toReversed().reduce<unknown>((inner, one) => ({ [one]: inner }), value);
        const config = loaded(() => parseConfig(jsonOf(nested), 'c.yaml'));
        if (config === undefined) return;
        const numbers = [
          config.resyncMs,
          config.holdOff.reverts,
          config.holdOff.windowMs,
          config.holdOff.durationMs,
          config.taints.maxPercent,
          config.taints.graceMs,
          config.gateway.managed.removeAfterMs,
        ];
        for (const number of numbers) expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
      }),
      runs(100),
    );
  });
});

const KUBECONFIG: RawObject = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'prod',
  clusters: [
    {
      name: 'prod',
      cluster: {
        server: 'https://10.0.0.1:6443',
        'certificate-authority-data': 'Y2E=',
        'proxy-url': 'http://proxy:3128',
        'tls-server-name': 'k',
      },
    },
  ],
  contexts: [{ name: 'prod', context: { cluster: 'prod', user: 'me', namespace: 'default' } }],
  users: [
    {
      name: 'me',
      user: {
        token: 'hunter2-token',
        username: 'me',
        password: 'hunter2-password',
        'client-certificate-data': 'Y2VydA==',
        'client-key-data': 'aHVudGVyMi1rZXk=',
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: 'plugin',
          args: ['a'],
          env: [{ name: 'A', value: 'b' }],
        },
        as: 'other',
        'as-groups': ['g'],
        'as-user-extra': { a: ['b'] },
      },
    },
  ],
};

describe('a kubeconfig of which anything may be wrong', () => {
  function load(text: string): void {
    writeFileSync(file, text);
    const found = loaded(() => loadKubeconfig({ path: file, env: {} }));
    if (found !== undefined) expect(['http:', 'https:']).toContain(found.server.protocol);
  }

  it('is taken or refused with a UsageError', () => {
    fc.assert(
      fc.property(fc.array(spoiling, { minLength: 1, maxLength: 4 }), (changes) => {
        load(jsonOf(spoil([KUBECONFIG], changes)[0]));
      }),
      runs(300),
    );
  });

  it('without any sense is refused with a UsageError', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), wrong.map(jsonOf)), load), runs(150));
  });

  it('tells no secret in what it says', () => {
    fc.assert(
      fc.property(fc.array(spoiling, { minLength: 1, maxLength: 3 }), fc.nat(), (changes, cut) => {
        const text = jsonOf(spoil([KUBECONFIG], changes)[0]);
        writeFileSync(file, cut % 2 === 0 ? text : text.slice(0, cut % text.length));
        try {
          loadKubeconfig({ path: file, env: {} });
        } catch (error) {
          expect(String(error)).not.toMatch(/hunter2|aHVudGVyMi/);
        }
      }),
      runs(150),
    );
  });
});
