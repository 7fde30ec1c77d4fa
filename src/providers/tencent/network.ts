import { isIPv4, isIPv6 } from 'node:net';
import type {
  CloudNatGateway,
  CloudPublicIp,
  CloudRoute,
  CloudRouteTable,
  CloudSnatRule,
  CloudSubnet,
  CloudVpc,
} from '../provider.types.ts';
import type { Address, NatGateway, Route, RouteTable, Subnet, Vpc } from './models/vpc.ts';

export function toNatGateway(gateway: NatGateway): CloudNatGateway {
  const { State, NetworkState, RestrictState } = gateway;
  return {
    id: gateway.NatGatewayId,
    name: gateway.NatGatewayName,
    vpcId: gateway.VpcId,
    state: natStateOf(gateway),
    stateText: `State ${State || 'none'}, NetworkState ${NetworkState || 'none'}, RestrictState ${RestrictState || 'none'}`,
    publicIps: gateway.PublicIpAddressSet.map(({ PublicIpAddress, IsBlocked }) => ({
      address: PublicIpAddress,
      blocked: IsBlocked === true,
    })),
    sources: gateway.StrictSnatMode === true ? (gateway.SourceIpTranslationNatRuleSet ?? []).map(toSnatRule) : 'routed',
  };
}

function natStateOf({ State, NetworkState, RestrictState }: NatGateway): CloudNatGateway['state'] {
  if (RestrictState === 'RESTRICTED' || NetworkState === 'INSUFFICIENT') return 'frozen';
  switch (State) {
    case 'AVAILABLE':
      return NetworkState === 'UNAVAILABLE' ? 'stopped' : NetworkState === 'AVAILABLE' ? 'running' : 'unknown';
    case 'PENDING':
    case 'UPDATING':
      return 'pending';
    case 'DELETING':
    case 'DENIED':
      return 'stopped';
    case 'PENDFAILURE':
    case 'DELETEFAILURE':
      return 'failed';
    default:
      return 'unknown';
  }
}

/** A rule has no state of its own: it is there, or it isn't. */
function toSnatRule(rule: NonNullable<NatGateway['SourceIpTranslationNatRuleSet']>[number]): CloudSnatRule {
  const isSubnet = rule.ResourceType === 'SUBNET';
  return {
    id: rule.NatGatewaySnatId,
    state: 'active',
    stateText: `ResourceType ${rule.ResourceType || 'none'}`,
    subnetId: isSubnet ? rule.ResourceId : '',
    cidr: isSubnet ? '' : asCidr(rule.PrivateIpAddress),
    publicIps: rule.PublicIpAddresses,
  };
}

/** An address as a CIDR; a CIDR as it stands. */
export function asCidr(text: string): string {
  if (isIPv4(text)) return `${text}/32`;
  return isIPv6(text) ? `${text}/128` : text;
}

export function toRouteTable(table: RouteTable): CloudRouteTable {
  return {
    id: table.RouteTableId,
    vpcId: table.VpcId,
    main: table.Main === true,
    subnetIds: table.AssociationSet.map(({ SubnetId }) => SubnetId).filter((id) => id !== ''),
    routes: table.RouteSet.map(toRoute).filter(({ destination }) => destination !== ''),
  };
}

/** By `GatewayType`: https://cloud.tencent.com/document/api/215/15824#Route */
const NEXT_HOPS: Readonly<Record<string, CloudRoute['via']>> = {
  NAT: 'nat',
  CVM: 'instance',
  NORMAL_CVM: 'instance',
  HAVIP: 'interface',
  EIP: 'public-ip',
  PEERCONNECTION: 'peering',
  VPN: 'vpn',
  CCN: 'cloud-network',
  USER_CCN: 'cloud-network',
  LOCAL: 'local',
};

function toRoute(route: Route): CloudRoute {
  return {
    destination: route.DestinationCidrBlock !== '' ? route.DestinationCidrBlock : route.DestinationIpv6CidrBlock,
    via: NEXT_HOPS[route.GatewayType.toUpperCase()] ?? 'other',
    // `0` stands for the server's own public address.
    target: route.GatewayId === '0' ? '' : route.GatewayId,
    // What the system sends out itself has no switch.
    enabled: route.Enabled ?? true,
  };
}

export function toSubnet(subnet: Subnet): CloudSubnet {
  return {
    id: subnet.SubnetId,
    name: subnet.SubnetName,
    vpcId: subnet.VpcId,
    cidr: subnet.CidrBlock,
    routeTableId: subnet.RouteTableId === '' ? undefined : subnet.RouteTableId,
  };
}

export function toVpc(vpc: Vpc): CloudVpc {
  const main = [vpc.CidrBlock, vpc.Ipv6CidrBlock].map((cidr) => ({ cidr, kind: 'main' as const }));
  const more = vpc.AssistantCidrSet.map(({ CidrBlock, AssistantType }) => ({
    cidr: CidrBlock,
    kind: AssistantType === 1 ? ('container' as const) : ('secondary' as const),
  }));
  return { id: vpc.VpcId, name: vpc.VpcName, cidrs: [...main, ...more].filter(({ cidr }) => cidr !== '') };
}

export function toPublicIp(address: Address): CloudPublicIp {
  const { AddressStatus, IsArrears, IsBlocked } = address;
  return {
    id: address.AddressId,
    address: address.AddressIp,
    state: addressStateOf(address),
    stateText: `AddressStatus ${AddressStatus || 'none'}, IsArrears ${IsArrears ?? 'none'}, IsBlocked ${IsBlocked ?? 'none'}`,
    boundTo: boundTo(address),
    privateAddress: address.PrivateAddressIp,
    bandwidthMbps: address.Bandwidth,
    plain: address.AddressType === 'WanIP',
  };
}

function addressStateOf({ AddressStatus, IsArrears, IsBlocked }: Address): CloudPublicIp['state'] {
  if (IsBlocked === true) return 'blocked';
  if (IsArrears === true) return 'arrears';
  switch (AddressStatus) {
    case 'BIND':
    case 'BIND_ENI':
      return 'bound';
    case 'UNBIND':
      return 'unbound';
    case 'CREATING':
    case 'BINDING':
    case 'UNBINDING':
    case 'OFFLINING':
      return 'pending';
    default:
      return 'unknown';
  }
}

function boundTo({ InstanceId, NetworkInterfaceId }: Address): CloudPublicIp['boundTo'] {
  if (InstanceId === '') {
    return NetworkInterfaceId === '' ? undefined : { kind: 'interface', id: NetworkInterfaceId };
  }
  const [prefix = ''] = InstanceId.split('-');
  switch (prefix) {
    case 'ins':
    case 'eks':
      return { kind: 'instance', id: InstanceId };
    case 'lb':
      return { kind: 'load-balancer', id: InstanceId };
    case 'nat':
      return { kind: 'nat-gateway', id: InstanceId };
    case 'eni':
      return { kind: 'interface', id: InstanceId };
    default:
      return { kind: 'other', id: InstanceId };
  }
}
