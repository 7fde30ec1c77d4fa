import type { Listener } from 'tencentcloud-sdk-nodejs/tencentcloud/services/clb/v20180317/clb_models.js';
import type {
  Address,
  SecurityGroupPolicy,
} from 'tencentcloud-sdk-nodejs/tencentcloud/services/vpc/v20170312/vpc_models.js';
import type { TencentWorld, WorldTarget } from './tencent-world.ts';

/** An error of the API: it goes out with HTTP 200. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export type Parameters = Readonly<Record<string, unknown>>;

/** An action of the fake cloud. */
export interface FakeAction {
  readonly version: string;
  /** Parameters that it knows; anything else is refused. */
  readonly accepts: readonly string[];
  /** How `Offset` and `Limit` come; undefined: it has no pages. */
  readonly paging?: 'string' | 'number';
  /** Most entries of an id list, and the code of a longer one. */
  readonly ids?: { readonly name: string; readonly most: number; readonly code: string };
  /** Most values of one filter. */
  readonly filterValues?: number;
  /** The vendor's published limit. */
  readonly perSecond: number;
  answer(world: TencentWorld, parameters: Parameters): object;
}

const CLB = '2018-03-17';
const VPC = '2017-03-12';
const PAGED = ['Offset', 'Limit'];

export const FAKE_ACTIONS: Readonly<Record<string, FakeAction>> = {
  'clb:DescribeLoadBalancers': {
    version: CLB,
    accepts: ['LoadBalancerIds', 'Filters', ...PAGED],
    paging: 'number',
    ids: { name: 'LoadBalancerIds', most: 20, code: 'InvalidParameterValue.Length' },
    perSecond: 20,
    answer: (world, parameters) => {
      const ids = textsOf(parameters.LoadBalancerIds);
      return pageOf(
        'LoadBalancerSet',
        world.loadBalancers.filter(withId(ids, ({ LoadBalancerId }) => LoadBalancerId)),
        parameters,
      );
    },
  },
  'clb:DescribeListeners': {
    version: CLB,
    accepts: ['LoadBalancerId', 'ListenerIds', 'Protocol', 'Port'],
    perSecond: 20,
    answer: (world, parameters) => {
      const id = loadBalancerIn(world, parameters.LoadBalancerId);
      const Listeners = world.listeners[id] ?? [];
      return { Listeners, TotalCount: Listeners.length };
    },
  },
  'clb:DescribeTargets': {
    version: CLB,
    accepts: ['LoadBalancerId', 'ListenerIds', 'Protocol', 'Port', 'Filters'],
    ids: { name: 'ListenerIds', most: 20, code: 'InvalidParameterValue.Length' },
    perSecond: 20,
    answer: (world, parameters) => {
      const id = loadBalancerIn(world, parameters.LoadBalancerId);
      return { Listeners: (world.listeners[id] ?? []).map((listener) => targetsOf(world, id, listener)) };
    },
  },
  'clb:DescribeTargetHealth': {
    version: CLB,
    accepts: ['LoadBalancerIds', 'ListenerIds', 'LocationIds'],
    ids: { name: 'LoadBalancerIds', most: 30, code: 'InvalidParameterValue.Length' },
    perSecond: 20,
    answer: (world, parameters) => ({
      LoadBalancers: textsOf(parameters.LoadBalancerIds).map((wanted) => {
        const id = loadBalancerIn(world, wanted);
        return {
          LoadBalancerId: id,
          LoadBalancerName: id,
          Listeners: (world.listeners[id] ?? []).map((listener) => healthOf(world, id, listener)),
        };
      }),
    }),
  },
  'vpc:DescribeNatGateways': {
    version: VPC,
    accepts: ['NatGatewayIds', 'Filters', ...PAGED],
    paging: 'number',
    filterValues: 5,
    perSecond: 100,
    answer: (world, parameters) => ({
      ...pageOf('NatGatewaySet', world.natGateways.filter(inVpc(parameters)), parameters),
      VerboseLevel: 'DETAIL',
    }),
  },
  'vpc:DescribeRouteTables': {
    version: VPC,
    accepts: ['RouteTableIds', 'Filters', 'NeedRouterInfo', ...PAGED],
    paging: 'string',
    filterValues: 5,
    perSecond: 100,
    answer: (world, parameters) => pageOf('RouteTableSet', world.routeTables.filter(inVpc(parameters)), parameters),
  },
  'vpc:DescribeSubnets': {
    version: VPC,
    accepts: ['SubnetIds', 'Filters', ...PAGED],
    paging: 'string',
    filterValues: 5,
    perSecond: 100,
    answer: (world, parameters) => pageOf('SubnetSet', world.subnets.filter(inVpc(parameters)), parameters),
  },
  'vpc:DescribeVpcs': {
    version: VPC,
    accepts: ['VpcIds', 'Filters', ...PAGED],
    paging: 'string',
    ids: { name: 'VpcIds', most: 100, code: 'InvalidParameterValue.LimitExceeded' },
    perSecond: 100,
    answer: (world, parameters) => {
      const ids = textsOf(parameters.VpcIds);
      const unknown = ids.find((id) => world.vpcs.every(({ VpcId }) => VpcId !== id));
      if (unknown !== undefined) throw new ApiError('ResourceNotFound', `The VPC \`${unknown}\` does not exist.`);
      return pageOf('VpcSet', world.vpcs.filter(withId(ids, ({ VpcId }) => VpcId)), parameters);
    },
  },
  'vpc:DescribeSecurityGroupExpandedPolicies': {
    version: VPC,
    accepts: ['SecurityGroupId', 'Filters'],
    perSecond: 20,
    answer: (world, parameters) => {
      const { ingress, egress } = groupIn(world, parameters.SecurityGroupId);
      const expand = (policies: readonly SecurityGroupPolicy[]) =>
        policies.flatMap((policy) => expanded(world, policy));
      return { SecurityGroupPolicySet: { Version: '3', Ingress: expand(ingress), Egress: expand(egress) } };
    },
  },
  'vpc:DescribeSecurityGroupPolicies': {
    version: VPC,
    accepts: ['SecurityGroupId', 'Filters'],
    perSecond: 100,
    answer: (world, parameters) => {
      const { ingress, egress } = groupIn(world, parameters.SecurityGroupId);
      return { SecurityGroupPolicySet: { Version: '3', Ingress: ingress, Egress: egress } };
    },
  },
  'vpc:DescribeAddresses': {
    version: VPC,
    accepts: ['AddressIds', 'Filters', ...PAGED],
    paging: 'number',
    filterValues: 100,
    perSecond: 20,
    answer: (world, parameters) => {
      const filters = filtersOf(parameters);
      const types = filters.get('address-type');
      const isWanted = (address: Address): boolean =>
        (types === undefined ? address.AddressType !== 'WanIP' : types.includes(address.AddressType ?? '')) &&
        (filters.get('address-ip')?.includes(address.AddressIp ?? '') ?? true) &&
        (filters.get('instance-id')?.includes(address.InstanceId ?? '') ?? true);
      return pageOf('AddressSet', world.addresses.filter(isWanted), parameters);
    },
  },
  'vpc:DescribeNetworkInterfaces': {
    version: VPC,
    accepts: ['NetworkInterfaceIds', 'Filters', ...PAGED],
    paging: 'number',
    filterValues: 5,
    perSecond: 100,
    answer: (world, parameters) => {
      const filters = filtersOf(parameters);
      const ips = filters.get('address-ip') ?? [];
      const exact = ips.length > 1 || filters.get('ip-exact-match')?.[0] === 'true';
      const found = world.networkInterfaces.filter(({ PrivateIpAddressSet = [] }) =>
        PrivateIpAddressSet.some(({ PrivateIpAddress = '' }) =>
          ips.some((ip) => (exact ? PrivateIpAddress === ip : PrivateIpAddress.endsWith(ip))),
        ),
      );
      return pageOf('NetworkInterfaceSet', found, parameters);
    },
  },
  'cvm:DescribeInstances': {
    version: '2017-03-12',
    accepts: ['InstanceIds', 'Filters', ...PAGED],
    paging: 'number',
    ids: { name: 'InstanceIds', most: 100, code: 'InvalidParameterValue.LimitExceeded' },
    filterValues: 5,
    perSecond: 40,
    answer: (world, parameters) => {
      const ids = textsOf(parameters.InstanceIds);
      const malformed = ids.find((id) => !/^ins-[a-z0-9]+$/.test(id));
      if (malformed !== undefined) {
        throw new ApiError('InvalidInstanceId.Malformed', `The specified InstanceId \`${malformed}\` is invalid.`);
      }
      return pageOf('InstanceSet', world.instances.filter(withId(ids, ({ InstanceId }) => InstanceId)), parameters);
    },
  },
  'tke:DescribeClusters': {
    version: '2018-05-25',
    accepts: ['ClusterIds', 'Filters', 'ClusterType', ...PAGED],
    paging: 'number',
    perSecond: 20,
    answer: (world, parameters) => {
      const ids = textsOf(parameters.ClusterIds);
      return pageOf('Clusters', world.clusters.filter(withId(ids, ({ ClusterId }) => ClusterId)), parameters);
    },
  },
  'tke:DescribeIPAMD': {
    version: '2018-05-25',
    accepts: ['ClusterId'],
    perSecond: 20,
    answer: (world, parameters) => world.ipamd[String(parameters.ClusterId)] ?? { EnableIPAMD: false },
  },
  'tke:DescribeClusterInstances': {
    version: '2022-05-01',
    accepts: ['ClusterId', 'Filters', 'SortBy', 'NeedTags', ...PAGED],
    paging: 'number',
    perSecond: 20,
    answer: (world, parameters) => {
      const nodes = world.clusterNodes[String(parameters.ClusterId)];
      if (nodes === undefined) throw new ApiError('ResourceNotFound', 'cluster not found');
      const types = filtersOf(parameters).get('InstanceType');
      const found = nodes.filter(({ NodeType = '' }) => types === undefined || types.includes(NodeType));
      return { ...pageOf('InstanceSet', found, parameters), Errors: [] };
    },
  },
};

