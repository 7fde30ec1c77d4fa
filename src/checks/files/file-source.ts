import { open, realpath, stat } from 'node:fs/promises';
import { asArray, asString, at, readMeta } from '../../kube/read.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, EVENTS, LEASES, NODES, type Resource } from '../../kube/resources.ts';
import type { RawObject } from '../../kube/types.ts';
import { UsageError, usageError } from '../../lib/errors.ts';
import { type ObjectScope, type ObjectSource, selected } from '../object-source.ts';
import type { Reading } from '../world.types.ts';
import { openArchive } from './archive.ts';
import type { OpenedFiles } from './file-entry.ts';
import { resourceOf, roleOf } from './file-names.ts';
import { openFile, openFolder } from './folder.ts';
import { FILE_LIMITS, type FileLimits } from './limits.ts';
import { parseObjects } from './parse-objects.ts';

/** Objects that files hold, and when they were read from their cluster. */
export interface FileSource extends ObjectSource {
  /** The newest instant that an object tells, milliseconds since the epoch; undefined: none does. */
  readonly takenAt: number | undefined;
}

/**
 * Objects of a `cilium sysdump` archive, or of a folder of what `kubectl get -o yaml` or `-o json` printed. A list counts
 * as all objects of its kind. A kind that is not listed was not read: single objects of it are used, and what would need
 * all of them is unknown. An object that is in several files counts once. Nothing is written.
 * @throws UsageError with the one thing that is wrong: no such file, a hostile or damaged archive, no objects
 */
export async function openFileSource(
  path: string,
  signal: AbortSignal,
  limits: FileLimits = FILE_LIMITS,
): Promise<FileSource> {
  let files: OpenedFiles | undefined;
  try {
    files = await openFiles(path, signal, limits);
    const { objects, listed } = await readObjects(files, path, limits, signal);
    return createFileSource(path, eachOnce(objects), listed);
  } catch (error) {
    throw explained(error, path);
  } finally {
    files?.close();
  }
}

/** Each object once, as it was last: a folder may hold a list and a part of it, or what was printed twice. */
function eachOnce(objects: readonly RawObject[]): readonly RawObject[] {
  const kept = new Map<string, RawObject>();
  for (const raw of objects) {
    const { namespace, name } = readMeta(raw);
    const group = asString(raw.apiVersion).replace(/\/?[^/]*$/, '');
    const key = JSON.stringify([group, raw.kind, namespace, name]);
    const other = kept.get(key);
    if (other === undefined || versionOf(raw) > versionOf(other)) kept.set(key, raw);
  }
  return [...kept.values()];
}

/** Of what is in etcd they rise with time; -1: none. */
function versionOf(raw: RawObject): number {
  const version = asString(at(raw, 'metadata', 'resourceVersion'));
  return /^\d+$/.test(version) ? Number(version) : -1;
}

/** What the file system says, as a sentence. */
function explained(error: unknown, path: string): unknown {
  if (error instanceof UsageError || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (code === 'ABORT_ERR') return error;
  const at = 'path' in error ? String(error.path) : path;
  return usageError(at, FILE_PROBLEMS[code] ?? `can't be read (${code})`, FIX, error);
}

async function readObjects(files: OpenedFiles, path: string, limits: FileLimits, signal: AbortSignal) {
  const objects: RawObject[] = [];
  const listed = new Set<Resource>();
  for (const entry of files.entries) {
    const role = roleOf(entry.name);
    if (role === undefined) continue;
    const parsed = parseObjects(await entry.read(signal), entry.name, role, path, limits);
    for (const raw of parsed.objects) objects.push(raw);
    for (const resource of parsed.listed) listed.add(resource);
    await new Promise(setImmediate); // so that Ctrl-C is heard between two files
    signal.throwIfAborted();
  }
  if (objects.length > 0) return { objects, listed };
  const fix =
    'Give a zip of cilium sysdump, or a folder with files such as: kubectl get nodes -o yaml --show-managed-fields > nodes.yaml';
  throw usageError(path, 'holds no Kubernetes objects that doctor looks at', fix);
}

async function openFiles(path: string, signal: AbortSignal, limits: FileLimits): Promise<OpenedFiles> {
  const stats = await stat(path);
  if (stats.isDirectory()) return await openFolder(path, limits, signal);
  if (!stats.isFile()) throw usageError(path, 'is neither a file nor a folder', FIX);
  if (await isZip(path)) return await openArchive(path, limits, signal);
  if (roleOf(path) !== undefined) return openFile(await realpath(path), limits);
  const fix = 'Give a zip of cilium sysdump, a folder, or a .yaml or .json file; unpack other archives first.';
  throw usageError(path, 'is no zip archive', fix);
}

const FIX = 'Check the path given with --from and the rights of what is there.';
const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  ENOTDIR: 'there is no such folder',
  ENAMETOOLONG: 'there is no such file or folder',
  ELOOP: 'is a symbolic link',
};

