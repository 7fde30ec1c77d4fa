import { createBatcher } from '../batcher.ts';
import type { ReaderOptions } from '../cloud.types.ts';
import type { CloudAnswer, CloudReader } from '../provider.types.ts';
import { createClient } from './client.ts';
import { readCluster } from './cluster.ts';
import { readPublicIps } from './eip.ts';
import { createElb } from './elb.ts';
import { readInstances } from './instances.ts';
import { readListeners } from './listeners.ts';
import { readLoadBalancer } from './load-balancers.ts';
import { readNatGateways } from './nat.ts';
import { askRules, GROUPS_A_QUERY, readSecurityGroup } from './security-groups.ts';
import { readTargets } from './targets.ts';
import type { HuaweiKeys } from './transport.ts';
import { type HuaweiSubnet, readRouteTables, readSubnets, readVpc } from './vpc.ts';

/** The reads of one project of Huawei Cloud in one region. */
export function createReader(options: ReaderOptions<HuaweiKeys>): CloudReader {
  const client = createClient(options);
  const elb = createElb(client);
  const rules = createBatcher(askRules(client), GROUPS_A_QUERY, options.clock);
  const subnets = (vpcId: string, signal: AbortSignal): Promise<CloudAnswer<readonly HuaweiSubnet[]>> =>
    readSubnets(client, vpcId, signal);
  return {
    cloud: 'huawei',
    region: options.region,
    loadBalancer: (id, signal) => readLoadBalancer(elb, subnets, id, signal),
    listeners: (loadBalancerId, signal) => readListeners(elb, loadBalancerId, signal),
    targets: (loadBalancerId, signal) => readTargets(elb, loadBalancerId, signal),
    natGateways: (vpcId, signal) => readNatGateways(client, vpcId, signal),
    routeTables: (vpcId, signal) => readRouteTables(client, vpcId, signal),
    subnets,
    vpc: (id, signal) => readVpc(client, id, signal),
    publicIps: (addresses, signal) => readPublicIps(client, addresses, signal),
    securityGroup: (id, signal) => readSecurityGroup(client, rules, id, signal),
    instances: (nodes, signal) =>
      readInstances(client, { subnetsOf: subnets, clusterId: options.clusterId ?? '' }, nodes, signal),
    cluster: (id, signal) => readCluster(client, subnets, id, signal),
  };
}
