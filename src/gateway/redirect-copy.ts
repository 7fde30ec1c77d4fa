import { nameHash } from '../cilium/names.ts';
import type { JsonPatchOperation, KubeClient } from '../kube/client.types.ts';
import { KubeError } from '../kube/errors.ts';
import { asRecord, readMeta } from '../kube/read.ts';
import { readAll } from '../kube/read-all.ts';
import { ENVOY_CONFIGS, type Resource, SERVICES } from '../kube/resources.ts';
import type { ObjectRef, RawObject } from '../kube/types.ts';
import type { Prepared } from '../plan/apply.ts';
import { apiVersionOf } from '../plan/make.ts';
import type { CopyRequest } from '../plan/plan.types.ts';
import { MANAGED_LABEL, PREFIX } from './annotations.ts';
import { contentOf, type EnvoyConfigModel, type ServiceListener, trimEnvoyConfig } from './models/envoy-config.ts';
import type { ServiceModel } from './models/service.ts';
import type { Subject } from './subjects.ts';

/** Of a Service whose selector Envoy should answer with the client's own address (Cilium 1.19 and later). */
const SOURCE_ADDRESS_ANNOTATION = 'cec.cilium.io/use-original-source-address';
/** The same for agents up to 1.18. */
const SOURCE_ADDRESS_LABEL = 'cilium.io/use-original-source-address';
/** On a copy: `<namespace>/<name>` of the CiliumEnvoyConfig that it was made from. */
const SOURCE_ANNOTATION = `${PREFIX}source`;

/** On a copy: the key of the Gateway or Ingress that it is for. */
export const SUBJECT_ANNOTATION = `${PREFIX}subject`;

const NAME_PREFIX = 'ccb-';
const MAX_BASE = 48;

/** Everything of a redirect copy but its content, which is read from the source when it is written. */
export interface CopyFrame {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The entrypoint: its uid makes the garbage collector the last net. */
  readonly owner: ObjectRef & { readonly uid: string };
  readonly services: readonly CopyService[];
}

export interface CopyService {
  readonly name: string;
  readonly namespace: string;
  readonly ports: readonly number[];
  readonly listener: string;
}

/** `ccb-<entrypoint>-<hash>`: one copy an entrypoint, since Cilium keeps one redirect a Service. */
export function copyName(entrypoint: ObjectRef): string {
  const known = copyNames.get(entrypoint);
  if (known !== undefined) return known;
  const name = newCopyName(entrypoint);
  copyNames.set(entrypoint, name);
  return name;
}

/** By the very object: a hash for each entrypoint in each pass would be most of a plan's work. */
const copyNames = new WeakMap<ObjectRef, string>();

function newCopyName(entrypoint: ObjectRef): string {
  const base = entrypoint.name.slice(0, MAX_BASE).replace(/-+$/, '');
  return `${NAME_PREFIX}${base}-${nameHash(`${entrypoint.namespace}/${entrypoint.name}`)}`;
}

/** Whether a CiliumEnvoyConfig is a copy of ours: our label and our kind of name. */
export function isCopy(config: EnvoyConfigModel): boolean {
  return config.meta.labels[MANAGED_LABEL] === 'true' && config.meta.name.startsWith(NAME_PREFIX);
}

/**
 * The frame of the copy that sends an entrypoint to Envoy.
 * @param ports entrypoint ports by the listener entries of the source that they belong to
 */
export function copyFrame(
  subject: Subject,
  entrypoint: ServiceModel,
  source: EnvoyConfigModel,
  entries: readonly { readonly entry: ServiceListener; readonly ports: readonly number[] }[],
): CopyFrame {
  const { namespace, name, uid } = entrypoint.meta;
  return {
    name: copyName(entrypoint.meta),
    namespace,
    labels: {
      'app.kubernetes.io/managed-by': 'cilium-cloud-bridge',
      [MANAGED_LABEL]: 'true',
      [SOURCE_ADDRESS_LABEL]: 'false',
    },
    annotations: {
      [SOURCE_ADDRESS_ANNOTATION]: 'false',
      [SOURCE_ANNOTATION]: `${source.meta.namespace}/${source.meta.name}`,
      [SUBJECT_ANNOTATION]: subject.key,
    },
    owner: { namespace, name, uid },
    services: entries.map(({ entry, ports }) => ({ name, namespace, ports, listener: entry.listener })),
  };
}

/** Whether a copy is what its frame and source say (rule 12). */
export function copyIsCurrent(copy: EnvoyConfigModel, frame: CopyFrame, source: EnvoyConfigModel): boolean {
  return (
    copy.contentHash === source.contentHash &&
    describeServices(copy.services) === describeServices(frame.services) &&
    Object.entries(frame.labels).every(([key, value]) => copy.meta.labels[key] === value) &&
    Object.entries(frame.annotations).every(([key, value]) => copy.meta.annotations[key] === value) &&
    copy.meta.owners.some((owner) => owner.uid === frame.owner.uid)
  );
}

/** `kube-system/entry:80,443`, in a fixed order. */
export function describeServices(services: readonly CopyService[]): string {
  return services
    .map(({ namespace, name, ports, listener }) => {
      const where = `${namespace}/${name}:${ports.length === 0 ? 'all' : [...ports].sort((a, b) => a - b).join(',')}`;
      return listener === '' ? where : `${where} → ${listener}`;
    })
    .sort()
    .join('; ');
}

