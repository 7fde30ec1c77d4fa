import type { Resource } from './resources.ts';
import type { ObjectRef } from './types.ts';

/** URL path of a collection: `/apis/gateway.networking.k8s.io/v1/namespaces/default/gateways`. */
export function collectionPath(resource: Resource, namespace: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${resource.plural}`;
}

/** URL path of an object or of its subresource. */
export function objectPath(resource: Resource, ref: ObjectRef, subresource = ''): string {
  const path = `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === '' ? path : `${path}/${subresource}`;
}

/** `?a=1&b=2` of the parameters that have a value; empty when none has. */
export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') {
      search.set(name, String(value));
    }
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** The kind as kubectl names it, for messages: `services`, `gateways.gateway.networking.k8s.io`. */
export function resourceName(resource: Resource, subresource = ''): string {
  const name = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  return subresource === '' ? name : `${name}/${subresource}`;
}

/** `namespace/name`, or the name of a cluster-scoped object. */
export function refName(ref: ObjectRef): string {
  return ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`;
}
