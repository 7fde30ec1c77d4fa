import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { contentOf, type EnvoyConfigModel, trimEnvoyConfig } from '../../src/gateway/models/envoy-config.ts';
import { at } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { entrypoint, gateway, gatewayService } from '../gateway/build.ts';
import { COPY, copyIn, recordOf } from '../gateway/envoy.ts';
import { findingOf, plan, writes } from '../gateway/planning.ts';
import { applyActions } from '../gateway/world.ts';
import { moduleDir } from './go.ts';

/*
 * The CiliumEnvoyConfigs that other releases' operators make, as their own tests expect them, taken from the modules:
 * Gateways, both kinds of Ingress, mesh Services, the host's network.
 */
describe.each([
  { release: '1.18.6', atLeast: 100 },
  { release: '1.20.2', atLeast: 100 },
])("the CiliumEnvoyConfigs of Cilium $release's own tests", ({ release, atLeast }) => {
  test('each with Services is copied as it is but for the names; none of the host network is', async () => {
    const found = envoyConfigsIn(join(await moduleDir('github.com/cilium/cilium', release), 'operator', 'pkg'));
    const count = { copied: 0, listeners: 0, onHost: 0, withoutService: 0 };
    for (const { file, raw, model } of found) {
      const service = model.services[0];
      if (model.hostListener) {
        count.onHost += 1;
        expect(
          serve(raw, model).findings.map(({ reason }) => reason),
          file,
        ).toContain(service === undefined ? 'NoSourceEnvoyConfig' : 'SourceHasHostListener');
        expect(writes(serve(raw, model)), file).not.toContainEqual(expect.stringContaining('redirect-copy'));
        continue;
      }
      if (service === undefined) {
        count.withoutService += 1;
        continue;
      }
      const copy = copyIn(applyActions(worldOf(raw, model), serve(raw, model).actions).objects);
      expect(contentOf(copy), file).toEqual(contentOf(raw));
      expect(at(copy, 'spec', 'services'), file).toEqual(
        model.services.map(({ ports, listener }) => ({
          ...{ name: 'entry', namespace: 'kube-system', ports: [...ports].sort((a, b) => a - b) },
          ...(listener === '' ? {} : { listener }),
        })),
      );
      expect(at(copy, 'metadata', 'name'), file).toBe(COPY.name);
      count.copied += 1;
      count.listeners = Math.max(count.listeners, model.services.length);
    }
    console.info(`Cilium ${release}: ${JSON.stringify(count)}`);
    expect(count.copied).toBeGreaterThan(atLeast);
    expect(count.onHost).toBeGreaterThan(4);
    expect(found.filter(({ model }) => !model.hasListener && model.services.length > 0)).toEqual([]);
  });
});

test('1.20 has Gateways with a listener for each port: each keeps its own', async () => {
  const dir = join(await moduleDir('github.com/cilium/cilium', '1.20.2'), 'operator', 'pkg');
  const [one] = envoyConfigsIn(dir).filter(({ file }) => file.includes('basic_https_multi_port_listener'));
  if (one === undefined) throw new Error('it is not there any more');
  const { raw, model } = one;
  const copy = copyIn(applyActions(worldOf(raw, model), serve(raw, model).actions).objects);
  expect(at(copy, 'spec', 'services')).toMatchObject([
    { ports: [80], listener: 'listener' },
    { ports: [443], listener: 'listener-443' },
    { ports: [50_051], listener: 'listener-50051' },
  ]);
  expect(() => findingOf(serve(raw, model), 'NodePortExposureRefuses')).toThrow('0 findings');
});

interface Found {
  readonly file: string;
  readonly raw: RawObject;
  readonly model: EnvoyConfigModel;
}

function envoyConfigsIn(dir: string): readonly Found[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => /testdata\/.*\.ya?ml$/.test(file))
    .map((file) => ({ file, text: readFileSync(join(dir, file), 'utf8') }))
    .filter(({ text }) => text.includes('envoy.config.')) // some of the other files are no YAML that others read
    .flatMap(({ file, text }) =>
      loadAll(text).flatMap((document) => {
        const resources = at(document, 'spec', 'resources');
        if (!Array.isArray(resources) || resources.length === 0) return [];
        const metadata = { creationTimestamp: '2026-01-01T00:00:00Z', resourceVersion: '1', uid: 'source' };
        const raw: RawObject = {
          ...recordOf(document),
          apiVersion: 'cilium.io/v2',
          kind: 'CiliumEnvoyConfig',
          metadata: { ...recordOf(at(document, 'metadata')), ...metadata },
        };
        return [{ file, raw, model: trimEnvoyConfig(raw) }];
      }),
    );
}

/** A cluster in which the Service that it names has an entrypoint of the same ports. */
function worldOf(raw: RawObject, { services, meta }: EnvoyConfigModel): readonly RawObject[] {
  const { name = 'none', namespace = meta.namespace } = services[0] ?? {};
  const numbers = [...new Set(services.flatMap(({ ports }) => ports))];
  const ports = (numbers.length === 0 ? [80] : numbers).map((port, index) => [port, 31_000 + index] as const);
  return [
    gateway('web', { namespace }),
    gatewayService('web', { namespace, name, ports }),
    entrypoint('entry', { serves: `${namespace}/web`, ports }),
    raw,
  ];
}

function serve(raw: RawObject, model: EnvoyConfigModel): ReturnType<typeof plan> {
  return plan(worldOf(raw, model));
}
