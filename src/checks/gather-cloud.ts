import { CloudError } from '../providers/errors.ts';
import type { CloudAnswer, CloudReader } from '../providers/provider.types.ts';
import type { CloudQuestions } from './cloud-questions.ts';
import type { Asked, CloudWorld, LoadBalancerWorld } from './world.types.ts';

/** A world without a cloud: every answer says why. */
export function withoutCloud(why: string): CloudWorld {
  const nothing = { state: 'not-asked', why } as const;
  return {
    cloud: undefined,
    region: '',
    cluster: nothing,
    instances: nothing,
    loadBalancers: new Map(),
    securityGroups: new Map(),
    vpc: nothing,
    natGateways: nothing,
    routeTables: nothing,
    subnets: nothing,
    publicIps: nothing,
  };
}

/**
 * Asks the cloud for what the entrypoints, nodes and cluster need, in two rounds: what has an id already, then what
 * hangs on the VPC and on the servers. Each failure stays its own.
 * @throws the signal's reason; nothing else
 */
export async function gatherCloud(
  reader: CloudReader,
  questions: CloudQuestions,
  signal: AbortSignal,
): Promise<CloudWorld> {
  const { loadBalancerIds, nodes, clusterId } = questions;
  const [cluster, instances, loadBalancers] = await Promise.all([
    clusterId === ''
      ? notAsked('the id of the CCE or TKE cluster is not known; set cloud.clusterId')
      : ask(() => reader.cluster(clusterId, signal), signal),
    nodes.length === 0 ? notAsked('no node could be read') : ask(() => reader.instances(nodes, signal), signal),
    Promise.all(
      loadBalancerIds.map(
        async (id): Promise<readonly [string, LoadBalancerWorld]> => [id, await gatherLoadBalancer(reader, id, signal)],
      ),
    ),
  ]);
  const servers = instances.state === 'answered' ? instances.value : [];
  const vpcId =
    (cluster.state === 'answered' ? cluster.value.vpcId : '') ||
    questions.vpcId ||
    (servers.find((server) => server.vpcId !== '')?.vpcId ?? '');
  const groupIds = new Set([
    ...servers.flatMap(({ securityGroupIds }) => securityGroupIds ?? []),
    ...(cluster.state === 'answered' ? cluster.value.nodeSecurityGroupIds : []),
    ...loadBalancers.flatMap(([, { loadBalancer }]) =>
      loadBalancer.state === 'answered' ? (loadBalancer.value.securityGroupIds ?? []) : [],
    ),
  ]);
  const addresses = new Set([
    ...questions.addresses,
    ...servers.flatMap(({ publicIps }) => publicIps),
    ...loadBalancers.flatMap(([, { loadBalancer }]) =>
      loadBalancer.state === 'answered' && loadBalancer.value.ownsAddresses !== true
        ? loadBalancer.value.addresses.publicIps
        : [],
    ),
  ]);
  const inVpc = async <T>(call: (id: string) => Promise<CloudAnswer<T>>): Promise<Asked<T>> =>
    vpcId === '' ? notAsked("the cluster's VPC is not known") : await ask(() => call(vpcId), signal);
  const [vpc, natGateways, routeTables, subnets, publicIps, securityGroups] = await Promise.all([
    inVpc((id) => reader.vpc(id, signal)),
    inVpc((id) => reader.natGateways(id, signal)),
    inVpc((id) => reader.routeTables(id, signal)),
    inVpc((id) => reader.subnets(id, signal)),
    addresses.size === 0
      ? notAsked('neither nodes nor load balancers have a public address (EIP)')
      : ask(() => reader.publicIps([...addresses].toSorted(), signal), signal),
    Promise.all(
      [...groupIds]
        .toSorted()
        .map(async (id) => [id, await ask(() => reader.securityGroup(id, signal), signal)] as const),
    ),
  ]);
  return {
    cloud: reader.cloud,
    region: reader.region,
    cluster,
    instances,
    loadBalancers: new Map(loadBalancers),
    securityGroups: new Map(securityGroups),
    vpc,
    natGateways,
    routeTables,
    subnets,
    publicIps,
  };
}

async function gatherLoadBalancer(reader: CloudReader, id: string, signal: AbortSignal): Promise<LoadBalancerWorld> {
  const [loadBalancer, listeners, targets] = await Promise.all([
    ask(() => reader.loadBalancer(id, signal), signal),
    ask(() => reader.listeners(id, signal), signal),
    ask(() => reader.targets(id, signal), signal),
  ]);
  return { loadBalancer, listeners, targets };
}

function notAsked(why: string): { readonly state: 'not-asked'; readonly why: string } {
  return { state: 'not-asked', why };
}

async function ask<T>(call: () => Promise<CloudAnswer<T>>, signal: AbortSignal): Promise<Asked<T>> {
  try {
    const { value, from } = await call();
    return { state: 'answered', value, from };
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof CloudError) {
      const { category, action, requestId } = error.details;
      return { state: 'failed', category, action, requestId, message: error.message };
    }
    throw error;
  }
}
