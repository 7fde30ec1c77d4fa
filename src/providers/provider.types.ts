/**
 * What the checks need to know of a cloud, in our own words, the same for every cloud. All of it is read only (design
 * rule 9). A field that the cloud did not say, or that this account may not see, is `undefined`: never a guess.
 */
export type CloudName = 'huawei' | 'tencent';

/** How a thing of the cloud stands. `unknown`: a state that we have no word for; `stateText` has the cloud's own. */
export interface CloudState<S extends string> {
  readonly state: S | 'unknown';
  /** The cloud's own words, for evidence: `provisioning_status ACTIVE, operating_status ONLINE`. */
  readonly stateText: string;
}

/** Where an answer came from, for evidence. */
export interface ReadFrom {
  /** The action, as policies name it: `clb:DescribeListeners`, `elb:listeners:list`. */
  readonly action: string;
  /** The cloud's id of the (last) request; empty when it gave none. */
  readonly requestId: string;
}

/** An answer of the cloud. */
export interface CloudAnswer<T> {
  readonly value: T;
  /** One entry a request, in the order in which they were sent; answers from the cache keep theirs. */
  readonly from: readonly ReadFrom[];
}

/** ELB (Huawei Cloud) or CLB (Tencent Cloud). */
export interface CloudLoadBalancer
  extends CloudState<'active' | 'pending' | 'frozen' | 'deleting' | 'failed' | 'offline'> {
  readonly id: string;
  readonly name: string;
  readonly vpcId: string | undefined;
  /** `shared` and `dedicated` are ELB's kinds; CLB knows none. */
  readonly kind: 'shared' | 'dedicated' | undefined;
  /** Where clients reach it, public addresses first, then private ones (facts: the order of CCE's own status). */
  readonly addresses: LoadBalancerAddresses;
  /** Public by its kind (CLB `OPEN`), or by a bound EIP. */
  readonly isPublic: boolean | undefined;
  /** Its public addresses are its own: no EIPs that could be asked for. Absent: they are EIPs. */
  readonly ownsAddresses?: boolean;
  /** Who is checked by the nodes' security groups, and from where probes come. */
  readonly admission: LoadBalancerAdmission;
  /** Security groups of the load balancer itself (CLB); empty: none, which admits everyone. Undefined: it has no such thing. */
  readonly securityGroupIds: readonly string[] | undefined;
  /** Why it is frozen or blocked, the cloud's words; empty when it is not. */
  readonly frozenReason: string;
  /** Changes through the API are refused (CLB modification protection). */
  readonly changeProtected: boolean | undefined;
}

/** Addresses of a load balancer, each list in the cloud's order. */
export interface LoadBalancerAddresses {
  readonly publicIps: readonly string[];
  readonly privateIps: readonly string[];
  readonly ipv6: readonly string[];
  /** Set for domain CLBs; empty otherwise. */
  readonly hostname: string;
}

/** What the nodes' security groups must admit for this load balancer. */
export interface LoadBalancerAdmission {
  /** CIDRs that health checks come from; undefined: cannot be told. */
  readonly probeSources: readonly string[] | undefined;
  /**
   * `bypasses`: client traffic isn't checked by the nodes' groups; `client`: it arrives with the client's own address and
   * is checked; `load-balancer`: it arrives from `probeSources`. Undefined: cannot be told.
   */
  readonly clientTraffic: 'bypasses' | 'client' | 'load-balancer' | undefined;
  /** Why one of them cannot be told, when something could not be read. */
  readonly unknownBecause?: string;
}

/**
 * Transport of a listener or a rule, lower case: tcp, udp, icmp, icmpv6, http, https, tls, quic, gre, all, … `unknown`: behind
 * a template.
 */
export type CloudProtocol = string;

/** A listener of a load balancer. */
export interface CloudListener {
  readonly id: string;
  readonly name: string;
  readonly protocol: CloudProtocol;
  readonly port: number;
  /** Last port of a range; equal to `port` when it is none. */
  readonly endPort: number;
  readonly enabled: boolean;
  /** A backend server group hangs on it. CLB listeners always have one. */
  readonly hasBackendGroup: boolean;
  readonly healthCheck: CloudHealthCheck;
  /** It begins each connection to its members with the PROXY protocol. Undefined: the cloud says nothing of it. */
  readonly proxyProtocol?: boolean | undefined;
}

