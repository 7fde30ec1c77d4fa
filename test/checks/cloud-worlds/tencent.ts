import {
  clb,
  cvm,
  eip,
  eni,
  listener,
  nativeNode,
  rule,
  smallWorld,
  type TencentWorld,
  target,
} from '../../fake-clouds/tencent-world.ts';
import type { CloudData } from '../fake-cloud.ts';

/** The same in the words of Tencent Cloud's APIs, for the fake one: only as much of each thing as a healthy one has. */
export function tencentWorldOf(data: CloudData): TencentWorld {
  const { cluster, vpc } = data;
  return {
    ...smallWorld(),
    loadBalancers: data.loadBalancers.map(({ id, addresses, securityGroupIds }) =>
      clb(id, {
        LoadBalancerVips: [...addresses.publicIps],
        VpcId: vpc.id,
        SecureGroups: [...(securityGroupIds ?? [])],
        AttributeFlags: [],
      }),
    ),
    listeners: Object.fromEntries(
      Object.entries(data.listeners).map(([id, all]) => [
        id,
        all.map((one) => listener(one.id, one.port, { Protocol: one.protocol.toUpperCase() })),
      ]),
    ),
    targets: Object.entries(data.targets).flatMap(([id, all]) =>
      all.map(({ listenerId, address, port, weight, instanceId }) =>
        target(id, listenerId, { instanceId, ip: address, port, weight }),
      ),
    ),
    natGateways: data.natGateways.map(({ id, name, publicIps }) => ({
      NatGatewayId: id,
      NatGatewayName: name,
      VpcId: vpc.id,
      State: 'AVAILABLE',
      NetworkState: 'AVAILABLE',
      RestrictState: 'NORMAL',
      PublicIpAddressSet: publicIps.map(({ address }) => ({
        AddressId: `eip-of-${id}`,
        PublicIpAddress: address,
        IsBlocked: false,
      })),
      NatProductVersion: 2,
      StrictSnatMode: false,
      SourceIpTranslationNatRuleSet: [],
    })),
    routeTables: data.routeTables.map(({ id, main, subnetIds, routes }) => ({
      VpcId: vpc.id,
      RouteTableId: id,
      Main: main,
      AssociationSet: subnetIds.map((subnet) => ({ SubnetId: subnet, RouteTableId: id })),
      RouteSet: routes.map(({ destination, via, target: gateway }) => ({
        DestinationCidrBlock: destination,
        GatewayType: via.toUpperCase(),
        GatewayId: gateway,
        Enabled: true,
      })),
    })),
    subnets: data.subnets.map(({ id, name, cidr, routeTableId }) => ({
      VpcId: vpc.id,
      SubnetId: id,
      SubnetName: name,
      CidrBlock: cidr,
      ...(routeTableId === undefined ? {} : { RouteTableId: routeTableId }),
    })),
    vpcs: [{ VpcId: vpc.id, VpcName: vpc.name, CidrBlock: vpc.cidrs[0]?.cidr ?? '', AssistantCidrSet: [] }],
    securityGroups: Object.fromEntries(
      data.securityGroups.map(({ id, rules }) => {
        const policies = (direction: 'ingress' | 'egress') =>
          rules
            .filter((one) => one.direction === direction)
            .flatMap(({ protocol, ports, peer }) =>
              (peer.kind === 'cidrs' ? peer.cidrs : [])
                .filter((cidr) => !cidr.includes(':'))
                .map((cidr) => ({
                  Protocol: protocol.toUpperCase(),
                  Port: typeof ports === 'string' ? 'ALL' : ports.map(({ from, to }) => `${from}-${to}`).join(','),
                  CidrBlock: cidr,
                })),
            )
            .map((policy, index) => rule(index, policy));
        return [id, { ingress: policies('ingress'), egress: policies('egress') }];
      }),
    ),
    addresses: data.publicIps.map(({ id, address, boundTo, privateAddress }) =>
      eip(address, { AddressId: id, InstanceId: boundTo?.id ?? '', PrivateAddressIp: privateAddress, Bandwidth: 10 }),
    ),
    networkInterfaces: data.instances.map(({ id, privateIps, subnetId, securityGroupIds }) =>
      eni(`eni-of-${id}`, id, privateIps[0] ?? '', {
        VpcId: vpc.id,
        SubnetId: subnetId,
        GroupSet: [...(securityGroupIds ?? [])],
      }),
    ),
    instances: data.instances
      .filter(({ id }) => id.startsWith('ins-'))
      .map(({ id, privateIps, publicIps, subnetId, securityGroupIds }) =>
        cvm(id, privateIps[0] ?? '', {
          PublicIpAddresses: [...publicIps],
          SecurityGroupIds: [...(securityGroupIds ?? [])],
          VirtualPrivateCloud: { VpcId: vpc.id, SubnetId: subnetId },
        }),
      ),
    clusters: [
      {
        ClusterId: cluster.id,
        ClusterName: cluster.name,
        ClusterVersion: cluster.version,
        Property: JSON.stringify({ NodeNameType: 'lan-ip', NetworkType: cluster.networkMode }),
        ClusterNetworkSettings: {
          VpcId: vpc.id,
          ClusterCIDR: '',
          ServiceCIDR: cluster.serviceCidrs[0] ?? '',
          // IPAMD is asked for those of VPC-CNI.
          Subnets: [],
          Cni: true,
          Ipvs: false,
          KubeProxyMode: cluster.kubeProxyMode,
          DataPlaneV2: false,
          CiliumMode: '',
        },
      },
    ],
    clusterNodes: {
      [cluster.id]: data.instances
        .filter(({ id }) => !id.startsWith('ins-'))
        .map(({ nodeName, id, privateIps, publicIps, subnetId, securityGroupIds }) => {
          const [ip = ''] = privateIps;
          return nativeNode(`np-${nodeName}`, ip, {
            Native: {
              MachineName: `np-${nodeName}`,
              MachineType: 'Native',
              InstanceId: id,
              LanIp: ip,
              WanIp: publicIps[0] ?? '',
              SecurityGroupIDs: [...(securityGroupIds ?? [])],
              VpcId: vpc.id,
              SubnetId: subnetId,
            },
          });
        }),
    },
    ipamd: {
      [cluster.id]: {
        EnableIPAMD: true,
        Phase: 'running',
        SubnetIds: [...cluster.podSubnetIds],
        DisableVpcCniMode: false,
      },
    },
  };
}
