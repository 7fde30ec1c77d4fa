import type { RawObject } from '../../src/kube/types.ts';
import type { Cloud } from './scenario.types.ts';

/** What the scenarios on TKE have in common (tencent.md §1). */

export const TKE_CLOUD: Omit<Cloud, 'addresses'> = {
  name: "TKE's service-controller",
  dialect: 'tencent',
  manner: 'holds',
  fieldManager: 'service-controller',
};

/** `cilium-config` of an overlay. */
export const TKE_OVERLAY: Readonly<Record<string, string>> = {
  'routing-mode': 'tunnel',
  'tunnel-protocol': 'vxlan',
  ipam: 'multi-pool',
  'enable-ipv4-masquerade': 'true',
  'enable-bpf-masquerade': 'true',
};

/** `cilium-config` where VPC-CNI goes on giving Pods their addresses. */
export const TKE_NATIVE: Readonly<Record<string, string>> = {
  'routing-mode': 'native',
  ipam: 'delegated-plugin',
  'enable-ipv4-masquerade': 'false',
  'enable-endpoint-routes': 'true',
  'cni-chaining-mode': 'generic-veth',
};

/** VPC-CNI's agent with a nodeSelector that no node has, as the way to an overlay asks for. */
export function parkedVpcCni(): RawObject[] {
  return [eniAgent(0, { 'label-not-exist': 'node-not-exist' })];
}

/** VPC-CNI's agent on so many nodes. */
export function runningVpcCni(nodes: number): RawObject[] {
  return [eniAgent(nodes, { 'kubernetes.io/os': 'linux' })];
}

function eniAgent(nodes: number, nodeSelector: Readonly<Record<string, string>>): RawObject {
  const labels = { 'k8s-app': 'tke-eni-agent' };
  const containers = [{ name: 'tke-eni-agent', image: 'ccr.ccs.tencentyun.com/tkeimages/tke-eni-agent:v3.8.0' }];
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: 'kube-system', name: 'tke-eni-agent', labels },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers, nodeSelector, hostNetwork: true } },
    },
    status: {
      desiredNumberScheduled: nodes,
      currentNumberScheduled: nodes,
      numberMisscheduled: 0,
      numberReady: nodes,
    },
  };
}