/** How members are probed. */
export interface CloudHealthCheck {
  /** Undefined: cannot be told. */
  readonly enabled: boolean | undefined;
}

/** A backend server of a listener: node:port, or Pod:port. */
export interface CloudTarget {
  /** The listener that it serves. */
  readonly listenerId: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  /** `unchecked`: health checks are off. `pending`: not probed yet. */
  readonly health: 'healthy' | 'unhealthy' | 'pending' | 'unchecked' | 'unknown';
  /** The cloud's reason code or words of an unhealthy target; empty when none. */
  readonly reason: string;
  /** Server that stands behind the address; empty when the cloud names none. */
  readonly instanceId: string;
}

/** A NAT gateway and the source translations (SNAT) on it. */
export interface CloudNatGateway extends CloudState<'running' | 'pending' | 'frozen' | 'stopped' | 'failed'> {
  readonly id: string;
  readonly name: string;
  readonly vpcId: string;
  readonly publicIps: readonly { readonly address: string; readonly blocked: boolean }[];
  /** Sources that it translates: a subnet or a CIDR. `'routed'`: all that is routed to it (Tencent Cloud). */
  readonly sources: 'routed' | readonly CloudSnatRule[];
}

/** One source that a NAT gateway translates. */
export interface CloudSnatRule extends CloudState<'active' | 'pending' | 'frozen' | 'failed'> {
  readonly id: string;
  /** Either of the two is set. */
  readonly subnetId: string;
  readonly cidr: string;
  readonly publicIps: readonly string[];
}

/** A route table of a VPC. */
export interface CloudRouteTable {
  readonly id: string;
  readonly vpcId: string;
  /** Subnets without a table of their own use it. */
  readonly main: boolean;
  readonly subnetIds: readonly string[];
  readonly routes: readonly CloudRoute[];
}

/** One route. */
export interface CloudRoute {
  /** CIDR, IPv4 or IPv6. */
  readonly destination: string;
  readonly via:
    | 'nat'
    | 'instance'
    | 'interface'
    | 'public-ip'
    | 'peering'
    | 'vpn'
    | 'cloud-network'
    | 'local'
    | 'other';
  /** Id of the next hop; empty when it has none. */
  readonly target: string;
  readonly enabled: boolean;
}

/** A subnet. */
export interface CloudSubnet {
  readonly id: string;
  readonly name: string;
  readonly vpcId: string;
  readonly cidr: string;
  /** Undefined: the table of the VPC that names it, else the main one. */
  readonly routeTableId: string | undefined;
}

/** A VPC and every address range in it. */
export interface CloudVpc {
  readonly id: string;
  readonly name: string;
  readonly cidrs: readonly { readonly cidr: string; readonly kind: 'main' | 'secondary' | 'container' }[];
}

/** A public address (EIP), or the plain public address of a server. */
export interface CloudPublicIp
  extends CloudState<'bound' | 'unbound' | 'pending' | 'frozen' | 'arrears' | 'blocked' | 'failed'> {
  readonly id: string;
  readonly address: string;
  readonly boundTo:
    | { readonly kind: 'instance' | 'interface' | 'load-balancer' | 'nat-gateway' | 'other'; readonly id: string }
    | undefined;
  /** Private address it is bound to; empty when the cloud names none. */
  readonly privateAddress: string;
  /** Mbit/s; undefined when it cannot be told. */
  readonly bandwidthMbps: number | undefined;
  /** A plain public address that goes with its server, not an EIP. */
  readonly plain: boolean;
  /** Why the state of its bandwidth cannot be told, when that could not be read. */
  readonly unknownBecause?: string;
}

/** A security group's rules, in the order in which the cloud looks at them. */
export interface CloudSecurityGroup {
  readonly id: string;
  /**
   * `first-match`: by index (Tencent Cloud). `priority`: lowest number first, deny before allow among equals (Huawei
   * Cloud). What no rule matches is denied inbound.
   */
  readonly evaluation: 'first-match' | 'priority';
  readonly rules: readonly CloudSecurityRule[];
}

/** One rule of a security group. */
export interface CloudSecurityRule {
  /** Name for evidence: the index, or the cloud's id. */
  readonly id: string;
  readonly direction: 'ingress' | 'egress';
  readonly allow: boolean;
  /** 1 is first; only with `evaluation: priority`. */
  readonly priority: number;
  readonly family: 'ipv4' | 'ipv6' | 'any';
  readonly protocol: CloudProtocol;
  /** Ranges, both ends included; `'all'`: every port. `'unknown'`: behind a template. */
  readonly ports: 'all' | 'unknown' | readonly { readonly from: number; readonly to: number }[];
  readonly peer: CloudRulePeer;
}

