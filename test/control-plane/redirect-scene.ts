import { copyName } from '../../src/gateway/redirect-copy.ts';
import { ENVOY_CONFIGS, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { ControlPlane } from './fixture.ts';
import { type KubeObject, valueAt } from './objects.ts';
import {
  clean,
  EIP,
  entrypoint,
  GATEWAY_CLASS,
  GUIDE_ENTRYPOINT,
  GUIDE_GATEWAY,
  GUIDE_SERVICE,
  gateway,
  gatewayService,
  SERVES_GUIDE_GATEWAY,
} from './scenario.ts';
import { waitFor } from './wait.ts';

/* The guide's Gateway with a route, so that Cilium makes its CiliumEnvoyConfig, and an annotated entrypoint. */

/** Cilium's own: what a copy is made of. */
export const SOURCE: ObjectRef = GUIDE_SERVICE;
export const COPY: ObjectRef = { namespace: 'kube-system', name: copyName(GUIDE_ENTRYPOINT) };
export const EXPOSURE = 'cilium-cloud-bridge.io/exposure';

export const CREATE_COPY = `create ciliumenvoyconfigs ${COPY.namespace}/${COPY.name}`;
export const PATCH_COPY = `patch ciliumenvoyconfigs ${COPY.namespace}/${COPY.name}`;
export const DELETE_COPY = `delete ciliumenvoyconfigs ${COPY.namespace}/${COPY.name}`;
export const TARGET_PORT = 'patch services kube-system/gateway-entrypoint';

/** The first two writes in the order of their names: targetPort and copy go side by side, so that either ends first. */
export function sideBySide(writes: readonly string[]): readonly string[] {
  return [...writes.slice(0, 2).toSorted(), ...writes.slice(2)];
}

export function route(path: string): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: 'default', name: 'routes' },
    spec: {
      parentRefs: [{ name: GUIDE_GATEWAY.name }],
      rules: [
        { matches: [{ path: { type: 'PathPrefix', value: path } }], backendRefs: [{ name: 'backend', port: 80 }] },
      ],
    },
  };
}

/** Everything but the entrypoint; resolves when Cilium has made its part. */
export async function makeGateway(cluster: ControlPlane): Promise<void> {
  await cluster.apply(GATEWAY_CLASS);
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 'backend' },
    spec: { ports: [{ port: 80 }] },
  });
  await cluster.apply(gateway());
  await cluster.apply(route('/'));
  await gatewayService(cluster);
  await waitFor('the source', () => cluster.get(ENVOY_CONFIGS, SOURCE));
}

/** The entrypoint, with its address as the cloud gives it. */
export async function makeEntrypoint(
  cluster: ControlPlane,
  annotations: Readonly<Record<string, string>> = {},
): Promise<void> {
  await cluster.apply(entrypoint(GUIDE_ENTRYPOINT, { annotations: { ...SERVES_GUIDE_GATEWAY, ...annotations } }));
  const status = { loadBalancer: { ingress: [{ ip: EIP }] } };
  await cluster.patchStatus(SERVICES, GUIDE_ENTRYPOINT, status, 'cloud');
}

export function annotateEntrypoint(cluster: ControlPlane, key: string, value: string | null): Promise<KubeObject> {
  return cluster.patch(SERVICES, GUIDE_ENTRYPOINT, { metadata: { annotations: { [key]: value } } });
}

export async function copyThere(cluster: ControlPlane): Promise<KubeObject> {
  return waitFor('the copy', () => cluster.get(ENVOY_CONFIGS, COPY));
}

export async function copyGone(cluster: ControlPlane): Promise<void> {
  await waitFor('the copy to go', async () => (await cluster.get(ENVOY_CONFIGS, COPY)) === undefined);
}

/** Resolves when the copy has its source's content as both are now. */
export async function copyCurrent(cluster: ControlPlane): Promise<void> {
  await waitFor('the copy to be as its source', async () => {
    const [source, copy] = await Promise.all([SOURCE, COPY].map((ref) => cluster.get(ENVOY_CONFIGS, ref)));
    const content = (object: KubeObject | undefined): string =>
      JSON.stringify([valueAt(object, 'spec', 'resources'), valueAt(object, 'spec', 'backendServices')]);
    return copy !== undefined && content(copy) === content(source);
  });
}

/** A CiliumEnvoyConfig that a user made, naming a Service of its namespace. */
export function foreignConfig(name: string, service: string): KubeObject {
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata: { namespace: 'kube-system', name },
    spec: {
      services: [{ name: service, namespace: 'kube-system' }],
      resources: [{ '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener', name: 'mine' }],
    },
  };
}

export async function cleanAll(cluster: ControlPlane): Promise<void> {
  await cluster.request('DELETE', '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/routes');
  await clean(cluster);
  for (const { metadata } of await cluster.list(ENVOY_CONFIGS)) {
    await cluster.remove(ENVOY_CONFIGS, { namespace: metadata.namespace ?? '', name: metadata.name });
  }
  await waitFor('Gateways to be gone', async () => (await cluster.list(GATEWAYS)).length === 0);
}
