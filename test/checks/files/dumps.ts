import { dump } from 'js-yaml';
import { asArray, asRecord, isRecord, readMeta } from '../../../src/kube/read.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import * as kinds from '../../../src/kube/resources.ts';
import type { RawObject } from '../../../src/kube/types.ts';
import type { FakeApi } from '../../fake-api/server.ts';

/** Names and texts of files. */
export type Files = ReadonlyMap<string, string>;

export interface KindList {
  readonly resource: Resource;
  readonly items: readonly RawObject[];
}

const STAMP = '20261125-120000';

/** Puts a cluster that is given as data on a fake API server, with the CRDs of all its kinds. */
export function applyAll(api: FakeApi, objects: readonly RawObject[]): void {
  api.garbageCollector.enabled = false; // not every owner is there
  for (const { group, version, plural, kind, namespaced } of Object.values(kinds)) {
    if (api.serves({ group, version, plural, kind, namespaced }) || !group.includes('.') || group.startsWith('auth'))
      continue;
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    api.apply({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
        scope: namespaced ? 'Namespaced' : 'Cluster',
        versions: [{ name: version, served: true, storage: true, schema, subresources: { status: {} } }],
      },
    });
  }
  const uids = new Map<unknown, string>();
  for (const raw of objects) {
    const { resourceVersion: _version, uid, ownerReferences: _owners, ...metadata } = metadataOf(raw);
    uids.set(uid, readMeta(api.apply({ ...raw, metadata })).uid);
  }
  // Now that the server has given its uids, owners can be named.
  for (const raw of objects) {
    const { resourceVersion: _version, uid: _uid, ...metadata } = metadataOf(raw);
    const owners = asArray(metadata.ownerReferences).map(asRecord);
    if (owners.length === 0) continue;
    const ownerReferences = owners.map((owner) => ({ ...owner, uid: uids.get(owner.uid) ?? owner.uid }));
    api.apply({ ...raw, metadata: { ...metadata, ownerReferences } });
  }
}

function metadataOf(raw: RawObject): RawObject {
  return asRecord(raw.metadata);
}

/** Every kind that an API server serves, all objects of it, as it sends them. */
export async function listAll(server: string): Promise<readonly KindList[]> {
  const lists = await Promise.all(
    Object.values(kinds).map(async (resource) => {
      const { group, version, plural } = resource;
      const response = await fetch(`${server}/${group === '' ? 'api' : `apis/${group}`}/${version}/${plural}`);
      if (!response.ok) return [];
      const body: unknown = await response.json();
      return [{ resource, items: asArray(asRecord(body).items).filter(isRecord) }];
    }),
  );
  return lists.flat();
}

function yaml(value: unknown): string {
  return dump(value, { noRefs: true, seqNoIndent: true, lineWidth: -1, quoteStyle: 'double' });
}

function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** What `kubectl get <kind> -A -o yaml > <kind>.yaml` writes, in folders. An empty list has no kind of its own. */
export function kubectlFiles(lists: readonly KindList[], format: 'yaml' | 'json' = 'yaml'): Files {
  return new Map(
    lists.map(({ resource, items }) => {
      const list = {
        apiVersion: 'v1',
        items: items.map((item) => ({ apiVersion: apiVersionOf(resource), kind: resource.kind, ...item })),
        kind: 'List',
        metadata: { resourceVersion: '' },
      };
      const folder = resource.group === '' ? 'core' : `custom/${resource.group}`;
      return [`${folder}/${resource.plural}.${format}`, format === 'yaml' ? yaml(list) : JSON.stringify(list, null, 4)];
    }),
  );
}

/** All of it in one file of several documents. */
export function kubectlDocuments(lists: readonly KindList[]): Files {
  const named = lists.map(({ resource, items }) =>
    yaml({
      apiVersion: apiVersionOf(resource),
      kind: `${resource.kind}List`,
      items,
      metadata: { resourceVersion: '1' },
    }),
  );
  return new Map([['all.yaml', named.join('---\n')]]);
}

const SYSDUMP_NAMES: Readonly<Record<string, string>> = {
  'Node/': 'k8s-nodes',
  'Pod/': 'k8s-pods',
  'Service/': 'k8s-services',
  'EndpointSlice/discovery.k8s.io': 'k8s-endpointslices',
  'Event/': 'k8s-events',
  'Lease/coordination.k8s.io': 'k8s-leases',
  'Namespace/': 'k8s-namespaces',
  'Ingress/networking.k8s.io': 'ciliumingresses',
  'GatewayClass/gateway.networking.k8s.io': 'gatewayapi-gatewayclasses',
  'Gateway/gateway.networking.k8s.io': 'gatewayapi-gateways',
  'HTTPRoute/gateway.networking.k8s.io': 'gatewayapi-httproutes',
  'GRPCRoute/gateway.networking.k8s.io': 'gatewayapi-grpcroutes',
  'CiliumEnvoyConfig/cilium.io': 'ciliumenvoyconfigs',
  'CiliumNode/cilium.io': 'ciliumnodes',
  'CiliumNetworkPolicy/cilium.io': 'ciliumnetworkpolicies',
  'CiliumClusterwideNetworkPolicy/cilium.io': 'ciliumclusterwidenetworkpolicies',
  'CiliumEgressGatewayPolicy/cilium.io': 'ciliumegressgatewaypolicies',
  'CiliumPodIPPool/cilium.io': 'ciliumpodippools',
  'CiliumLoadBalancerIPPool/cilium.io': 'ciliumloadbalancerippools',
};

/**
 * What `cilium sysdump` puts in its zip (cilium-cli, sysdump/constants.go and writers.go): lists with items that have no
 * kind of their own, single objects of Cilium, and much that is no Kubernetes object.
 */
export function sysdumpFiles(lists: readonly KindList[]): Files {
  const files = new Map<string, string>();
  const put = (name: string, text: string): unknown => files.set(`cilium-sysdump-${STAMP}/${name}`, text);
  for (const { resource, items } of lists) {
    const name = SYSDUMP_NAMES[`${resource.kind}/${resource.group}`];
    const bare = items.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest);
    const list = { apiVersion: apiVersionOf(resource), items: bare, kind: `${resource.kind}List`, metadata: {} };
    if (name !== undefined) put(`${name}-${STAMP}.yaml`, yaml(list));
    const cilium = items.filter((raw) => readMeta(raw).name.startsWith('cilium'));
    if (resource.kind === 'ConfigMap') {
      for (const raw of cilium)
        put(`cilium-configmap-${STAMP}.yaml`, yaml({ apiVersion: 'v1', kind: 'ConfigMap', ...raw }));
    }
    if (resource.kind === 'DaemonSet') {
      const own = cilium.filter((raw) => readMeta(raw).name === 'cilium');
      put(`cilium-daemonset-${STAMP}.yaml`, yaml({ ...list, items: own }));
    }
  }
  put(`k8s-metrics-${STAMP}.yaml`, '# HELP x y\n# TYPE x counter\nx{a="b"} 1\n{{{ no YAML\n');
  put(`k8s-version-${STAMP}.txt`, 'v1.34.1');
  put(`cilium-helm-values-${STAMP}.yaml`, 'kind: unrelated\nx: &a [1]\ny: *a\n');
  put(`hubble-flows-cilium-0-${STAMP}.json`, '{"flow":1}\n{"flow":2}\n');
  put(`logs-cilium-0-cilium-agent-${STAMP}.log`, 'level=info\n'.repeat(1000));
  put(`k8s-events-${STAMP}.html`, '<html></html>');
  return files;
}
