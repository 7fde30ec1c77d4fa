import { asArray, asRecord, asString } from '../../kube/read.ts';
import type { DoctorNode } from '../models/node.ts';
import type { DoctorWorld } from '../world.types.ts';
import { type CiliumSetup, readCilium } from './cilium.ts';
import type { ExitWorld, Source } from './exits.ts';
import { answerOf, networkOfCluster, ordinaryNodes } from './network.ts';

/** CCE's label with the subnet of a node. */
const SUBNET_LABEL = 'node.kubernetes.io/subnetid';

/** A node, its subnet and its public addresses. */
export interface PlacedNode {
  readonly node: DoctorNode;
  /** Undefined: cannot be told. */
  readonly subnetId: string | undefined;
  /** As Kubernetes and the cloud show them. */
  readonly publicIps: readonly string[];
}

/** The ordinary nodes with what the cloud says of their servers. */
export function placedNodes({ kube, cloud }: DoctorWorld): PlacedNode[] {
  const servers = new Map((answerOf(cloud.instances) ?? []).map((server) => [server.nodeName, server]));
  return ordinaryNodes(kube).map((node) => {
    const server = servers.get(node.meta.name);
    const publicIps = [...new Set([...node.externalIps, ...(server?.publicIps ?? [])])];
    return { node, subnetId: server?.subnetId || node.meta.labels[SUBNET_LABEL] || undefined, publicIps };
  });
}

/** Nodes by their subnet, as sources; those whose subnet cannot be told are left out. */
export function nodeSources(nodes: readonly PlacedNode[]): (Source & { readonly nodes: readonly PlacedNode[] })[] {
  return [...Map.groupBy(nodes, ({ subnetId }) => subnetId ?? '')]
    .filter(([subnetId]) => subnetId !== '')
    .map(([subnetId, members]) => ({
      subnetId,
      nodes: members,
      addresses: members.flatMap(({ node }) => node.internalIps),
    }));
}

/** Whether Pods get addresses of the VPC, as on TKE's native network: then they leave as themselves. */
export function podsAreInVpc(world: DoctorWorld): boolean {
  return readCilium(world.kube)?.ipam === 'delegated-plugin' || networkOfCluster(world).mode === 'tke-native';
}

/** Whether Cilium gives Pods the address of their node on their way out. */
export function masquerades(cilium: CiliumSetup | undefined): boolean {
  return cilium?.ipv4Masquerade ?? true;
}

/**
 * The subnets that Pods get network interfaces in, as NodeENIConfigs and the cluster's own settings name them; for
 * clusters whose Pods are in the VPC.
 */
export function podSources({ kube, cloud }: DoctorWorld): Source[] {
  const subnets = answerOf(cloud.subnets) ?? [];
  const cidrs = new Map<string, string>();
  for (const { status } of kube.eniConfigs.items) {
    for (const info of asArray(status.eniInfos).map(asRecord)) {
      const cidr = asString(info.subnetCIDR);
      const id = asString(info.subnetID) || subnets.find((subnet) => subnet.cidr === cidr)?.id || '';
      if (id !== '') cidrs.set(id, cidr);
    }
  }
  for (const id of answerOf(cloud.cluster)?.podSubnetIds ?? []) cidrs.set(id, cidrs.get(id) ?? '');
  return [...cidrs].map(([subnetId, cidr]) => {
    const known = subnets.find(({ id }) => id === subnetId)?.cidr || cidr;
    return { subnetId, addresses: known === '' ? [] : [known] };
  });
}

/** What is known of the ways out; undefined: route tables or NAT gateways were not told. */
export function exitWorldOf({ cloud }: DoctorWorld): ExitWorld | undefined {
  const tables = answerOf(cloud.routeTables);
  const gateways = answerOf(cloud.natGateways);
  if (tables === undefined || gateways === undefined) return undefined;
  return { tables, gateways, subnets: answerOf(cloud.subnets) ?? [] };
}
