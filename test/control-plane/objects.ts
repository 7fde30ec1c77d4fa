import type { Resource } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';

/** An object as a test writes it, or as the API server answered. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

/** The URL path of a kind, of one object, or of its subresource. */
export function resourcePath(resource: Resource, ref?: Partial<ObjectRef>, subresource?: string): string {
  const group = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const namespace = resource.namespaced && ref?.namespace ? `/namespaces/${ref.namespace}` : '';
  const name = ref?.name === undefined ? '' : `/${ref.name}`;
  const tail = subresource === undefined ? '' : `/${subresource}`;
  return `${group}/${resource.version}${namespace}/${resource.plural}${name}${tail}`;
}

/** What lies at a path of keys and indices (`valueAt(service, 'spec', 'ports', 0, 'nodePort')`), or undefined. */
export function valueAt(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Object.entries(here).find(([key]) => key === String(step))?.[1];
  }
  return here;
}

/** The condition of that type in `status.conditions`, as `{ status, reason, message }`. */
export function conditionOf(
  object: KubeObject | undefined,
  type: string,
): { status: string; reason: string; message: string } | undefined {
  const conditions = valueAt(object, 'status', 'conditions');
  if (!Array.isArray(conditions)) return undefined;
  const found: unknown = conditions.find((condition) => valueAt(condition, 'type') === type);
  if (found === undefined) return undefined;
  const text = (key: string): string => String(valueAt(found, key) ?? '');
  return { status: text('status'), reason: text('reason'), message: text('message') };
}

/** Whether it has what every Kubernetes object has. */
export function isKubeObject(value: unknown): value is KubeObject {
  return typeof valueAt(value, 'kind') === 'string' && typeof valueAt(value, 'metadata', 'name') === 'string';
}