/** Whom a rule speaks of. `unknown`: a template that could not be resolved; its name is told. */
export type CloudRulePeer =
  | { readonly kind: 'cidrs'; readonly cidrs: readonly string[] }
  | { readonly kind: 'group'; readonly groupId: string }
  | { readonly kind: 'unknown'; readonly name: string };

/** A node as Kubernetes shows it, for finding its server. */
export interface NodeIdentity {
  readonly name: string;
  readonly providerId: string;
  readonly machineId: string;
  readonly internalIps: readonly string[];
}

/** The server behind a node. */
export interface CloudInstance {
  readonly nodeName: string;
  readonly id: string;
  readonly running: boolean | undefined;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly privateIps: readonly string[];
  readonly publicIps: readonly string[];
  /** Of its primary network interface, in their order. Undefined: cannot be told. */
  readonly securityGroupIds: readonly string[] | undefined;
  /** Why its security groups cannot be told, when something could not be read. */
  readonly unknownBecause?: string;
}

/** The managed cluster, as the cloud describes it. */
export interface CloudCluster {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** CCE: overlay_l2, vpc-router, eni. TKE: GR, VPC-CNI, CiliumOverlay, … Empty when it is not said. */
  readonly networkMode: string;
  /** The cloud's own Cilium runs in it (CCE DataPlane V2, TKE Cilium modes). Undefined: cannot be told. */
  readonly cloudCilium: boolean | undefined;
  readonly vpcId: string;
  readonly podCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** Subnets that Pods get network interfaces in (CCE eni, TKE VPC-CNI). */
  readonly podSubnetIds: readonly string[];
  readonly nodeSecurityGroupIds: readonly string[];
  /** `iptables`, `ipvs`, … ; empty when it is not said. */
  readonly kubeProxyMode: string;
}

/**
 * The read operations of one cloud account in one region. Every call may reject with a CloudError, and only with that
 * (or the signal's reason). Equal questions at the same time, or shortly after, are asked once.
 */
export interface CloudReader {
  readonly cloud: CloudName;
  readonly region: string;
  /** A load balancer that isn't there rejects with category `not-found`. */
  loadBalancer(id: string, signal: AbortSignal): Promise<CloudAnswer<CloudLoadBalancer>>;
  listeners(loadBalancerId: string, signal: AbortSignal): Promise<CloudAnswer<readonly CloudListener[]>>;
  targets(loadBalancerId: string, signal: AbortSignal): Promise<CloudAnswer<readonly CloudTarget[]>>;
  natGateways(vpcId: string, signal: AbortSignal): Promise<CloudAnswer<readonly CloudNatGateway[]>>;
  routeTables(vpcId: string, signal: AbortSignal): Promise<CloudAnswer<readonly CloudRouteTable[]>>;
  subnets(vpcId: string, signal: AbortSignal): Promise<CloudAnswer<readonly CloudSubnet[]>>;
  vpc(id: string, signal: AbortSignal): Promise<CloudAnswer<CloudVpc>>;
  /** Public addresses by their value; those that the account does not have are missing in the answer. */
  publicIps(addresses: readonly string[], signal: AbortSignal): Promise<CloudAnswer<readonly CloudPublicIp[]>>;
  securityGroup(id: string, signal: AbortSignal): Promise<CloudAnswer<CloudSecurityGroup>>;
  /** Nodes without a server in this account are missing in the answer. */
  instances(nodes: readonly NodeIdentity[], signal: AbortSignal): Promise<CloudAnswer<readonly CloudInstance[]>>;
  cluster(id: string, signal: AbortSignal): Promise<CloudAnswer<CloudCluster>>;
}

/** What the cluster's own objects tell of its cloud. */
export interface ClusterHints {
  readonly nodes: readonly NodeHint[];
  /** Data of the ConfigMap kube-system/tke-config; empty where there is none. */
  readonly tkeConfig: Readonly<Record<string, string>>;
}

export interface NodeHint {
  /** By its providerID and labels; undefined: they don't tell. */
  readonly cloud: CloudName | undefined;
  readonly labels: Readonly<Record<string, string>>;
}
