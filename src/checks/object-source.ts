import { describePermission } from '../kube/access.ts';
import type { KubeClient, ListOptions } from '../kube/client.types.ts';
import type { KubeError } from '../kube/errors.ts';
import { asString, at, readMeta } from '../kube/read.ts';
import { type Read, readAll } from '../kube/read-all.ts';
import type { Resource } from '../kube/resources.ts';
import type { RawObject } from '../kube/types.ts';
import type { Reading } from './world.types.ts';

/** Which objects of a kind are meant. Absent: any. */
export interface ObjectScope {
  readonly namespace?: string;
  readonly name?: string;
  /** One value of each label, or one of several. */
  readonly labels?: Readonly<Record<string, string | readonly string[]>>;
  /** Events about objects of this kind. */
  readonly about?: string;
}

/** Where objects come from: a live cluster, or files. */
export interface ObjectSource {
  /** For messages: the API server's URL, the folder. */
  readonly description: string;
  /**
   * All objects of a kind, trimmed one by one; one whose trimming fails is left out, and the reading is not complete
   * then. What cannot be read is data.
   * @throws KubeError only when nothing at all can be read (no connection, credentials not accepted); the signal's reason
   */
  list<T>(
    resource: Resource,
    trim: (raw: RawObject) => T,
    scope: ObjectScope,
    signal: AbortSignal,
  ): Promise<Reading<T>>;
}

/** Objects of a live cluster. @param onCall told of each request before it is made */
export function liveSource(client: KubeClient, onCall?: () => void): ObjectSource {
  let answered = false;
  return {
    description: client.server,
    list: async (resource, trim, scope, signal) => {
      const read = await readAll(client, resource, { ...listOptions(scope), signal, onPage: onCall }, trim);
      // One slow kind is data; a server that has never answered is none.
      if (!read.ok && read.error.category === 'timeout' && !answered) throw read.error;
      const result = toReading(read, resource, scope);
      answered = true;
      return result;
    },
  };
}

function listOptions({ namespace, name, labels, about }: ObjectScope): ListOptions {
  const fields = [
    ...(name === undefined ? [] : [`metadata.name=${name}`]),
    ...(about === undefined ? [] : [`involvedObject.kind=${about}`]),
  ];
  const selected = Object.entries(labels ?? {}).map(([key, value]) =>
    typeof value === 'string' ? `${key}=${value}` : `${key} in (${value.join(',')})`,
  );
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(fields.length === 0 ? {} : { fieldSelector: fields.join(',') }),
    ...(selected.length === 0 ? {} : { labelSelector: selected.join(',') }),
  };
}

function toReading<T>(read: Read<T>, resource: Resource, scope: ObjectScope): Reading<T> {
  if (read.ok) return reading(read.items, read.unreadable, resource);
  const { error } = read;
  const { category } = error;
  if (category === 'unreachable' || category === 'unauthorized') throw error;
  if (category === 'not-served') {
    return { items: [], complete: false, served: false, why: `the API server knows no ${resource.kind}`, mend: '' };
  }
  if (category === 'forbidden') {
    const right = describePermission({
      verb: 'list',
      group: resource.group,
      resource: resource.plural,
      ...(scope.namespace === undefined ? {} : { namespace: scope.namespace }),
    });
    return unread(`this account may not ${right}`, `Give this account the right to ${right}.`);
  }
  return unread(oneLine(error), 'The API server is ailing: see kubectl get --raw /readyz?verbose, and try again.');
}

function unread<T>(why: string, mend: string): Reading<T> {
  return { items: [], complete: false, served: true, why, mend };
}

function oneLine({ message }: KubeError): string {
  return message.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
}

function reading<T>(items: readonly T[], unreadable: number, resource: Resource): Reading<T> {
  if (unreadable === 0) return { items, complete: true, served: true, why: '', mend: '' };
  const why = `${unreadable} of the ${resource.plural} could not be understood`;
  return { items, complete: false, served: true, why, mend: `Look at them: kubectl get ${resource.plural} -A -o yaml` };
}

export interface ListedOptions {
  readonly description: string;
  /** What the objects don't say about a kind: why it is missing altogether. Undefined: then there is none of it. */
  readonly missing?: (
    resource: Resource,
    scope: ObjectScope,
  ) => { readonly why: string; readonly mend: string } | undefined;
}

/** Objects that are there already, as files give them. The version of a kind does not matter. */
export function listedSource(objects: readonly RawObject[], options: ListedOptions): ObjectSource {
  return {
    description: options.description,
    list: async (resource, trim, scope) => {
      const missing = options.missing?.(resource, scope);
      return missing === undefined ? selected(objects, resource, trim, scope) : unread(missing.why, missing.mend);
    },
  };
}

/** Those objects of a kind that are meant, trimmed. */
export function selected<T>(
  objects: readonly RawObject[],
  resource: Resource,
  trim: (raw: RawObject) => T,
  scope: ObjectScope,
): Reading<T> {
  const items: T[] = [];
  let unreadable = 0;
  for (const raw of objects) {
    if (!isOf(raw, resource) || !isIn(raw, scope)) continue;
    try {
      items.push(trim(raw));
    } catch {
      unreadable += 1;
    }
  }
  return reading(items, unreadable, resource);
}

function isOf(raw: RawObject, resource: Resource): boolean {
  const apiVersion = asString(raw.apiVersion);
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return raw.kind === resource.kind && group === resource.group;
}

function isIn(raw: RawObject, { namespace, name, labels, about }: ObjectScope): boolean {
  const meta = readMeta(raw);
  return (
    (namespace === undefined || meta.namespace === namespace) &&
    (name === undefined || meta.name === name) &&
    (about === undefined || at(raw, 'involvedObject', 'kind') === about) &&
    Object.entries(labels ?? {}).every(([key, value]) => {
      const own = meta.labels[key];
      return typeof value === 'string' ? own === value : own !== undefined && value.includes(own);
    })
  );
}
