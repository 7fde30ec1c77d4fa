import type { CloudAnswer, CloudInstance, CloudSubnet, NodeIdentity } from '../provider.types.ts';
import { cidrHolds } from './address-ranges.ts';
import { ifPossible, joinAnswers, sources } from './answers.ts';
import type { HuaweiClient } from './client.ts';
import {
  type ClusterNode,
  listClusterNodes,
  listPorts,
  listServers,
  type Port,
  type Server,
  type ServerAddress,
} from './servers.ts';

type Subnets = (vpcId: string, signal: AbortSignal) => Promise<CloudAnswer<readonly CloudSubnet[]>>;

/** A node and its server. */
interface Match {
  readonly node: NodeIdentity;
  readonly server: Server;
}

/**
 * The servers behind nodes: 1 call a thousand servers of the project, 1 for the subnets; 1 for the nodes of the cluster, where
 * a node does not name its server; and, where a server has several interfaces or security groups (whose order counts), 1 a
 * thousand interfaces of such a node's subnet. The number of nodes does not matter.
 */
export async function readInstances(
  client: HuaweiClient,
  { subnetsOf, clusterId }: { readonly subnetsOf: Subnets; readonly clusterId: string },
  nodes: readonly NodeIdentity[],
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudInstance[]>> {
  if (nodes.length === 0) return { value: [], from: [] };
  const servers = await listServers(client, signal);
  const byId = new Map(servers.value.map((server) => [plainId(server.id), server]));
  const unnamed = clusterId !== '' && nodes.some((node) => serverById(node, byId) === undefined);
  const inCluster = unnamed ? await ifPossible(listClusterNodes(client, clusterId, signal)) : NOTHING;
  const named = nodes.map((node) => withServerId(node, inCluster.value ?? []));
  const matches = matchServers(named, servers.value, byId);

  const vpcs = [...new Set(matches.map(({ server }) => vpcOf(server)))].filter((vpc) => vpc !== '');
  const subnetAnswers = await Promise.all(vpcs.map((vpc) => ifPossible(subnetsOf(vpc, signal))));
  const subnets = joinAnswers(subnetAnswers);
  const known = subnets.value.flatMap((list) => list ?? []);
  const needed = new Set(matches.filter(needsPorts).map((match) => subnetOf(match, known)));
  const asked = [...needed].filter((subnet) => subnet !== '');
  const portAnswers = await Promise.all(asked.map((subnet) => ifPossible(listPorts(client, subnet, signal))));
  const ports = joinAnswers(portAnswers);
  const interfaces = ports.value.flatMap((list) => list ?? []);
  const problem = [...subnetAnswers, ...portAnswers].map((one) => one.problem).find((text) => text !== '');
  return {
    value: matches.map((match) => {
      const instance = instanceOf(match, known, interfaces);
      return problem === undefined || instance.securityGroupIds !== undefined
        ? instance
        : { ...instance, unknownBecause: problem };
    }),
    from: sources(servers, inCluster, subnets, ports),
  };
}

const NOTHING: CloudAnswer<readonly ClusterNode[]> = { value: [], from: [] };

/** What CCE says of a node wins over what its image says. */
function withServerId(node: NodeIdentity, inCluster: readonly ClusterNode[]): NodeIdentity {
  const same = inCluster.find(
    ({ id, privateIp }) => (id !== '' && id === node.providerId) || node.internalIps.includes(privateIp),
  );
  return same === undefined || same.serverId === '' ? node : { ...node, machineId: same.serverId };
}

/**
 * A node's machine id is its server's id; where it is not (images set their own), its address names it. Addresses are unique
 * only within a VPC, so they count in the VPC of the other nodes alone.
 */
function matchServers(
  nodes: readonly NodeIdentity[],
  servers: readonly Server[],
  byId: ReadonlyMap<string, Server>,
): Match[] {
  const vpc = nodesVpc(nodes, servers, byId);
  const inVpc = servers.filter((server) => vpcOf(server) === vpc);
  const byAddress = new Map(inVpc.flatMap((server) => fixed(server).map(({ addr }) => [addr, server])));
  return nodes.flatMap((node) => {
    const atAddress = node.internalIps.map((ip) => byAddress.get(ip)).find((server) => server !== undefined);
    const server = serverById(node, byId) ?? atAddress;
    return server === undefined ? [] : [{ node, server }];
  });
}

function serverById(node: NodeIdentity, byId: ReadonlyMap<string, Server>): Server | undefined {
  const ids = [node.machineId, node.providerId.split('/').at(-1) ?? ''];
  return ids.map((id) => byId.get(plainId(id))).find((server) => server !== undefined);
}

/** The VPC that holds most of the nodes by id, else by address; empty when two hold equally many. */
function nodesVpc(
  nodes: readonly NodeIdentity[],
  servers: readonly Server[],
  byId: ReadonlyMap<string, Server>,
): string {
  const sure = nodes.flatMap((node) => serverById(node, byId) ?? []).map(vpcOf);
  const addresses = new Set(nodes.flatMap(({ internalIps }) => internalIps));
  const maybe = servers.filter((server) => fixed(server).some(({ addr }) => addresses.has(addr))).map(vpcOf);
  return mostFrequent(sure.length > 0 ? sure : maybe);
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [first, second] = [...counts].sort(([, a], [, b]) => b - a);
  return first === undefined || first[1] === second?.[1] ? '' : first[0];
}

/** Machine ids come with and without dashes. */
function plainId(id: string): string {
  return id.replaceAll('-', '').toLowerCase();
}

function vpcOf({ metadata, addresses }: Server): string {
  return metadata?.vpc_id || (Object.keys(addresses)[0] ?? '');
}

function fixed({ addresses }: Server): ServerAddress[] {
  return Object.values(addresses)
    .flat()
    .filter((address) => address['OS-EXT-IPS:type'] !== 'floating');
}

function floating({ addresses }: Server): ServerAddress[] {
  return Object.values(addresses)
    .flat()
    .filter((address) => address['OS-EXT-IPS:type'] === 'floating');
}

/** The address by which the cluster knows the server. */
function nodeAddress({ node, server }: Match): string {
  const own = fixed(server).map(({ addr }) => addr);
  return node.internalIps.find((ip) => own.includes(ip)) ?? own[0] ?? '';
}

function subnetOf(match: Match, subnets: readonly CloudSubnet[]): string {
  const address = nodeAddress(match);
  return subnets.find(({ vpcId, cidr }) => vpcId === vpcOf(match.server) && cidrHolds(cidr, address))?.id ?? '';
}

/** One interface with one group: the server itself says it all. */
function needsPorts({ server }: Match): boolean {
  return interfacesOf(server) > 1 || groupsOf(server).length !== 1;
}

function interfacesOf(server: Server): number {
  return new Set(fixed(server).map((address) => address['OS-EXT-IPS:port_id'])).size;
}

function groupsOf({ security_groups: groups }: Server): string[] {
  return [...new Set(groups.map(({ id }) => id))].filter((id) => id !== '');
}

function instanceOf(match: Match, subnets: readonly CloudSubnet[], ports: readonly Port[]): CloudInstance {
  const { node, server } = match;
  return {
    nodeName: node.name,
    id: server.id,
    running: runningOf(server),
    vpcId: vpcOf(server),
    subnetId: subnetOf(match, subnets),
    privateIps: fixed(server).map(({ addr }) => addr),
    publicIps: floating(server).map(({ addr }) => addr),
    securityGroupIds: needsPorts(match) ? portGroups(match, ports) : groupsOf(server),
  };
}

function portGroups(match: Match, ports: readonly Port[]): readonly string[] | undefined {
  const address = nodeAddress(match);
  const own = ports.filter(({ device_id: device }) => device === match.server.id);
  return own.find((port) => port.fixed_ips.some(({ ip_address: ip }) => ip === address))?.security_groups;
}

function runningOf({ status }: Server): boolean | undefined {
  switch (status) {
    case 'ACTIVE':
      return true;
    case 'SHUTOFF':
    case 'STOPPED':
    case 'DELETED':
    case 'SOFT_DELETED':
    case 'ERROR':
      return false;
    default:
      return undefined;
  }
}
