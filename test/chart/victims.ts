import { ENVOY_CONFIGS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { ControlPlane } from '../control-plane/fixture.ts';
import type { KubeObject } from '../control-plane/objects.ts';
import { foreignConfig, makeEntrypoint, makeGateway } from '../control-plane/redirect-scene.ts';
import { EIP, entrypoint, existing, GUIDE_ENTRYPOINT, GUIDE_SERVICE } from '../control-plane/scenario.ts';
import { putNode } from '../control-plane/taint-objects.ts';
import { cceNode, ROUTE_TAINT } from '../taints/fixture.ts';

/* What a stolen token is tried on, besides the guide's Gateway and its entrypoint. */

export const OUR_LABEL = 'cilium-cloud-bridge.io/managed';
export const MANAGED_ELB = '33333333-2222-3333-4444-555555555555';

/** A user's LoadBalancer. */
export const FOREIGN: ObjectRef = { namespace: 'kube-system', name: 'foreign' };
export const DNS: ObjectRef = { namespace: 'kube-system', name: 'kube-dns' };
export const API_SERVER: ObjectRef = { namespace: 'default', name: 'kubernetes' };
/** In a namespace whose Services may not serve the Gateway that it names. */
export const CLAIMS_ELSEWHERE: ObjectRef = { namespace: 'default', name: 'claims' };
/** A user's, but with a name as Cilium gives them. */
export const PRETENDER: ObjectRef = { namespace: 'default', name: 'cilium-gateway-mine' };
/** Of all shared Ingresses, under a name that Cilium's chart lets one choose. */
export const SHARED: ObjectRef = { namespace: 'kube-system', name: 'shared' };
/** A user's, outside of Cilium's namespace, with the name that it has by default. */
export const NOT_SHARED: ObjectRef = { namespace: 'default', name: 'cilium-ingress' };
/** A user's, but with a name as ours have them. */
export const LIKE_OURS: ObjectRef = { namespace: 'kube-system', name: 'ccb-mine' };
export const MANAGED: ObjectRef = { namespace: 'kube-system', name: 'ccb-managed' };
export const OWN_COPY: ObjectRef = { namespace: 'kube-system', name: 'ccb-own' };
/** A user's, but with a name as our copies have them. */
export const FOREIGN_CONFIG: ObjectRef = { namespace: 'kube-system', name: 'ccb-foreign' };
export const NODE: ObjectRef = { namespace: '', name: 'node-2' };
export const FOREIGN_EVENT: ObjectRef = { namespace: 'default', name: 'foreign' };

export const OWN_EVENT: KubeObject = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { namespace: 'default', name: 'own' },
  involvedObject: { apiVersion: 'v1', kind: 'Service', ...GUIDE_SERVICE },
  type: 'Normal',
  reason: 'AddressPublished',
  message: 'own',
  source: { component: 'cilium-cloud-bridge', host: 'pod' },
  reportingComponent: 'cilium-cloud-bridge',
};

/** A redirect copy of a Service as the program makes it. */
export function copyOf(ref: ObjectRef, service: ObjectRef, uid: string): KubeObject {
  const { namespace, name } = service;
  return {
    ...foreignConfig(ref.name, name),
    metadata: {
      ...ref,
      labels: { [OUR_LABEL]: 'true', 'cilium.io/use-original-source-address': 'false' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid }],
    },
    spec: {
      services: [{ name, namespace, ports: [80], listener: '' }],
      resources: [{ '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener', name: 'mine' }],
    },
  };
}

/** Makes all of it; resolves when Cilium has made its part. */
export async function layOut(cluster: ControlPlane): Promise<void> {
  await makeGateway(cluster);
  await makeEntrypoint(cluster);
  await cluster.patchStatus(SERVICES, GUIDE_SERVICE, { loadBalancer: { ingress: [{ ip: EIP }] } });
  await cluster.apply(entrypoint(FOREIGN, { selector: { app: 'foreign' } }));
  await cluster.apply(entrypoint(LIKE_OURS));
  await cluster.apply(entrypoint(PRETENDER, { selector: { app: 'mine' } }));
  for (const ref of [SHARED, NOT_SHARED]) {
    const labels = ref === SHARED ? { 'cilium.io/ingress': 'true' } : {};
    const spec = { type: 'LoadBalancer', ports: [{ name: 'http', port: 80 }] };
    await cluster.apply({ apiVersion: 'v1', kind: 'Service', metadata: { ...ref, labels }, spec });
  }
  const elsewhere = { 'cilium-cloud-bridge.io/gateway': 'elsewhere/gateway' };
  await cluster.apply(entrypoint(CLAIMS_ELSEWHERE, { annotations: elsewhere }));
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...DNS, labels: { 'k8s-app': 'kube-dns' } },
    spec: { selector: { 'k8s-app': 'kube-dns' }, ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] },
  });
  const managed = entrypoint(MANAGED, {
    annotations: { 'cilium-cloud-bridge.io/gateway': 'default/asking' },
    loadBalancerId: MANAGED_ELB,
  });
  await cluster.apply({ ...managed, metadata: { ...managed.metadata, labels: { [OUR_LABEL]: 'true' } } });
  const { uid = '' } = (await existing(cluster, SERVICES, GUIDE_ENTRYPOINT)).metadata;
  await cluster.apply(copyOf(OWN_COPY, GUIDE_ENTRYPOINT, uid));
  await cluster.apply(foreignConfig(FOREIGN_CONFIG.name, FOREIGN.name));
  await cluster.apply(OWN_EVENT);
  await cluster.apply({
    ...OWN_EVENT,
    metadata: { ...FOREIGN_EVENT },
    source: { component: 'kubelet' },
    reportingComponent: 'kubelet',
  });
  const taints = [ROUTE_TAINT, { key: 'example.com/gpu', effect: 'NoSchedule' }];
  await putNode(cluster, cceNode, NODE.name, { taints });
  await existing(cluster, ENVOY_CONFIGS, OWN_COPY);
}
