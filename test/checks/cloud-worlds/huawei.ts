import type { CloudSecurityRule } from '../../../src/providers/provider.types.ts';
import { smallWorld } from '../../fake-clouds/huawei-small-world.ts';
import type { HuaweiWorld, SecurityGroupRule } from '../../fake-clouds/huawei-world.ts';
import type { CloudData } from '../fake-cloud.ts';

/** The same in the words of Huawei Cloud's APIs, for the fake one: only as much of each thing as a healthy one has. */
export function huaweiWorldOf(data: CloudData): HuaweiWorld {
  const { cluster, vpc, loadBalancers, natGateways, routeTables, subnets } = data;
  const listeners = loadBalancers.flatMap(({ id, admission }) =>
    (data.listeners[id] ?? []).map((one) => ({
      id: one.id,
      name: one.name,
      loadbalancers: [{ id }],
      protocol: one.protocol.toUpperCase(),
      protocol_port: one.port,
      admin_state_up: one.enabled,
      default_pool_id: `pool-${one.id}`,
      transparent_client_ip_enable: admission.clientTraffic === 'bypasses',
    })),
  );
  return {
    ...smallWorld({ nodes: 0, loadBalancers: 0, securityGroups: 1 }),
    loadBalancers: loadBalancers.map(({ id, name, kind, addresses }) => {
      const eips = addresses.publicIps.map((eip_address) => ({
        eip_id: `id-${eip_address}`,
        eip_address,
        ip_version: 4,
      }));
      return {
        id,
        name,
        vpc_id: vpc.id,
        provisioning_status: 'ACTIVE',
        operating_status: 'ONLINE',
        admin_state_up: true,
        guaranteed: kind === 'dedicated',
        vip_address: addresses.privateIps[0] ?? null,
        ipv6_vip_address: null,
        eips,
        publicips: [],
        ip_target_enable: false,
        elb_virsubnet_ids: kind === 'dedicated' ? subnets.map((one) => one.id) : [],
        frozen_scene: null,
      };
    }),
    localPorts: Object.fromEntries(
      loadBalancers
        .filter(({ kind }) => kind === 'dedicated')
        .map(({ id, admission }) => [
          id,
          (admission.probeSources ?? []).map((cidr, n) => ({
            port_id: `port-${n}`,
            ip_address: cidr.replace(/\/32$/, ''),
            type: 'l4_hc',
            virsubnet_id: subnets[0]?.id ?? '',
          })),
        ]),
    ),
    listeners,
    pools: listeners.map(({ id, name, loadbalancers }) => ({ id: `pool-${id}`, name, loadbalancers })),
    members: Object.values(data.targets)
      .flat()
      .map(({ listenerId, address, port, weight, instanceId }, n) => ({
        id: `member-${n}`,
        pool_id: `pool-${listenerId}`,
        address,
        protocol_port: port,
        weight,
        operating_status: 'ONLINE',
        instance_id: instanceId,
        status: [{ listener_id: listenerId, operating_status: 'ONLINE' }],
      })),
    natGateways: natGateways.map(({ id, name }) => ({
      id,
      name,
      status: 'ACTIVE',
      admin_state_up: true,
      router_id: vpc.id,
      internal_network_id: subnets[0]?.id ?? '',
    })),
    snatRules: natGateways.flatMap(({ id, sources }) =>
      (sources === 'routed' ? [] : sources).map((rule) => ({
        id: rule.id,
        nat_gateway_id: id,
        status: 'ACTIVE',
        admin_state_up: true,
        network_id: rule.subnetId || null,
        cidr: rule.cidr || null,
        source_type: 0,
        floating_ip_address: rule.publicIps.join(','),
        freezed_ip_address: '',
      })),
    ),
    vpcs: [{ id: vpc.id, name: vpc.name, cidr: vpc.cidrs[0]?.cidr ?? '', extend_cidrs: [] }],
    subnets: subnets.map(({ id, name, cidr }) => ({
      id,
      name,
      cidr,
      vpc_id: vpc.id,
      neutron_network_id: id,
      neutron_subnet_id: `neutron-${id}`,
    })),
    routeTables: routeTables.map(({ id, main, subnetIds, routes }) => ({
      id,
      name: id,
      default: main,
      vpc_id: vpc.id,
      subnets: subnetIds.map((subnet) => ({ id: subnet })),
      routes: routes.map(({ destination, via, target }) => ({ type: via, destination, nexthop: target })),
    })),
    securityGroups: data.securityGroups.map(({ id, rules }) => ({
      id,
      name: id,
      security_group_rules: rules.map((rule) => ruleOf(rule, id)),
    })),
    // Rules speak of them by name only: each holds the addresses of some office.
    addressGroups: data.securityGroups
      .flatMap(({ rules }) => rules.flatMap(({ peer }) => (peer.kind === 'unknown' ? [peer.name] : [])))
      .map((id) => ({ id, name: id, ip_version: 4, ip_set: ['203.0.113.0/24'] })),
    publicIps: data.publicIps.map(({ id, address, boundTo, privateAddress }) => ({
      id,
      public_ip_address: address,
      status: boundTo?.kind === 'load-balancer' ? 'ELB' : 'ACTIVE',
      associate_instance_type: boundTo?.kind === 'load-balancer' ? 'ELB' : 'PORT',
      associate_instance_id: boundTo?.id ?? null,
      vnic: {
        private_ip_address: privateAddress,
        device_id: boundTo?.id ?? '',
        port_id: `port-${id}`,
        vpc_id: vpc.id,
      },
      bandwidth: { id: `bandwidth-${id}`, size: 10, share_type: 'PER', charge_mode: 'traffic' },
    })),
    bandwidths: data.publicIps.map(({ id }) => ({ id: `bandwidth-${id}`, name: id, size: 10, status: 'NORMAL' })),
    ports: data.instances.map(({ id, subnetId, privateIps, securityGroupIds }) => ({
      id: `port-of-${id}`,
      network_id: subnetId,
      device_id: id,
      device_owner: 'compute:cn-north-4a',
      security_groups: [...(securityGroupIds ?? [])],
      fixed_ips: privateIps.map((ip) => ({ subnet_id: `neutron-${subnetId}`, ip_address: ip })),
    })),
    servers: data.instances.map(({ nodeName, id, privateIps, publicIps, securityGroupIds }) => {
      const port = { version: '4', 'OS-EXT-IPS:port_id': `port-of-${id}` };
      return {
        id,
        name: nodeName,
        status: 'ACTIVE',
        metadata: { vpc_id: vpc.id },
        addresses: {
          [vpc.id]: [
            ...privateIps.map((addr) => ({ addr, ...port, 'OS-EXT-IPS:type': 'fixed' })),
            ...publicIps.map((addr) => ({ addr, ...port, 'OS-EXT-IPS:type': 'floating' })),
          ],
        },
        security_groups: (securityGroupIds ?? []).map((group) => ({ name: group, id: group })),
      };
    }),
    clusters: [
      {
        kind: 'Cluster',
        apiVersion: 'v3',
        metadata: { uid: cluster.id, name: cluster.name },
        spec: {
          category: 'CCE',
          version: cluster.version,
          hostNetwork: {
            vpc: vpc.id,
            subnet: subnets[0]?.id ?? '',
            SecurityGroup: cluster.nodeSecurityGroupIds[0] ?? '',
          },
          containerNetwork: { mode: cluster.networkMode, cidrs: cluster.podCidrs.map((cidr) => ({ cidr })) },
          serviceNetwork: { IPv4CIDR: cluster.serviceCidrs[0] ?? '' },
          kubeProxyMode: cluster.kubeProxyMode,
        },
        status: { phase: 'Available' },
      },
    ],
    clusterNodes: {
      [cluster.id]: data.instances.map(({ nodeName, id, privateIps }) => ({
        metadata: { uid: `node-of-${id}`, name: nodeName },
        status: { serverId: id, privateIP: privateIps[0] ?? '' },
      })),
    },
  };
}

function ruleOf(rule: CloudSecurityRule, group: string): SecurityGroupRule {
  const { peer, ports } = rule;
  return {
    id: rule.id,
    security_group_id: group,
    direction: rule.direction,
    action: rule.allow ? 'allow' : 'deny',
    priority: rule.priority,
    protocol: rule.protocol === 'all' ? null : rule.protocol,
    ethertype: rule.family === 'ipv6' ? 'IPv6' : 'IPv4',
    multiport: typeof ports === 'string' ? null : ports.map(({ from, to }) => `${from}-${to}`).join(','),
    remote_ip_prefix: peer.kind === 'cidrs' ? (peer.cidrs[0] ?? null) : null,
    remote_group_id: peer.kind === 'group' ? peer.groupId : null,
    remote_address_group_id: peer.kind === 'unknown' ? peer.name : null,
    enabled: true,
  };
}
