import { expect, it } from 'vitest';
import { podScopes, sliceScopes } from '../../src/checks/behind-services.ts';
import { gatherKube } from '../../src/checks/gather-kube.ts';
import { trimDoctorService } from '../../src/checks/models/service.ts';
import { listedSource, type ObjectScope, type ObjectSource } from '../../src/checks/object-source.ts';
import { configSchema, toConfig } from '../../src/config/schema.ts';
import { REFERENCES } from './reference/all.ts';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function service(namespace: string, name: string, selector: Readonly<Record<string, string>>) {
  return trimDoctorService({ apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec: { selector } });
}

it('asks for the Pods behind a few Services by what selects them, each selector once', () => {
  const services = [
    service('shop', 'web', { app: 'web', tier: 'front' }),
    service('shop', 'web-too', { tier: 'front', app: 'web' }),
    service('shop', 'api', { app: 'api' }),
    service('shop', 'bare', {}),
    service('shop', 'unasked', { app: 'unasked' }),
    service('other', 'web', { app: 'other' }),
  ];
  const names = ['web', 'web-too', 'api', 'bare', 'gone'].map((name) => ({ namespace: 'shop', name }));
  expect(podScopes([...names, { namespace: 'other', name: 'web' }], services)).toEqual([
    { namespace: 'shop', labels: { app: 'web', tier: 'front' } },
    { namespace: 'shop', labels: { app: 'api' } },
    { namespace: 'other', labels: { app: 'other' } },
  ]);
});

it('asks for all Pods of a namespace where many Services are meant', () => {
  const names = count(6).map((n) => ({ namespace: 'shop', name: `s${n}` }));
  const services = names.map(({ namespace, name }) => service(namespace, name, { app: name }));
  expect(podScopes(names.slice(0, 5), services)).toHaveLength(5);
  expect(podScopes(names, services)).toEqual([{ namespace: 'shop' }]);
});

it('asks for the EndpointSlices of Services by their names, fifty a request', () => {
  const names = [...count(60), 0].map((n) => ({ namespace: 'shop', name: `s${n}` }));
  const scopes = sliceScopes([...names, { namespace: 'other', name: 'web' }]);
  const asked = scopes.map(({ namespace, labels }) => [namespace, labels?.['kubernetes.io/service-name']?.length]);
  expect(asked).toEqual([
    ['shop', 50],
    ['shop', 10],
    ['other', 1],
  ]);
});

it.each(['cce-overlay', 'tke-overlay'] as const)('never lists all Pods or EndpointSlices of %s', async (name) => {
  const listed = listedSource(REFERENCES[name].objects, { description: 'test' });
  const asked: [string, ObjectScope][] = [];
  const source: ObjectSource = {
    ...listed,
    list: async (resource, trim, scope, signal) => {
      asked.push([resource.plural, scope]);
      return await listed.list(resource, trim, scope, signal);
    },
  };
  const kube = await gatherKube(source, toConfig(configSchema.parse({})), AbortSignal.timeout(9_000));
  const large = asked.filter(([plural]) => plural === 'pods' || plural === 'endpointslices');
  expect(large.length).toBeGreaterThan(2);
  expect(large.filter(([, { namespace, labels }]) => namespace === undefined || labels === undefined)).toEqual([]);
  expect([kube.pods.items.length, kube.slices.items.length]).not.toContain(0);
});
