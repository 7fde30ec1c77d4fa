import { isIP } from 'node:net';
import { expect } from 'vitest';
import { asArray, asRecord, asString, at, isRecord } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Action } from '../../src/plan/plan.types.ts';
import { bodyOf, type Given } from '../gateway/planning.ts';

/** What a plan may write, judged from the raw objects alone (design rules 1, 3-5, 12-14). */

const LABEL = 'cilium-cloud-bridge.io/managed';
const TARGET_PORT = /^\/spec\/ports\/\d+\/targetPort$/;
const SERVICE_TYPE = '/metadata/annotations/service.cilium.io~1type';

/** @param configured addresses of the configuration */
export function expectAllowed(
  action: Action,
  objects: readonly RawObject[],
  given: Given,
  configured: readonly string[],
): void {
  const { request, target } = action;
  const body = bodyOf(request);
  const live = objects.find(
    (object) => object.kind === target.kind && at(object, 'metadata', 'uid') === target.uid && target.uid !== '',
  );
  expect(target.name).not.toBe('');
  expect(target.namespace).not.toBe('');
  expect(text(request)).not.toMatch(/undefined|NaN/);
  if (live !== undefined) {
    expect([at(live, 'metadata', 'namespace'), at(live, 'metadata', 'name')]).toEqual([target.namespace, target.name]);
  }
  switch (action.kind) {
    case 'publish-address':
    case 'clear-address':
      expect(request).toMatchObject({ verb: 'patch', subresource: 'status', patch: { type: 'merge' } });
      expect(Object.keys(asRecord(body)).toSorted()).toEqual(['metadata', 'status']);
      expect(at(body, 'metadata')).toEqual({
        uid: target.uid,
        resourceVersion: at(live, 'metadata', 'resourceVersion'),
      });
      expect(at(live, 'spec', 'type')).toBe('LoadBalancer');
      expect(asArray(at(live, 'metadata', 'ownerReferences')).length > 0 || isShared(live)).toBe(true);
      expectAddresses(asArray(at(body, 'status', 'loadBalancer', 'ingress')), objects, configured);
      return;
    case 'patch-entrypoint':
      expect(target.kind).toBe('Service');
      if (at(live, 'metadata', 'labels', LABEL) === 'true' && isRecord(body)) {
        expect(at(body, 'metadata', 'resourceVersion')).toMatch(/./);
        expectPorts(asArray(at(body, 'spec', 'ports')));
        return;
      }
      expectPatch(body, [TARGET_PORT, SERVICE_TYPE, '/metadata/annotations'], objects);
      return;
    case 'pin-node-port':
      expect(given.config).toMatchObject({ pinNodePorts: true });
      expectPatch(body, [/^\/spec\/ports\/\d+\/nodePort$/], objects);
      return;
    case 'create-entrypoint':
      expect(given.config).toMatchObject({ managed: { enabled: true } });
      expect([target.namespace, target.name.slice(0, 4)]).toEqual(['kube-system', 'ccb-']);
      expect(at(body, 'metadata', 'labels', LABEL)).toBe('true');
      expect(at(body, 'metadata', 'labels', 'io.cilium.gateway/owning-gateway')).toBeUndefined();
      expect(at(body, 'spec', 'type')).toBe('LoadBalancer');
      expect(at(body, 'spec', 'ports', 0)).toBeDefined();
      expectPorts(asArray(at(body, 'spec', 'ports')));
      return;
    case 'delete-entrypoint':
    case 'delete-redirect-copy':
      expect(at(live, 'metadata', 'labels', LABEL)).toBe('true');
      expect(target.name).toMatch(/^ccb-/);
      return;
    case 'write-redirect-copy': {
      expect([target.kind, target.name.slice(0, 4)]).toEqual(['CiliumEnvoyConfig', 'ccb-']);
      if (live !== undefined) expect(at(live, 'metadata', 'labels', LABEL)).toBe('true');
      const services = asArray(at(body, 'spec', 'services'));
      expect(services.length).toBeGreaterThan(0);
      for (const service of services) {
        const entrypoint = objects.find(
          (object) =>
            object.kind === 'Service' &&
            at(object, 'metadata', 'namespace') === target.namespace &&
            at(object, 'metadata', 'name') === at(service, 'name'),
        );
        expect(entrypoint).toBeDefined();
        expect(at(service, 'namespace')).toBe(target.namespace);
        const ports = asArray(at(entrypoint, 'spec', 'ports')).map((port) => at(port, 'port'));
        for (const port of asArray(at(service, 'ports'))) expect(ports).toContain(port);
      }
      return;
    }
    case 'remove-taints':
    case 'switch-class':
    case 'recreate-service':
      throw new Error('nobody asked for that');
  }
}

function expectPorts(ports: readonly unknown[]): void {
  for (const entry of ports) {
    for (const key of ['port', 'targetPort', 'nodePort']) {
      const port = at(entry, key);
      if (port === undefined && key !== 'port') continue;
      expect(port).toSatisfy((one: unknown) => Number.isInteger(one) && Number(one) >= 1 && Number(one) <= 65_535);
    }
  }
}

function isShared(service: unknown): boolean {
  return asString(at(service, 'metadata', 'name')).startsWith('cilium-ingress');
}

/** Only what some Service's status, or the configuration, says; at most 16. */
function expectAddresses(
  entries: readonly unknown[],
  objects: readonly RawObject[],
  configured: readonly string[],
): void {
  const read = objects
    .filter(({ kind }) => kind === 'Service')
    .flatMap((service) => asArray(at(service, 'status', 'loadBalancer', 'ingress')))
    .flatMap((entry) => [at(entry, 'ip'), at(entry, 'hostname')]);
  const known = new Set<unknown>([...read, ...configured]);
  expect(entries.length).toBeLessThanOrEqual(16);
  for (const entry of entries) {
    const { ip, hostname, ipMode, ...rest } = asRecord(entry);
    expect(rest).toEqual({});
    expect([undefined, 'Proxy']).toContain(ipMode);
    expect(ip ?? hostname).toBeDefined();
    if (ip !== undefined) expect([isIP(String(ip)) > 0, known.has(ip)]).toEqual([true, true]);
    if (hostname !== undefined) expect(known.has(hostname)).toBe(true);
  }
}

function expectPatch(body: unknown, paths: readonly (string | RegExp)[], objects: readonly RawObject[]): void {
  const operations = asArray(body).map(asRecord);
  const writes = operations.filter(({ op }) => op !== 'test');
  expect(writes.length).toBeGreaterThan(0);
  expect(operations.some(({ op, path }) => op === 'test' && /uid|resourceVersion/.test(String(path)))).toBe(true);
  const ports = portsOf(objects);
  for (const { op, path, value } of writes) {
    expect(['add', 'replace']).toContain(op);
    expect(paths.some((allowed) => (typeof allowed === 'string' ? allowed === path : allowed.test(String(path))))).toBe(
      true,
    );
    if (/targetPort$|nodePort$/.test(String(path))) expect(ports).toContain(value);
    else expect(text(value)).toMatch(/NodePort/);
  }
}

/** Every number that is a port somewhere: no other may be written into one. */
function portsOf(objects: readonly RawObject[]): ReadonlySet<unknown> {
  const all = objects.flatMap((object) => [
    ...asArray(at(object, 'spec', 'ports')).flatMap((port) => [
      at(port, 'port'),
      at(port, 'nodePort'),
      at(port, 'targetPort'),
    ]),
    ...asArray(at(object, 'spec', 'listeners')).map((listener) => at(listener, 'port')),
  ]);
  return new Set(all.filter((port) => Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535));
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined';
}