/** `sha256 1b2c3d4e5f60 (12 KiB)`. */
export function describeContent({ contentHash, contentBytes }: EnvoyConfigModel): string {
  return `sha256 ${contentHash.slice(0, 12)} (${Math.max(1, Math.round(contentBytes / 1024))} KiB)`;
}

/** What a plan calls everything that is copied. */
export function contentField({ namespace, name }: ObjectRef): string {
  return `content (copied from ${namespace}/${name})`;
}

/** The copy without its content: what a plan says of it. Pure. */
export function copySkeleton(frame: CopyFrame): RawObject {
  const { owner } = frame;
  return {
    apiVersion: apiVersionOf(ENVOY_CONFIGS),
    kind: ENVOY_CONFIGS.kind,
    metadata: {
      name: frame.name,
      namespace: frame.namespace,
      labels: frame.labels,
      annotations: frame.annotations,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: owner.name, uid: owner.uid }],
    },
    spec: {
      services: frame.services.map(({ name, namespace, ports, listener }) => ({
        name,
        namespace,
        ports,
        ...(listener === '' ? {} : { listener }),
      })),
    },
  };
}

/** The whole copy, from its skeleton and the source as it is now. Pure. */
export function renderCopy(skeleton: RawObject, source: RawObject): RawObject {
  const { resources, backendServices, nodeSelector } = contentOf(source);
  return {
    ...skeleton,
    spec: {
      ...asRecord(skeleton.spec),
      resources,
      ...(backendServices === undefined ? {} : { backendServices }),
      ...(nodeSelector === undefined ? {} : { nodeSelector }),
    },
  };
}

/**
 * Makes a planned copy into the request that writes it, from the source as it is at this moment: of many changes in a
 * row the last one wins (design rule 12).
 * @param onRead told the source, and the owner of a new copy, as they were read: a watch may have missed them, and the
 *   next plan must not
 * @throws KubeError of a read; a conflict when the source is no longer what the plan rests on, or the copy is like it,
 *   or the entrypoint that is to own a new copy is gone
 */
export async function prepareCopy(
  client: KubeClient,
  request: CopyRequest,
  signal: AbortSignal,
  onRead: (resource: Resource, object: RawObject) => void,
): Promise<Prepared> {
  const { resource, ref, existing } = request;
  const [source] = await Promise.all([
    client.get(resource, request.source, { signal }),
    ...(existing === undefined ? [expectOwner(client, request, signal, onRead)] : []),
  ]);
  onRead(resource, source);
  const model = trimEnvoyConfig(source);
  const outdated = model.hostListener || describeServices(model.services) !== request.sourceServices;
  if (outdated || describeContent(model) === request.satisfiedBy) {
    const name = `${request.source.namespace}/${request.source.name}`;
    throw changedInBetween(`CiliumEnvoyConfig ${name}`, `GET ${resource.plural} ${name}`);
  }
  const rendered = renderCopy(request.skeleton, source);
  const now = describeContent(model);
  const content = now === request.content ? undefined : { field: contentField(request.source), after: now };
  if (existing === undefined) return { request: { verb: 'create', resource, object: rendered }, newer: content };
  const metadata = asRecord(rendered.metadata);
  const body: JsonPatchOperation[] = [
    { op: 'test', path: '/metadata/uid', value: existing.uid },
    { op: 'test', path: '/metadata/resourceVersion', value: existing.resourceVersion },
    { op: 'add', path: '/metadata/labels', value: metadata.labels },
    { op: 'add', path: '/metadata/annotations', value: metadata.annotations },
    { op: 'add', path: '/metadata/ownerReferences', value: metadata.ownerReferences },
    { op: 'add', path: '/spec', value: rendered.spec },
  ];
  return { request: { verb: 'patch', resource, ref, patch: { type: 'json', body } }, newer: content };
}

/**
 * A copy whose owner is gone is taken away by the garbage collector as soon as it is made. While the watch of Services
 * lags behind, it would be made again and again, and in the end count as fought over (design rule 7).
 */
async function expectOwner(
  client: KubeClient,
  { ref, skeleton }: CopyRequest,
  signal: AbortSignal,
  onRead: (resource: Resource, object: RawObject) => void,
): Promise<void> {
  const [owner] = readMeta(skeleton).owners;
  if (owner === undefined) return;
  const { namespace } = ref;
  // By a list: the right to get Services is nowhere else needed.
  const { items } = await client.list(SERVICES, { namespace, fieldSelector: `metadata.name=${owner.name}`, signal });
  const found = items.find((item) => readMeta(item).name === owner.name);
  if (found !== undefined) onRead(SERVICES, found);
  if (found === undefined || readMeta(found).uid !== owner.uid) {
    throw changedInBetween(`Service ${namespace}/${owner.name}`, `LIST ${SERVICES.plural} ${namespace}/${owner.name}`);
  }
}

function changedInBetween(what: string, operation: string): KubeError {
  return new KubeError(`${what} has changed in between`, { category: 'conflict', status: 0, reason: '', operation });
}

/** Whether an earlier process may have left redirect copies: what cannot be read now may be readable in a moment. */
export async function mayHaveCopies(client: KubeClient, signal: AbortSignal): Promise<boolean> {
  const read = await readAll(client, ENVOY_CONFIGS, { labelSelector: `${MANAGED_LABEL}=true`, signal }, readMeta);
  if (read.ok) return read.items.length > 0;
  return read.error.category !== 'not-served' && read.error.category !== 'forbidden';
}
