import type { RawObject } from '../../src/kube/types.ts';

export interface CiliumWishes {
  /** Without `v`. */
  readonly version: string;
  /** Name and internal address of each node. */
  readonly nodes: Readonly<Record<string, string>>;
  /** Keys of `cilium-config` besides the usual ones. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Nodes with a running agent each, and what Cilium's chart leaves in a cluster: what the program looks at. */
export function ciliumObjects({ version, nodes, config = {} }: CiliumWishes): RawObject[] {
  const labels = {
    'k8s-app': 'cilium',
    'app.kubernetes.io/name': 'cilium-agent',
    'app.kubernetes.io/part-of': 'cilium',
  };
  const spec = { containers: [{ name: 'cilium-agent', image: `quay.io/cilium/cilium:v${version}` }] };
  const data = { 'enable-gateway-api': 'true', 'routing-mode': 'tunnel', 'kube-proxy-replacement': 'true', ...config };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: inKubeSystem('cilium-config'), data },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { ...inKubeSystem('cilium'), labels },
      spec: { selector: { matchLabels: { 'k8s-app': 'cilium' } }, template: { metadata: { labels }, spec } },
    },
    ...Object.entries(nodes).flatMap(([name, address], index) => [
      node(name, address),
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...inKubeSystem(`cilium-${SUFFIXES[index] ?? index}`), labels },
        spec: { ...spec, nodeName: name, hostNetwork: true },
        status: { phase: 'Running', podIP: address, hostIP: address, conditions: [READY] },
      },
    ]),
  ];
}

const SUFFIXES = ['7k2xw', 'p9d4n', 'q6tzv'];
const READY = { type: 'Ready', status: 'True' };

function inKubeSystem(name: string): { readonly name: string; readonly namespace: string } {
  return { name, namespace: 'kube-system' };
}

function node(name: string, address: string): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: { addresses: [{ type: 'InternalIP', address }], conditions: [READY] },
  };
}
