import { asArray, asRecord, isRecord, readMeta } from '../../../src/kube/read.ts';
import type { RawObject } from '../../../src/kube/types.ts';
import { cloud, type Edit, withObjects } from '../cluster-data.ts';
import type { CloudData } from '../fake-cloud.ts';

type Word = readonly [from: string, to: string];

/** The same cluster with other words everywhere: other ranges, another region. */
export function reworded(...words: readonly Word[]): Edit {
  return (cluster) => replaced(cluster, words);
}

function replaced<T extends object>(whole: T, words: readonly Word[]): T {
  const copy = structuredClone(whole);
  rewordIn(copy, words);
  return copy;
}

function rewordIn(part: object, words: readonly Word[]): void {
  const reword = (text: string): string => words.reduce((now, [from, to]) => now.replaceAll(from, to), text);
  for (const key of Object.keys(part)) {
    const value: unknown = Reflect.get(part, key);
    const wanted = reword(key);
    if (wanted !== key) Reflect.deleteProperty(part, key);
    if (typeof value === 'object' && value !== null) rewordIn(value, words);
    Reflect.set(part, wanted, typeof value === 'string' ? reword(value) : value);
  }
}

/** Adds to lists deep in one object: `spec.ports`. */
export function appended(kind: string, name: string, path: readonly string[], ...items: readonly RawObject[]): Edit {
  return (cluster) => ({
    ...cluster,
    objects: cluster.objects.map((raw) =>
      raw.kind === kind && readMeta(raw).name === name ? appendAt(raw, path, items) : raw,
    ),
  });
}

function appendAt(raw: RawObject, [key, ...rest]: readonly string[], items: readonly RawObject[]): RawObject {
  if (key === undefined) return raw;
  if (rest.length === 0) return { ...raw, [key]: [...asArray(raw[key]), ...items] };
  return { ...raw, [key]: appendAt(asRecord(raw[key]), rest, items) };
}

/** A listener for one more port, with a member on every node. */
export function balancedPort(balancer: string, port: number, nodePort: number): Edit {
  return cloud(({ listeners, targets }): Partial<CloudData> => {
    const [listener] = listeners[balancer] ?? [];
    if (listener === undefined) throw new Error(`there is no load balancer ${balancer}`);
    const known = targets[balancer] ?? [];
    const members = known.filter(({ listenerId }) => listenerId === listener.id);
    const id = `${listener.id}-${port}`;
    return {
      listeners: {
        ...listeners,
        [balancer]: [...(listeners[balancer] ?? []), { ...listener, id, port, endPort: port }],
      },
      targets: {
        ...targets,
        [balancer]: [...known, ...members.map((one) => ({ ...one, listenerId: id, port: nodePort }))],
      },
    };
  });
}

/** Copies of all objects that a filter takes, with other words in them. */
export function copied(wanted: (raw: RawObject, text: string) => boolean, ...words: readonly Word[]): Edit {
  return (cluster) => {
    const copies = cluster.objects
      .filter((raw) => wanted(raw, JSON.stringify(raw)))
      .map((raw) => replaced({ ...raw }, words));
    if (copies.length === 0) throw new Error('nothing to copy');
    return withObjects(...copies)(cluster);
  };
}

/** Each object of a kind in its turn. */
export function each(kind: string, change: (raw: RawObject, index: number) => RawObject): Edit {
  return (cluster) => {
    let index = 0;
    return {
      ...cluster,
      objects: cluster.objects.map((raw) => (raw.kind === kind ? change(raw, index++) : raw)),
    };
  };
}

/** A deeper change than a merge patch can say. */
export function at(raw: RawObject, path: readonly string[], change: (value: unknown) => unknown): RawObject {
  const [key, ...rest] = path;
  if (key === undefined) return raw;
  const value = raw[key];
  return { ...raw, [key]: rest.length === 0 ? change(value) : at(isRecord(value) ? value : {}, rest, change) };
}
