import * as z from 'zod';
import { flag, id, list, number, text, texts, textsIfTold } from './fields.ts';

/** Answers of the VPC API 2017-03-12: https://cloud.tencent.com/document/api/215/15824 */

const NatGateway = z.object({
  NatGatewayId: id,
  NatGatewayName: text,
  VpcId: text,
  State: text,
  NetworkState: text,
  RestrictState: text,
  PublicIpAddressSet: list(z.object({ PublicIpAddress: z.string().min(1), IsBlocked: flag })),
  /** True: only what a SNAT rule names is let through. */
  StrictSnatMode: flag,
  SourceIpTranslationNatRuleSet: z
    .array(
      z.object({
        NatGatewaySnatId: text,
        ResourceId: text,
        /** SUBNET, NETWORKINTERFACE, USERDEFINED */
        ResourceType: text,
        PrivateIpAddress: text,
        PublicIpAddresses: texts,
      }),
    )
    .nullish(),
});
export type NatGateway = z.infer<typeof NatGateway>;

/** DescribeNatGateways */
export const NatGateways = z
  .object({ TotalCount: number, VerboseLevel: text, NatGatewaySet: z.array(NatGateway) })
  .transform(({ TotalCount, VerboseLevel, NatGatewaySet }) => ({
    total: TotalCount,
    // COMPACT and SIMPLE leave the rules out: then an absent list is not an empty one.
    items: NatGatewaySet.map((gateway) => ({ ...gateway, saysRules: /^(DETAIL)?$/.test(VerboseLevel) })),
  }));

const Route = z.object({
  DestinationCidrBlock: text,
  DestinationIpv6CidrBlock: text,
  GatewayType: text,
  GatewayId: text,
  Enabled: flag,
});
export type Route = z.infer<typeof Route>;

const RouteTable = z.object({
  RouteTableId: id,
  VpcId: text,
  Main: flag,
  AssociationSet: list(z.object({ SubnetId: text })),
  RouteSet: list(Route),
});
export type RouteTable = z.infer<typeof RouteTable>;

/** DescribeRouteTables */
export const RouteTables = z
  .object({ TotalCount: number, RouteTableSet: z.array(RouteTable) })
  .transform(({ TotalCount, RouteTableSet }) => ({ total: TotalCount, items: RouteTableSet }));

const Subnet = z.object({ SubnetId: id, SubnetName: text, VpcId: text, CidrBlock: text, RouteTableId: text });
export type Subnet = z.infer<typeof Subnet>;

/** DescribeSubnets */
export const Subnets = z
  .object({ TotalCount: number, SubnetSet: z.array(Subnet) })
  .transform(({ TotalCount, SubnetSet }) => ({ total: TotalCount, items: SubnetSet }));

const Vpc = z.object({
  VpcId: id,
  VpcName: text,
  CidrBlock: text,
  Ipv6CidrBlock: text,
  /** AssistantType 0: ordinary, 1: of containers. */
  AssistantCidrSet: list(z.object({ CidrBlock: text, AssistantType: number })),
});
export type Vpc = z.infer<typeof Vpc>;

/** DescribeVpcs */
export const Vpcs = z.object({ VpcSet: z.array(Vpc) }).transform(({ VpcSet }) => VpcSet);

const Policy = z.object({
  PolicyIndex: number,
  Protocol: text,
  Port: text,
  CidrBlock: text,
  Ipv6CidrBlock: text,
  SecurityGroupId: text,
  Action: z.string().min(1),
  AddressTemplate: z.object({ AddressId: text, AddressGroupId: text }).nullish(),
  ServiceTemplate: z.object({ ServiceId: text, ServiceGroupId: text }).nullish(),
});
export type Policy = z.infer<typeof Policy>;

/** DescribeSecurityGroupExpandedPolicies and DescribeSecurityGroupPolicies */
export const Policies = z
  .object({ SecurityGroupPolicySet: z.object({ Ingress: list(Policy), Egress: list(Policy) }) })
  .transform(({ SecurityGroupPolicySet }) => SecurityGroupPolicySet);

const Address = z.object({
  AddressId: text,
  AddressIp: z.string().min(1),
  AddressStatus: text,
  /** EIP, WanIP, AnycastEIP, … */
  AddressType: text,
  InstanceId: text,
  NetworkInterfaceId: text,
  PrivateAddressIp: text,
  IsArrears: flag,
  IsBlocked: flag,
  Bandwidth: number,
});
export type Address = z.infer<typeof Address>;

/** DescribeAddresses */
export const Addresses = z
  .object({ TotalCount: number, AddressSet: z.array(Address) })
  .transform(({ TotalCount, AddressSet }) => ({ total: TotalCount, items: AddressSet }));

const NetworkInterface = z.object({
  NetworkInterfaceId: id,
  Primary: flag,
  VpcId: text,
  SubnetId: text,
  GroupSet: textsIfTold,
  PrivateIpAddressSet: list(z.object({ PrivateIpAddress: text, PublicIpAddress: text })),
  Attachment: z.object({ InstanceId: text }).nullish(),
});
export type NetworkInterface = z.infer<typeof NetworkInterface>;

/** DescribeNetworkInterfaces */
export const NetworkInterfaces = z
  .object({ TotalCount: number, NetworkInterfaceSet: z.array(NetworkInterface) })
  .transform(({ TotalCount, NetworkInterfaceSet }) => ({ total: TotalCount, items: NetworkInterfaceSet }));
