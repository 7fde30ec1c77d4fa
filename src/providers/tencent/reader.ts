import { isIPv4 } from 'node:net';
import type * as z from 'zod';
import { type AskMany, type Batcher, createBatcher } from '../batcher.ts';
import type { ReaderOptions } from '../cloud.types.ts';
import { CloudError, type CloudErrorCategory } from '../errors.ts';
import type { CloudAnswer, CloudReader } from '../provider.types.ts';
import { MOST_IDS, PAGE, type TencentAction } from './actions.ts';
import { type Ask, allPages, createAsk } from './ask.ts';
import { toCluster } from './clusters.ts';
import { findInstances } from './find-instances.ts';
import { type HealthRefused, toListener, toTargets } from './listeners.ts';
import { toLoadBalancer } from './load-balancers.ts';
import {
  Listeners,
  type LoadBalancer,
  type LoadBalancerHealth,
  LoadBalancers,
  TargetHealths,
  Targets,
} from './models/clb.ts';
import { Clusters, type Instance, Instances, Ipamd } from './models/compute.ts';
import {
  type Address,
  Addresses,
  type NatGateway,
  NatGateways,
  Policies,
  RouteTables,
  Subnets,
  Vpcs,
} from './models/vpc.ts';
import { toNatGateway, toPublicIp, toRouteTable, toSubnet, toVpc } from './network.ts';
import { toSecurityGroup } from './security-groups.ts';
import type { TencentCredentials } from './send.ts';
import { sourcesOf } from './sources.ts';