function pageOf<T>(name: string, all: readonly T[], { Offset = 0, Limit = 20 }: Parameters): object {
  const offset = Number(Offset);
  return { TotalCount: all.length, [name]: all.slice(offset, offset + Number(Limit)) };
}

/** No ids: all of them. */
function withId<T>(ids: readonly string[], idOf: (object: T) => string | undefined): (object: T) => boolean {
  return (object) => ids.length === 0 || ids.includes(idOf(object) ?? '');
}

function inVpc(parameters: Parameters): (object: { readonly VpcId?: string }) => boolean {
  const vpcIds = filtersOf(parameters).get('vpc-id');
  return ({ VpcId = '' }) => vpcIds === undefined || vpcIds.includes(VpcId);
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Filters by name. */
export function filtersOf({ Filters }: Parameters): ReadonlyMap<string, readonly string[]> {
  const filters: readonly unknown[] = Array.isArray(Filters) ? Filters : [];
  return new Map(
    filters.flatMap((filter) =>
      typeof filter === 'object' && filter !== null && 'Name' in filter && 'Values' in filter
        ? [[String(filter.Name), textsOf(filter.Values)]]
        : [],
    ),
  );
}

function loadBalancerIn(world: TencentWorld, id: unknown): string {
  if (world.loadBalancers.some(({ LoadBalancerId }) => LoadBalancerId === id)) return String(id);
  throw new ApiError('InvalidParameter.LBIdNotFound', `LoadBalancer ${String(id)} not found`);
}

function groupIn(world: TencentWorld, id: unknown): TencentWorld['securityGroups'][string] {
  const group = world.securityGroups[String(id)];
  if (group === undefined)
    throw new ApiError('ResourceNotFound', `The SecurityGroup \`${String(id)}\` does not exist.`);
  return group;
}

function locationsOf(listener: Listener): readonly string[] {
  return (listener.Rules ?? []).map(({ LocationId }) => LocationId ?? '');
}

function targetsOf(world: TencentWorld, loadBalancerId: string, listener: Listener): object {
  const { ListenerId = '', Protocol, Port, EndPort } = listener;
  const at = (location: string) =>
    targetsAt(world, loadBalancerId, ListenerId, location).map(({ instanceId, ip, port, weight }) => ({
      Type: 'CVM',
      InstanceId: instanceId,
      Port: port,
      Weight: weight,
      PrivateIpAddresses: [ip],
      PublicIpAddresses: null,
      EniId: null,
    }));
  const rules = locationsOf(listener).map((LocationId) => ({ LocationId, Targets: at(LocationId) }));
  const isLayer7 = /^HTTPS?$/.test(Protocol ?? '');
  return {
    ListenerId,
    Protocol,
    Port,
    EndPort,
    ...(isLayer7 ? { Rules: rules, Targets: null } : { Targets: at(''), Rules: null }),
  };
}

function healthOf(world: TencentWorld, loadBalancerId: string, listener: Listener): object {
  const { ListenerId = '', ListenerName, Protocol, Port } = listener;
  const locations = /^HTTPS?$/.test(Protocol ?? '') ? locationsOf(listener) : [''];
  return {
    ListenerId,
    ListenerName,
    Protocol,
    Port,
    Rules: locations.map((LocationId) => ({
      LocationId,
      Targets: targetsAt(world, loadBalancerId, ListenerId, LocationId).map(
        ({ instanceId, ip, port, weight, health }) => ({
          IP: ip,
          Port: port,
          TargetId: instanceId,
          HealthStatus: health === 'Alive',
          HealthStatusDetail: health,
          HealthStatusDetial: health,
          Weight: weight,
        }),
      ),
    })),
  };
}

function targetsAt(world: TencentWorld, lb: string, listenerId: string, location: string): readonly WorldTarget[] {
  return world.targets.filter(
    (target) => target.loadBalancerId === lb && target.listenerId === listenerId && target.locationId === location,
  );
}

/** One policy for each address and service that its templates stand for, all with the same index. */
function expanded(world: TencentWorld, policy: SecurityGroupPolicy): readonly SecurityGroupPolicy[] {
  const { AddressId = '', AddressGroupId = '' } = policy.AddressTemplate ?? {};
  const { ServiceId = '', ServiceGroupId = '' } = policy.ServiceTemplate ?? {};
  const cidrs = world.addressTemplates[AddressId || AddressGroupId];
  const services = world.serviceTemplates[ServiceId || ServiceGroupId];
  const byAddress = (cidrs ?? [undefined]).map((CidrBlock) =>
    CidrBlock === undefined ? policy : { ...policy, CidrBlock },
  );
  return byAddress.flatMap((one) =>
    (services ?? [undefined]).map((service) => {
      const [Protocol = '', Port = ''] = service?.toUpperCase().split(':') ?? [];
      return service === undefined ? one : { ...one, Protocol, Port };
    }),
  );
}
