import type { CloudInstance, NodeIdentity } from '../provider.types.ts';
import type { ClusterNode, Instance } from './models/compute.ts';
import type { NetworkInterface } from './models/vpc.ts';

/**
 * The server that `spec.providerID` names: `ins-…` (CVM), or `kn-…` and the like, which only TKE knows. Undefined: no
 * server of this cloud (super nodes, registered nodes).
 */
export function serverOf({ providerId }: NodeIdentity): string | undefined {
  return /^(?:qcloud|tencentcloud):\/\/(?:.*\/)?((?:ins|kn|np|eks)-[\w-]+)$/.exec(providerId)?.[1];
}

export function isCvm(serverId: string): boolean {
  return serverId.startsWith('ins-');
}

export function fromCvm(node: NodeIdentity, instance: Instance): CloudInstance {
  return {
    nodeName: node.name,
    id: instance.InstanceId,
    running: instance.InstanceState === '' ? undefined : instance.InstanceState === 'RUNNING',
    vpcId: instance.VirtualPrivateCloud?.VpcId ?? '',
    subnetId: instance.VirtualPrivateCloud?.SubnetId ?? '',
    privateIps: instance.PrivateIpAddresses,
    publicIps: instance.PublicIpAddresses,
    securityGroupIds: instance.SecurityGroupIds,
  };
}

/**
 * Whether TKE's entry is this node: by one of its ids, else by its address, which is unique in a cluster. The `kn-…` of
 * a providerID is in none of the fields that are documented.
 */
export function isSameNode(node: NodeIdentity, serverId: string, { InstanceId, LanIP, Native }: ClusterNode): boolean {
  if ([InstanceId, Native?.InstanceId, Native?.MachineName].includes(serverId)) return true;
  return [LanIP, Native?.LanIp ?? ''].some((ip) => ip !== '' && node.internalIps.includes(ip));
}

export function fromClusterNode(node: NodeIdentity, serverId: string, entry: ClusterNode): CloudInstance {
  const { Native: native } = entry;
  const lanIp = native?.LanIp || entry.LanIP;
  return {
    nodeName: node.name,
    id: native?.InstanceId || entry.InstanceId || serverId,
    running: entry.InstanceState === '' ? undefined : entry.InstanceState === 'running',
    vpcId: native?.VpcId ?? '',
    subnetId: native?.SubnetId ?? '',
    privateIps: lanIp === '' ? [] : [lanIp],
    publicIps: native?.WanIp ? [native.WanIp] : [],
    securityGroupIds: native?.SecurityGroupIDs,
  };
}

/** A server that is known by its network interface alone. */
export function fromInterface(node: NodeIdentity, serverId: string, eni: NetworkInterface): CloudInstance {
  const addresses = eni.PrivateIpAddressSet;
  return {
    nodeName: node.name,
    id: eni.Attachment?.InstanceId || serverId,
    running: undefined,
    vpcId: eni.VpcId,
    subnetId: eni.SubnetId,
    privateIps: addresses.map(({ PrivateIpAddress }) => PrivateIpAddress).filter((ip) => ip !== ''),
    publicIps: addresses.map(({ PublicIpAddress }) => PublicIpAddress).filter((ip) => ip !== ''),
    // The groups of a secondary interface are not those that clients meet.
    securityGroupIds: eni.Primary === false ? undefined : eni.GroupSet,
  };
}

/**
 * The interface with one of the node's addresses. VPCs may overlap: of several, none, unless all but one are outside the
 * VPCs that the other nodes are in.
 */
export function interfaceOf(
  node: NodeIdentity,
  interfaces: readonly NetworkInterface[],
  vpcIds: readonly string[],
): NetworkInterface | undefined {
  const own = interfaces.filter(({ PrivateIpAddressSet }) =>
    PrivateIpAddressSet.some(({ PrivateIpAddress }) => node.internalIps.includes(PrivateIpAddress)),
  );
  const near = own.filter(({ VpcId }) => vpcIds.includes(VpcId));
  const [only, ...others] = near.length > 0 ? near : own;
  return others.length === 0 ? only : undefined;
}