/** The read operations on Tencent Cloud (CLB, VPC, CVM, TKE). */
export function createReader(options: ReaderOptions<TencentCredentials>): CloudReader {
  const { region, clock } = options;
  const ask = createAsk(options);
  const batch = <V>(askMany: AskMany<V>, most: number): Batcher<V> => createBatcher(askMany, most, clock);
  const loadBalancers = batch(askLoadBalancers(ask), MOST_IDS.loadBalancers);
  const healths = batch(askHealths(ask), MOST_IDS.targetHealth);
  const eipsOfInstances = batch(askAddresses(ask, 'instance-id'), MOST_IDS.addresses);
  const eips = batch(askAddresses(ask, 'address-ip'), MOST_IDS.addresses);
  const plainIps = batch(askAddresses(ask, 'address-ip', 'WanIP'), MOST_IDS.addresses);
  const cvm = batch(askInstances(ask), MOST_IDS.instances);

  const askListeners = (id: string, signal: AbortSignal) =>
    ask('clb:DescribeListeners', { LoadBalancerId: id }, Listeners, signal);

  async function healthOf(
    id: string,
    signal: AbortSignal,
  ): Promise<CloudAnswer<LoadBalancerHealth | HealthRefused | undefined>> {
    try {
      return await healths.get(id, signal);
    } catch (error) {
      // Classic load balancers have no health to tell.
      if (!isOf(error, ['denied', 'unsupported', 'invalid'])) throw error;
      return { value: { reason: error.message }, from: [] };
    }
  }

  return {
    cloud: 'tencent',
    region,

    async loadBalancer(id, signal) {
      const answer = await loadBalancers.get(id, signal);
      const clb = answer.value;
      if (clb === undefined) throw notFound('clb:DescribeLoadBalancers', `load balancer ${id}`, region, answer);
      const isInternal = clb.LoadBalancerType === 'INTERNAL';
      const [bound, listeners] = await Promise.all([
        isInternal ? orUntold(eipsOfInstances.get(id, signal), []) : { value: [], from: [], problem: '' },
        orUntold(askListeners(id, signal), undefined),
      ]);
      const publicIps = bound.value?.map(({ AddressIp }) => AddressIp);
      return {
        value: toLoadBalancer(clb, publicIps, listeners),
        from: sourcesOf([answer, bound, listeners]),
      };
    },

    async listeners(id, signal) {
      const { value, from } = await askListeners(id, signal);
      return { value: value.map(toListener), from };
    },

    async targets(id, signal) {
      const [targets, health] = await Promise.all([
        ask('clb:DescribeTargets', { LoadBalancerId: id }, Targets, signal),
        healthOf(id, signal),
      ]);
      return { value: toTargets(targets.value, health.value), from: sourcesOf([targets, health]) };
    },

    async natGateways(vpcId, signal) {
      const { value, from } = await allPages((offset) =>
        ask('vpc:DescribeNatGateways', { Filters: inVpc(vpcId), Offset: offset, Limit: PAGE }, NatGateways, signal),
      );
      const hidden = value.find((gateway) => hidesRules(gateway) && !gateway.saysRules);
      if (hidden !== undefined) throw rulesLeftOut(hidden, from.at(-1)?.requestId ?? '');
      return { value: value.map(toNatGateway), from };
    },

    async routeTables(vpcId, signal) {
      const { value, from } = await allPages((offset) =>
        ask('vpc:DescribeRouteTables', pageOf(vpcId, offset), RouteTables, signal),
      );
      return { value: value.map(toRouteTable), from };
    },

    async subnets(vpcId, signal) {
      const { value, from } = await allPages((offset) =>
        ask('vpc:DescribeSubnets', pageOf(vpcId, offset), Subnets, signal),
      );
      return { value: value.map(toSubnet), from };
    },

    async vpc(id, signal) {
      const answer = await ask('vpc:DescribeVpcs', { VpcIds: [id] }, Vpcs, signal);
      const vpc = answer.value.find(({ VpcId }) => VpcId === id);
      if (vpc === undefined) throw notFound('vpc:DescribeVpcs', `VPC ${id}`, region, answer);
      return { value: toVpc(vpc), from: answer.from };
    },

    async publicIps(addresses, signal) {
      const wanted = [...new Set(addresses)].filter(isIPv4);
      const first = await Promise.all(wanted.map((address) => eips.get(address, signal)));
      const missing = wanted.filter((_, index) => first[index]?.value === undefined);
      // Addresses that go with a server are listed only where they are asked for by their type.
      const second = await Promise.all(missing.map((address) => plainIps.get(address, signal)));
      const found = new Map([...first, ...second].flatMap(({ value = [] }) => value.map((ip) => [ip.AddressIp, ip])));
      return {
        value: wanted.flatMap((address) => found.get(address) ?? []).map(toPublicIp),
        from: sourcesOf([...first, ...second]),
      };
    },

    async securityGroup(id, signal) {
      const { value, from } = await askPolicies(ask, id, signal);
      return { value: toSecurityGroup(id, value), from };
    },

    instances: (nodes, signal) => findInstances(nodes, { ask, cvm, clusterId: options.clusterId ?? '' }, signal),

    async cluster(id, signal) {
      const [clusters, ipamd] = await Promise.all([
        ask('tke:DescribeClusters', { ClusterIds: [id] }, Clusters, signal),
        orUntold(ask('tke:DescribeIPAMD', { ClusterId: id }, Ipamd, signal), undefined),
      ]);
      const cluster = clusters.value.items.find(({ ClusterId }) => ClusterId === id);
      if (cluster === undefined) throw notFound('tke:DescribeClusters', `cluster ${id}`, region, clusters);
      return { value: toCluster(cluster, ipamd.value?.SubnetIds ?? []), from: sourcesOf([clusters, ipamd]) };
    },
  };
}

function askLoadBalancers(ask: Ask): AskMany<LoadBalancer> {
  return async (ids, signal) => {
    const parameters = { LoadBalancerIds: [...ids], Limit: PAGE };
    const { value, from } = await ask('clb:DescribeLoadBalancers', parameters, LoadBalancers, signal);
    return { value: new Map(value.map((clb) => [clb.LoadBalancerId, clb])), from };
  };
}

function askHealths(ask: Ask): AskMany<LoadBalancerHealth> {
  return async (ids, signal) => {
    const { value, from } = await ask('clb:DescribeTargetHealth', { LoadBalancerIds: [...ids] }, TargetHealths, signal);
    return { value: new Map(value.map((health) => [health.LoadBalancerId, health])), from };
  };
}

