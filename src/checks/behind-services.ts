import type { DoctorService } from './models/service.ts';
import type { ObjectScope } from './object-source.ts';

/** A Service by its name. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** So many Services of a namespace are asked for one by one; of more, the namespace as a whole. */
const FEW_SERVICES = 5;
/** So many names fit into one request. */
const NAMES_A_REQUEST = 50;

/** What selects the Pods behind these Services: a large cluster has many that no check looks at. */
export function podScopes(names: readonly ServiceName[], services: readonly DoctorService[]): ObjectScope[] {
  return byNamespace(names).flatMap(([namespace, wanted]) => {
    const selectors = services
      .filter(({ meta, selector }) => wanted.has(meta.name) && meta.namespace === namespace && hasKeys(selector))
      .map(({ selector }) => selector);
    const distinct = new Map(selectors.map((labels) => [JSON.stringify(Object.entries(labels).toSorted()), labels]));
    return distinct.size > FEW_SERVICES
      ? [{ namespace }]
      : [...distinct.values()].map((labels) => ({ namespace, labels }));
  });
}

/** What selects the EndpointSlices of these Services. */
export function sliceScopes(names: readonly ServiceName[]): ObjectScope[] {
  return byNamespace(names).flatMap(([namespace, wanted]) =>
    Array.from({ length: Math.ceil(wanted.size / NAMES_A_REQUEST) }, (_, part) => {
      const some = [...wanted].slice(part * NAMES_A_REQUEST, (part + 1) * NAMES_A_REQUEST);
      return { namespace, labels: { 'kubernetes.io/service-name': some } };
    }),
  );
}

function byNamespace(names: readonly ServiceName[]): [string, ReadonlySet<string>][] {
  const groups = Map.groupBy(names, ({ namespace }) => namespace);
  return [...groups].map(([namespace, group]) => [namespace, new Set(group.map(({ name }) => name).toSorted())]);
}

function hasKeys(selector: Readonly<Record<string, string>>): boolean {
  return Object.keys(selector).length > 0;
}
