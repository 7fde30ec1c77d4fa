import type { CloudCluster } from '../provider.types.ts';
import type { Cluster } from './models/compute.ts';

/** @param ipamdSubnets subnets of VPC-CNI's Pods; empty when there are none or they cannot be told */
export function toCluster(cluster: Cluster, ipamdSubnets: readonly string[]): CloudCluster {
  const { ClusterNetworkSettings: network, Property: property } = cluster;
  return {
    id: cluster.ClusterId,
    name: cluster.ClusterName,
    version: cluster.ClusterVersion,
    networkMode: property?.NetworkType ?? '',
    cloudCilium: cloudCiliumOf(cluster),
    vpcId: network?.VpcId ?? '',
    podCidrs: cidrs(network?.ClusterCIDR),
    serviceCidrs: [...cidrs(network?.ServiceCIDR), ...cidrs(network?.Ipv6ServiceCIDR)],
    podSubnetIds: [...new Set([...ipamdSubnets, ...(network?.Subnets ?? [])])],
    // TKE gives a cluster no group of its own: they are those of the nodes.
    nodeSecurityGroupIds: [],
    kubeProxyMode: kubeProxyModeOf(network),
  };
}

/** Sure only where the cloud names it, or says both the network type and that DataPlane V2 is off. */
function cloudCiliumOf({ ClusterNetworkSettings: network, Property: property }: Cluster): boolean | undefined {
  const type = property?.NetworkType ?? '';
  if (/cilium/i.test(type) || network?.DataPlaneV2 === true || (network?.CiliumMode ?? '') !== '') return true;
  return type !== '' && network?.DataPlaneV2 === false ? false : undefined;
}

function kubeProxyModeOf(network: Cluster['ClusterNetworkSettings']): string {
  const mode = network?.KubeProxyMode ?? '';
  if (mode !== '') return mode;
  return network?.Ipvs === undefined ? '' : network.Ipvs ? 'ipvs' : 'iptables';
}

/** One CIDR, or several with commas. */
function cidrs(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((cidr) => cidr.trim())
    .filter((cidr) => cidr !== '');
}