async function isZip(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.toString('latin1') === 'PK';
  } finally {
    await handle.close();
  }
}

function createFileSource(path: string, objects: readonly RawObject[], listed: ReadonlySet<Resource>): FileSource {
  const byKind = Map.groupBy(objects, (raw) => resourceOf(asString(raw.apiVersion), asString(raw.kind)));
  const isListed = (wanted: Resource): boolean =>
    [...listed].some(({ group, plural }) => group === wanted.group && plural === wanted.plural);
  const crds = isListed(CUSTOM_RESOURCE_DEFINITIONS)
    ? new Set(byKind.get(CUSTOM_RESOURCE_DEFINITIONS)?.map((raw) => readMeta(raw).name))
    : undefined;
  return {
    description: path,
    takenAt: newestOf(objects),
    list: async (resource, trim, scope) => {
      const ofKind = [...byKind].find(([one]) => one?.group === resource.group && one.plural === resource.plural)?.[1];
      const found = selected(ofKind ?? [], resource, trim, scope);
      if (isListed(resource) || (scope.name !== undefined && found.items.length > 0)) return found;
      if (found.items.length === 0 && isUnknownToServer(resource, crds)) {
        return { ...found, complete: false, served: false, why: `the API server knows no ${resource.kind}` };
      }
      return { ...found, complete: false, ...missing(path, resource, scope, found) };
    },
  };
}

function missing<T>(path: string, resource: Resource, scope: ObjectScope, found: Reading<T>) {
  const { plural, group, kind, namespaced } = resource;
  const full = group === '' ? plural : `${plural}.${group}`;
  const which = scope.name === undefined ? `a list of all ${plural}` : `${kind} ${scope.name}`;
  const all = namespaced ? ' -A' : '';
  return {
    why: found.items.length > 0 ? `only some ${plural} are in ${path}` : `${which} is not in ${path}`,
    mend: `Put it there and run doctor again: kubectl get ${full}${all} -o yaml --show-managed-fields > ${plural}.yaml`,
  };
}

/** A complete list of the definitions tells which kinds of other groups there are. */
function isUnknownToServer({ group, plural }: Resource, crds: ReadonlySet<string> | undefined): boolean {
  const isDefined = group.endsWith('.k8s.io') ? group === 'gateway.networking.k8s.io' : group.includes('.');
  return crds !== undefined && isDefined && !crds.has(`${plural}.${group}`);
}

/** Kubelets and leaders write every few seconds, so the newest of their instants is when the objects were read. */
function newestOf(objects: readonly RawObject[]): number | undefined {
  const instants = objects.flatMap(instantsOf).map((text) => Date.parse(text));
  return instants.reduce<number | undefined>(
    (newest, one) => (Number.isNaN(one) || (newest !== undefined && newest >= one) ? newest : one),
    undefined,
  );
}

function instantsOf(raw: RawObject): string[] {
  const resource = resourceOf(asString(raw.apiVersion), asString(raw.kind));
  if (resource === NODES) {
    return asArray(at(raw, 'status', 'conditions')).map((one) => asString(at(one, 'lastHeartbeatTime')));
  }
  if (resource === LEASES) return [asString(at(raw, 'spec', 'renewTime'))];
  return resource === EVENTS ? [asString(raw.lastTimestamp)] : [];
}
