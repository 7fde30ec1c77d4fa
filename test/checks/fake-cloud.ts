import { CloudError, type CloudErrorCategory } from '../../src/providers/errors.ts';
import type {
  CloudAnswer,
  CloudCluster,
  CloudInstance,
  CloudListener,
  CloudLoadBalancer,
  CloudName,
  CloudNatGateway,
  CloudPublicIp,
  CloudReader,
  CloudRouteTable,
  CloudSecurityGroup,
  CloudSubnet,
  CloudTarget,
  CloudVpc,
} from '../../src/providers/provider.types.ts';

/** What a cloud answers, as data. */
export interface CloudData {
  readonly cloud: CloudName;
  readonly region: string;
  readonly cluster: CloudCluster;
  readonly instances: readonly CloudInstance[];
  readonly loadBalancers: readonly CloudLoadBalancer[];
  /** By the load balancer's id. */
  readonly listeners: Readonly<Record<string, readonly CloudListener[]>>;
  readonly targets: Readonly<Record<string, readonly CloudTarget[]>>;
  readonly natGateways: readonly CloudNatGateway[];
  readonly routeTables: readonly CloudRouteTable[];
  readonly subnets: readonly CloudSubnet[];
  readonly vpc: CloudVpc;
  readonly publicIps: readonly CloudPublicIp[];
  readonly securityGroups: readonly CloudSecurityGroup[];
}

/** The operations of a reader. */
export type CloudOperation = Exclude<keyof CloudReader, 'cloud' | 'region'>;

export interface FakeCloudOptions {
  readonly latencyMs?: number;
  /** Operations that fail, and how. */
  readonly failing?: Partial<Readonly<Record<CloudOperation, CloudErrorCategory>>>;
}

/** A CloudReader over data, with every call noted. */
export interface FakeCloud extends CloudReader {
  readonly calls: readonly CloudOperation[];
}

export function fakeCloud(data: CloudData, { latencyMs = 0, failing = {} }: FakeCloudOptions = {}): FakeCloud {
  const calls: CloudOperation[] = [];

  async function answer<T>(operation: CloudOperation, find: () => T | undefined): Promise<CloudAnswer<T>> {
    calls.push(operation);
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
    const category = failing[operation];
    if (category !== undefined) throw failure(operation, category);
    const value = find();
    if (value === undefined) throw failure(operation, 'not-found');
    return { value, from: [{ action: `fake:${operation}`, requestId: `req-${calls.length}` }] };
  }

  return {
    calls,
    cloud: data.cloud,
    region: data.region,
    loadBalancer: (id) => answer('loadBalancer', () => data.loadBalancers.find((one) => one.id === id)),
    listeners: (id) => answer('listeners', () => data.listeners[id]),
    targets: (id) => answer('targets', () => data.targets[id]),
    natGateways: (vpcId) => answer('natGateways', () => data.natGateways.filter((one) => one.vpcId === vpcId)),
    routeTables: (vpcId) => answer('routeTables', () => data.routeTables.filter((one) => one.vpcId === vpcId)),
    subnets: (vpcId) => answer('subnets', () => data.subnets.filter((one) => one.vpcId === vpcId)),
    vpc: (id) => answer('vpc', () => (data.vpc.id === id ? data.vpc : undefined)),
    publicIps: (addresses) =>
      answer('publicIps', () => data.publicIps.filter(({ address }) => addresses.includes(address))),
    securityGroup: (id) => answer('securityGroup', () => data.securityGroups.find((one) => one.id === id)),
    instances: (nodes) =>
      answer('instances', () => data.instances.filter(({ nodeName }) => nodes.some(({ name }) => name === nodeName))),
    cluster: (id) => answer('cluster', () => (data.cluster.id === id ? data.cluster : undefined)),
  };
}

function failure(operation: CloudOperation, category: CloudErrorCategory): CloudError {
  return new CloudError(`fake:${operation}: ${category}. Try something else.`, {
    category,
    action: `fake:${operation}`,
    code: category,
    status: category === 'denied' ? 403 : 404,
    requestId: 'req-failed',
  });
}
