import { copyName } from '../../src/gateway/redirect-copy.ts';
import { at } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Finding } from '../../src/plan/plan.types.ts';
import { type Given, plan } from './planning.ts';
import { applyActions } from './world.ts';

/* CiliumEnvoyConfigs as Cilium's operator makes them, and the copies that the program makes of them. */

export interface EnvoyConfigParts {
  readonly namespace?: string;
  /** Uid of its owner; null: none. Default: Gateway default/web. */
  readonly owner?: string | null;
  /** The Service that it names. */
  readonly service?: { readonly name?: string; readonly namespace?: string };
  /** Listener name → ports. */
  readonly listeners?: Readonly<Record<string, readonly number[]>>;
  readonly routes?: string;
  readonly backends?: readonly RawObject[];
  readonly nodeSelector?: RawObject;
  /** Envoy listens on the nodes. */
  readonly hostPort?: number;
  readonly created?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  readonly deleting?: boolean;
}

const TYPES = 'type.googleapis.com/envoy.config';

export function envoyConfig(name = 'cilium-gateway-web', parts: EnvoyConfigParts = {}): RawObject {
  const { namespace = 'default', owner = 'uid-Gateway-default-web', listeners = { listener: [80] } } = parts;
  const { backends = [{ name: 'shop', namespace: 'default', number: ['8080'] }], nodeSelector, hostPort } = parts;
  const service = { name, namespace, ...parts.service };
  const address =
    hostPort === undefined ? {} : { address: { socketAddress: { address: '0.0.0.0', portValue: hostPort } } };
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata: {
      name,
      namespace,
      uid: parts.uid ?? `uid-CiliumEnvoyConfig-${namespace}-${name}`,
      resourceVersion: '7',
      creationTimestamp: parts.created ?? '2026-01-01T00:00:00Z',
      annotations: parts.annotations ?? { 'cec.cilium.io/use-original-source-address': 'false' },
      ...(parts.labels === undefined ? {} : { labels: parts.labels }),
      ...(parts.deleting === true ? { deletionTimestamp: '2026-02-01T00:00:00Z' } : {}),
      ...(owner === null
        ? {}
        : {
            ownerReferences: [
              {
                apiVersion: 'gateway.networking.k8s.io/v1',
                kind: 'Gateway',
                name: 'web',
                uid: owner,
                controller: true,
              },
            ],
          }),
    },
    spec: {
      services: Object.entries(listeners).map(([listener, ports]) => ({ ...service, ports, listener })),
      backendServices: backends,
      resources: [
        ...Object.keys(listeners).map((listener) => ({
          '@type': `${TYPES}.listener.v3.Listener`,
          name: listener || 'listener',
          ...address,
        })),
        { '@type': `${TYPES}.route.v3.RouteConfiguration`, name: 'listener-insecure', routes: parts.routes ?? 'v1' },
      ],
      ...(nodeSelector === undefined ? {} : { nodeSelector }),
    },
  };
}

export const COPY = { namespace: 'kube-system', name: copyName({ namespace: 'kube-system', name: 'entry' }) } as const;

/** The world after one perfect pass. */
export function settled(objects: readonly RawObject[], given: Given = {}): readonly RawObject[] {
  return applyActions(objects, plan(objects, given).actions).objects;
}

/** The redirect copy among these objects. */
export function copyIn(objects: readonly RawObject[], ref: { namespace: string; name: string } = COPY): RawObject {
  const found = objects.find(
    (object) =>
      object.kind === 'CiliumEnvoyConfig' &&
      at(object, 'metadata', 'name') === ref.name &&
      at(object, 'metadata', 'namespace') === ref.namespace,
  );
  if (found === undefined) throw new Error(`no CiliumEnvoyConfig ${ref.namespace}/${ref.name}`);
  return found;
}

/** The same objects, one of them changed; undefined takes it away. */
export function change(
  objects: readonly RawObject[],
  kind: string,
  name: string,
  how: (object: RawObject) => RawObject | undefined,
): readonly RawObject[] {
  return objects.flatMap((object) => {
    if (object.kind !== kind || at(object, 'metadata', 'name') !== name) return [object];
    const changed = how(object);
    return changed === undefined ? [] : [changed];
  });
}

/** With these annotations of ours; null takes one away. */
export function annotated(object: RawObject, short: Readonly<Record<string, string | null>>): RawObject {
  const annotations = new Map(Object.entries(recordOf(at(object, 'metadata', 'annotations'))));
  for (const [key, value] of Object.entries(short)) {
    if (value === null) annotations.delete(`cilium-cloud-bridge.io/${key}`);
    else annotations.set(`cilium-cloud-bridge.io/${key}`, value);
  }
  return { ...object, metadata: { ...recordOf(object.metadata), annotations: Object.fromEntries(annotations) } };
}

export function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Verdict and reason of what concerns the redirect, among it the share that node-port refuses. */
export function redirectFindings(given: { readonly findings: readonly Finding[] }): string[] {
  return given.findings
    .filter(({ check }) => check === 'redirect' || check === 'exposure' || check === 'annotation')
    .map(({ verdict, reason }) => `${verdict} ${reason}`)
    .sort();
}
