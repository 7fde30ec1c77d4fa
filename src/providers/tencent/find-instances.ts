import { isIPv4 } from 'node:net';
import type { Batcher } from '../batcher.ts';
import { CloudError } from '../errors.ts';
import type { CloudAnswer, CloudInstance, NodeIdentity, ReadFrom } from '../provider.types.ts';
import { MOST_IDS, PAGE } from './actions.ts';
import { type Ask, allPages, inChunks, joined } from './ask.ts';
import { fromClusterNode, fromCvm, fromInterface, interfaceOf, isCvm, isSameNode, serverOf } from './instances.ts';
import { type ClusterNode, ClusterNodes, Clusters, type Instance } from './models/compute.ts';
import { type NetworkInterface, NetworkInterfaces } from './models/vpc.ts';
import { sourcesOf } from './sources.ts';

export interface InstanceSources {
  readonly ask: Ask;
  readonly cvm: Batcher<Instance>;
  /** The cluster that the nodes are in; empty: every cluster of the region is looked into. */
  readonly clusterId: string;
}

interface WantedNode {
  readonly node: NodeIdentity;
  readonly serverId: string;
}

/**
 * The servers behind nodes: CVMs by id, native nodes through TKE, and what neither knows (or may tell) by the network
 * interface with the node's address.
 */
export async function findInstances(
  nodes: readonly NodeIdentity[],
  sources: InstanceSources,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudInstance[]>> {
  const wanted = nodes.flatMap((node) => {
    const serverId = serverOf(node);
    return serverId === undefined ? [] : [{ node, serverId }];
  });
  const found = new Map<string, CloudInstance>();
  const from: ReadFrom[] = [];
  const left = (): readonly WantedNode[] => wanted.filter(({ node }) => !found.has(node.name));
  const keep = (instances: CloudAnswer<readonly CloudInstance[]>): void => {
    from.push(...instances.from);
    for (const instance of instances.value) found.set(instance.nodeName, instance);
  };

  keep(await findCvms(wanted, sources, signal));
  const natives = left().filter(({ serverId }) => !isCvm(serverId));
  if (natives.length > 0) keep(await findNatives(natives, sources, signal));
  const unknown = left().filter(({ serverId }) => !isCvm(serverId));
  if (unknown.length > 0) {
    const vpcIds = [...new Set([...found.values()].map(({ vpcId }) => vpcId))];
    keep(await findByAddress(unknown, vpcIds, sources, signal));
  }
  return { value: wanted.flatMap(({ node }) => found.get(node.name) ?? []), from };
}

async function findCvms(
  wanted: readonly WantedNode[],
  { cvm }: InstanceSources,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudInstance[]>> {
  const answers = await Promise.all(
    wanted
      .filter(({ serverId }) => isCvm(serverId))
      .map(async ({ node, serverId }) => {
        const { value, from } = await ofOneNode(cvm.get(serverId, signal));
        return { value: value === undefined ? [] : [fromCvm(node, value)], from };
      }),
  );
  return { value: answers.flatMap(({ value }) => value), from: sourcesOf(answers) };
}

/** An id that the cloud does not know, or does not take for one, is a node without a server. */
async function ofOneNode<T>(answer: Promise<CloudAnswer<T | undefined>>): Promise<CloudAnswer<T | undefined>> {
  try {
    return await answer;
  } catch (error) {
    if (!isOf(error, ['not-found', 'invalid'])) throw error;
    return { value: undefined, from: readFrom(error) };
  }
}

async function findNatives(
  natives: readonly WantedNode[],
  sources: InstanceSources,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudInstance[]>> {
  const value: CloudInstance[] = [];
  const from: ReadFrom[] = [];
  try {
    const clusters = await clusterIdsOf(sources, signal);
    from.push(...clusters.from);
    for (const clusterId of clusters.value) {
      const entries = await nativeNodesOf(clusterId, sources, signal);
      from.push(...entries.from);
      for (const { node, serverId } of natives) {
        const entry = entries.value.find((candidate) => isSameNode(node, serverId, candidate));
        if (entry !== undefined) value.push(fromClusterNode(node, serverId, entry));
      }
      if (value.length >= natives.length) break;
    }
  } catch (error) {
    // Then their interfaces may still tell.
    if (!isOf(error, ['denied', 'unsupported', 'not-found'])) throw error;
    from.push(...readFrom(error));
  }
  return { value, from };
}

async function clusterIdsOf(
  { ask, clusterId }: InstanceSources,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly string[]>> {
  if (clusterId !== '') return { value: [clusterId], from: [] };
  const { value, from } = await allPages((offset) =>
    ask('tke:DescribeClusters', { Offset: offset, Limit: PAGE }, Clusters, signal),
  );
  return { value: value.map(({ ClusterId }) => ClusterId), from };
}

function nativeNodesOf(
  clusterId: string,
  { ask }: InstanceSources,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly ClusterNode[]>> {
  return allPages((offset) =>
    ask(
      'tke:DescribeClusterInstances',
      {
        ClusterId: clusterId,
        Filters: [{ Name: 'InstanceType', Values: ['Native'] }],
        Offset: offset,
        Limit: PAGE,
      },
      ClusterNodes,
      signal,
    ),
  );
}

async function findByAddress(
  wanted: readonly WantedNode[],
  vpcIds: readonly string[],
  { ask }: InstanceSources,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudInstance[]>> {
  const addresses = wanted.flatMap(({ node }) => node.internalIps.filter(isIPv4));
  const interfaces: CloudAnswer<readonly NetworkInterface[]>[] = [];
  for (const chunk of inChunks(addresses, MOST_IDS.filterValues)) {
    const filters = [
      { Name: 'address-ip', Values: [...chunk] },
      // A single value would match as the end of an address.
      { Name: 'ip-exact-match', Values: ['true'] },
    ];
    interfaces.push(
      await allPages((offset) =>
        ask(
          'vpc:DescribeNetworkInterfaces',
          { Filters: chunk.length === 1 ? filters : filters.slice(0, 1), Offset: offset, Limit: PAGE },
          NetworkInterfaces,
          signal,
        ),
      ),
    );
  }
  const { value: all, from } = joined(interfaces);
  const value = wanted.flatMap(({ node, serverId }) => {
    const eni = interfaceOf(node, all, vpcIds);
    return eni === undefined ? [] : [fromInterface(node, serverId, eni)];
  });
  return { value, from };
}

function isOf(error: unknown, categories: readonly string[]): error is CloudError {
  return error instanceof CloudError && categories.includes(error.details.category);
}

function readFrom({ details: { action, requestId } }: CloudError): readonly ReadFrom[] {
  return [{ action, requestId }];
}
