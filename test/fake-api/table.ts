import type { Json, JsonObject, KubeObject } from './json.ts';
import { type Kind, kindKey } from './kinds.ts';
import type { ListMeta } from './serialize.ts';
import { AGE, COLUMNS, type Column, NAME } from './table-columns.ts';

/** What each row carries besides its cells: its object's metadata, the whole of it (`kubectl get --sort-by`), nothing. */
export type IncludeObject = 'Metadata' | 'Object' | 'None';

/** `kubectl get`'s table: columns and rows. */
export function tableOf(
  kind: Kind,
  objects: readonly KubeObject[],
  metadata: ListMeta | undefined,
  now: number,
  include: IncludeObject = 'Metadata',
): JsonObject {
  const columns = COLUMNS[kindKey(kind)] ?? [NAME, AGE];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { ...metadata },
    columnDefinitions: columns.map((column) => definitionOf(column, kind)),
    rows: objects.map((object) => ({
      cells: columns.map((column) => cellOf(column, object, now)),
      ...included(object, include),
    })),
  };
}

function included(object: KubeObject, include: IncludeObject): JsonObject {
  if (include === 'None') return { object: null };
  if (include === 'Object') return { object };
  return { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata } };
}

function definitionOf({ name, type, priority }: Column, kind: Kind): JsonObject {
  // Columns of a CRD are typed as it says; a built-in kind's age is text.
  const age = kind.custom ? 'date' : 'string';
  return {
    name,
    type: type === 'age' ? age : (type ?? 'string'),
    format: name === 'Name' && priority === undefined ? 'name' : '',
    description: '',
    priority: priority ?? 0,
  };
}

function cellOf({ type, cell }: Column, object: KubeObject, now: number): Json {
  const value = cell(object);
  return type === 'age' ? since(value, now) : value;
}

/** As k8s.io/apimachinery's `duration.HumanDuration`, for what lasts less than some days. */
function since(time: Json, now: number): string {
  const at = Date.parse(typeof time === 'string' ? time : '');
  if (Number.isNaN(at)) {
    return '<unknown>';
  }
  const seconds = Math.max(0, Math.floor((now - at) / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const rest = (unit: string, left: number): string => (left === 0 ? '' : `${left}${unit}`);
  if (seconds < 120) {
    return `${seconds}s`;
  }
  if (minutes < 10) {
    return `${minutes}m${rest('s', seconds % 60)}`;
  }
  if (hours < 3) {
    return `${minutes}m`;
  }
  if (hours < 8) {
    return `${hours}h${rest('m', minutes % 60)}`;
  }
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d${hours < 192 ? rest('h', hours % 24) : ''}`;
}
