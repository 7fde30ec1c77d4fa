import { type FieldOwner, readFieldOwners } from '../../kube/managed-fields.ts';
import { asArray, asNumber, asRecord, asString, at, isRecord, readMeta } from '../../kube/read.ts';
import type { Meta, RawObject } from '../../kube/types.ts';
import { canonicalJson, hashJson } from '../../lib/canonical.ts';

/** An entry of a CiliumEnvoyConfig's `spec.services`: traffic to these ports goes to that listener. */
export interface ServiceListener {
  readonly name: string;
  /** As the object says it, else its own namespace. */
  readonly namespace: string;
  /** Service ports; empty: all. */
  readonly ports: readonly number[];
  /** Name of a listener in `resources`; empty: the first. */
  readonly listener: string;
}

/** What is kept of a CiliumEnvoyConfig: of its content, which can be a megabyte, only the hash and the size. */
export interface EnvoyConfigModel {
  readonly meta: Meta;
  readonly services: readonly ServiceListener[];
  /** Of what a copy must have in common with its source (design rule 12). */
  readonly contentHash: string;
  /** Of that content as JSON, bytes. */
  readonly contentBytes: number;
  /** A listener has an address of its own: Envoy listens on the nodes, and Services are not redirected. */
  readonly hostListener: boolean;
  /** Some resource is a listener at all. */
  readonly hasListener: boolean;
  readonly writers: readonly FieldOwner[];
}

export function trimEnvoyConfig(raw: RawObject): EnvoyConfigModel {
  const meta = readMeta(raw);
  const spec = asRecord(raw.spec);
  const content = contentOf(raw);
  const listeners = asArray(spec.resources)
    .filter(isRecord)
    .filter((resource) => asString(resource['@type']).endsWith('envoy.config.listener.v3.Listener'));
  return {
    meta,
    services: asArray(spec.services)
      .filter(isRecord)
      .map((entry) => ({
        name: asString(entry.name),
        namespace: asString(entry.namespace) || meta.namespace,
        ports: asArray(entry.ports)
          .map((port) => asNumber(port))
          .filter((port) => port > 0),
        listener: asString(entry.listener),
      })),
    contentHash: hashJson(content),
    contentBytes: Buffer.byteLength(canonicalJson(content)),
    hostListener: listeners.some((listener) => isRecord(at(listener, 'address', 'socketAddress'))),
    hasListener: listeners.length > 0,
    writers: readFieldOwners(raw).writers(''),
  };
}

/** What a redirect copy takes over: `resources`, `backendServices` with their namespaces spelled out, `nodeSelector`. */
export interface EnvoyConfigContent {
  readonly resources: readonly unknown[];
  readonly backendServices: readonly unknown[] | undefined;
  readonly nodeSelector: unknown;
}

export function contentOf(raw: RawObject): EnvoyConfigContent {
  const spec = asRecord(raw.spec);
  const { namespace } = readMeta(raw);
  const backends = asArray(spec.backendServices).map((entry) =>
    isRecord(entry) && asString(entry.namespace) === '' ? { ...entry, namespace } : entry,
  );
  return {
    resources: asArray(spec.resources),
    backendServices: backends.length === 0 ? undefined : backends,
    nodeSelector: spec.nodeSelector ?? undefined,
  };
}