/** Public addresses by what a filter names: the address itself, or what it is bound to. */
function askAddresses(ask: Ask, filter: 'address-ip' | 'instance-id', type = ''): AskMany<readonly Address[]> {
  const typed = type === '' ? [] : [{ Name: 'address-type', Values: [type] }];
  return async (ids, signal) => {
    const { value, from } = await allPages((offset) =>
      ask(
        'vpc:DescribeAddresses',
        { Filters: [{ Name: filter, Values: [...ids] }, ...typed], Offset: offset, Limit: PAGE },
        Addresses,
        signal,
      ),
    );
    const keyOf = ({ AddressIp, InstanceId }: Address): string => (filter === 'address-ip' ? AddressIp : InstanceId);
    return { value: Map.groupBy(value, keyOf), from };
  };
}

function askInstances(ask: Ask): AskMany<Instance> {
  return async (ids, signal) => {
    const parameters = { InstanceIds: [...ids], Limit: PAGE };
    const { value, from } = await ask('cvm:DescribeInstances', parameters, Instances, signal);
    return { value: new Map(value.map((instance) => [instance.InstanceId, instance])), from };
  };
}

/** With templates resolved (an answer that may be a minute old); where that is refused or not served, as they stand. */
async function askPolicies(ask: Ask, id: string, signal: AbortSignal): Promise<CloudAnswer<z.infer<typeof Policies>>> {
  try {
    return await ask('vpc:DescribeSecurityGroupExpandedPolicies', { SecurityGroupId: id }, Policies, signal);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return ask('vpc:DescribeSecurityGroupPolicies', { SecurityGroupId: id }, Policies, signal);
  }
}

/** An answer, or why there is none. */
interface Untold<T> extends CloudAnswer<T | undefined> {
  /** Empty: there is one. */
  readonly problem: string;
}

/** An answer that the main one can do without: what may not be asked, is refused, or not there, stays untold. */
async function orUntold<T, E>(answer: Promise<CloudAnswer<T | undefined>>, absent: E): Promise<Untold<T | E>> {
  try {
    const { value, from } = await answer;
    return { value: value === undefined ? absent : value, from, problem: '' };
  } catch (error) {
    if (!isOf(error, ['denied', 'unsupported', 'invalid', 'not-found'])) throw error;
    return { value: undefined, from: [], problem: error.message };
  }
}

/** One missing permission costs one answer, not all of them (design rule 9). */
function isRefusal(error: unknown): error is CloudError {
  return isOf(error, ['denied', 'unsupported']);
}

function isOf(error: unknown, categories: readonly CloudErrorCategory[]): error is CloudError {
  return error instanceof CloudError && categories.includes(error.details.category);
}

function inVpc(vpcId: string): { Name: string; Values: string[] }[] {
  return [{ Name: 'vpc-id', Values: [vpcId] }];
}

/** Of the actions whose paging takes texts. */
function pageOf(vpcId: string, offset: number) {
  return { Filters: inVpc(vpcId), Offset: String(offset), Limit: String(PAGE) };
}

function hidesRules({ StrictSnatMode, SourceIpTranslationNatRuleSet }: NatGateway): boolean {
  return StrictSnatMode === true && (SourceIpTranslationNatRuleSet ?? undefined) === undefined;
}

function rulesLeftOut({ NatGatewayId }: NatGateway, requestId: string): CloudError {
  return new CloudError(
    `vpc:DescribeNatGateways: the answer leaves out the SNAT rules of ${NatGatewayId}, which lets nothing else through.`,
    { category: 'garbage', action: 'vpc:DescribeNatGateways', code: '', status: 200, requestId },
  );
}

function notFound(
  action: TencentAction,
  what: string,
  region: string,
  answer: Pick<CloudAnswer<unknown>, 'from'>,
): CloudError {
  return new CloudError(`${action}: there is no ${what} in ${region} of this account. Check the id and the region.`, {
    category: 'not-found',
    action,
    code: '',
    status: 200,
    requestId: answer.from.at(-1)?.requestId ?? '',
  });
}
