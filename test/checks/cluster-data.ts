import { asRecord, asString, readMeta } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../fake-api/json.ts';
import { applyMergePatch } from '../fake-api/merge-patch.ts';
import type { CloudData } from './fake-cloud.ts';

/** A cluster as data: its objects as the API server sends them, and what its cloud answers. */
export interface ClusterData {
  readonly objects: readonly RawObject[];
  readonly cloud: CloudData;
}

/** One change to a cluster. */
export type Edit = (cluster: ClusterData) => ClusterData;

/** All changes, one after the other. */
export function edited(cluster: ClusterData, edits: readonly Edit[]): ClusterData {
  return edits.reduce((data, edit) => edit(data), cluster);
}

/** `Service kube-system/entry`, `Node 10.0.0.1`. */
function nameOf(raw: RawObject): string {
  const { namespace, name } = readMeta(raw);
  return `${asString(raw.kind)} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

/**
 * Changes objects by a JSON merge patch (null removes, lists are replaced). The name may end in `*`.
 * @throws when no object has that name: a scenario that changes nothing breaks nothing
 */
export function patch(name: string, body: JsonObject): Edit {
  return (cluster) => {
    const wanted = matcher(name);
    return {
      ...cluster,
      objects: replaceSome(cluster.objects, name, (raw) => (wanted(raw) ? merged(raw, body) : raw)),
    };
  };
}

/** Takes objects away. */
export function without(name: string): Edit {
  return (cluster) => {
    const wanted = matcher(name);
    const objects = cluster.objects.filter((raw) => !wanted(raw));
    if (objects.length === cluster.objects.length) throw new Error(`there is no ${name}`);
    return { ...cluster, objects };
  };
}

/** Adds objects. */
export function withObjects(...objects: readonly RawObject[]): Edit {
  return (cluster) => ({ ...cluster, objects: [...cluster.objects, ...objects] });
}

/** Changes keys of `cilium-config`; null removes one. */
export function ciliumConfig(data: Readonly<Record<string, string | null>>): Edit {
  return patch('ConfigMap kube-system/cilium-config', { data });
}

/** Changes what the cloud answers. */
export function cloud(change: (data: CloudData) => Partial<CloudData>): Edit {
  return (cluster) => ({ ...cluster, cloud: { ...cluster.cloud, ...change(cluster.cloud) } });
}

function matcher(name: string): (raw: RawObject) => boolean {
  return name.endsWith('*') ? (raw) => nameOf(raw).startsWith(name.slice(0, -1)) : (raw) => nameOf(raw) === name;
}

function replaceSome(
  objects: readonly RawObject[],
  name: string,
  change: (raw: RawObject) => RawObject,
): readonly RawObject[] {
  const changed = objects.map(change);
  if (changed.every((raw, index) => raw === objects[index])) throw new Error(`there is no ${name}`);
  return changed;
}

function merged(raw: RawObject, body: JsonObject): RawObject {
  const result: Json = applyMergePatch(toJson(raw), body);
  return asRecord(result);
}

function toJson(raw: RawObject): JsonObject {
  const copy = parseJson(JSON.stringify(raw));
  if (!isObject(copy)) throw new Error('no JSON object');
  return copy;
}
