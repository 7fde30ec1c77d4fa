import type { CiliumSettings } from '../cilium/settings.ts';
import type { Config } from '../config/config.types.ts';
import type { EnvoyConfigModel } from '../gateway/models/envoy-config.ts';
import type { IngressModel, PoolModel } from '../gateway/models/gateway.ts';
import type { Seen } from '../gateway/observation.ts';
import type { PodProbeMeasurement } from '../pod-probe/pod-probe.types.ts';
import type { ProbeMeasurement } from '../probe/probe.types.ts';
import type { CloudErrorCategory } from '../providers/errors.ts';
import type {
  CloudCluster,
  CloudInstance,
  CloudListener,
  CloudLoadBalancer,
  CloudName,
  CloudNatGateway,
  CloudPublicIp,
  CloudRouteTable,
  CloudSecurityGroup,
  CloudSubnet,
  CloudTarget,
  CloudVpc,
  ReadFrom,
} from '../providers/provider.types.ts';
import type {
  CiliumNodeModel,
  ConfigMapModel,
  CrdModel,
  DoctorDaemonSet,
  EventModel,
  LeaseModel,
  PodPoolModel,
  SpecModel,
  WebhookModel,
} from './models/cluster.ts';
import type { DoctorGateway, DoctorGatewayClass, RouteModel } from './models/gateway.ts';
import type { DoctorNode } from './models/node.ts';
import type { DoctorPod } from './models/pod.ts';
import type { DoctorService, SliceModel } from './models/service.ts';

/** Everything that checks look at, as plain data: from a live cluster, a controller's schedule, or files. */
export interface DoctorWorld {
  readonly kube: KubeWorld;
  readonly cloud: CloudWorld;
  readonly config: Config;
  /** When it was read, milliseconds since the epoch. */
  readonly now: number;
  /** What `--probe` measured; undefined: nobody asked for it. */
  readonly probe?: ProbeMeasurement | undefined;
  /** What the Pods of `--probe-pods` measured; undefined: nobody asked for them. */
  readonly podProbe?: PodProbeMeasurement | undefined;
}

/** What was read of one kind, and what would let it be read where it could not be. */
export interface Reading<T> extends Seen<T> {
  /** One sentence; empty where it is complete. */
  readonly mend: string;
}

/** What was read of Kubernetes, by kind. */
export interface KubeReads {
  readonly nodes: Reading<DoctorNode>;
  /** Of Cilium's namespace, of kube-system, and of the namespaces that routes and webhooks lead to. */
  readonly pods: Reading<DoctorPod>;
  /** Of Cilium's namespace and kube-system. */
  readonly daemonSets: Reading<DoctorDaemonSet>;
  readonly services: Reading<DoctorService>;
  readonly slices: Reading<SliceModel>;
  readonly gateways: Reading<DoctorGateway>;
  readonly gatewayClasses: Reading<DoctorGatewayClass>;
  readonly classConfigs: Reading<SpecModel>;
  readonly httpRoutes: Reading<RouteModel>;
  readonly grpcRoutes: Reading<RouteModel>;
  readonly tlsRoutes: Reading<RouteModel>;
  /** TCPRoutes and UDPRoutes: Cilium serves them since 1.20. */
  readonly tcpRoutes: Reading<RouteModel>;
  readonly udpRoutes: Reading<RouteModel>;
  readonly ingresses: Reading<IngressModel>;
  readonly namespaces: Reading<SpecModel>;
  /** CiliumLoadBalancerIPPools. */
  readonly lbPools: Reading<PoolModel>;
  readonly podPools: Reading<PodPoolModel>;
  readonly envoyConfigs: Reading<EnvoyConfigModel>;
  readonly ciliumNodes: Reading<CiliumNodeModel>;
  readonly networkPolicies: Reading<SpecModel>;
  readonly clusterwidePolicies: Reading<SpecModel>;
  readonly egressPolicies: Reading<SpecModel>;
  /** TKE: network interfaces that Pods of a node get. */
  readonly eniConfigs: Reading<SpecModel>;
  readonly crds: Reading<CrdModel>;
  readonly validatingWebhooks: Reading<WebhookModel>;
  readonly mutatingWebhooks: Reading<WebhookModel>;
  /** Of Services. */
  readonly events: Reading<EventModel>;
  /** `cilium-config`. */
  readonly ciliumConfig: Reading<ConfigMapModel>;
  /** `ip-masq-agent`, Cilium's. */
  readonly masqConfig: Reading<ConfigMapModel>;
  /** `ip-masq-agent-config`, TKE's. */
  readonly tkeMasqConfig: Reading<ConfigMapModel>;
  /** `tke-config`: region and VPC. */
  readonly tkeConfig: Reading<ConfigMapModel>;
  /** Of our controllers. */
  readonly leases: Reading<LeaseModel>;
}

export type KubeKind = keyof KubeReads;

export interface KubeWorld extends KubeReads {
  readonly ciliumNamespace: string;
  /** Undefined when `cilium-config` cannot be seen. */
  readonly settings: CiliumSettings | undefined;
}

/** A question to the cloud, and what came of it. */
export type Asked<T> =
  | { readonly state: 'answered'; readonly value: T; readonly from: readonly ReadFrom[] }
  | {
      readonly state: 'failed';
      readonly category: CloudErrorCategory;
      readonly action: string;
      readonly requestId: string;
      /** Where, what, and the mend. */
      readonly message: string;
    }
  | { readonly state: 'not-asked'; readonly why: string };

/** What was asked about one load balancer. */
export interface LoadBalancerWorld {
  readonly loadBalancer: Asked<CloudLoadBalancer>;
  readonly listeners: Asked<readonly CloudListener[]>;
  readonly targets: Asked<readonly CloudTarget[]>;
}

/** What the cloud answered. */
export interface CloudWorld {
  /** Undefined: no cloud was asked; each answer says why. */
  readonly cloud: CloudName | undefined;
  readonly region: string;
  readonly cluster: Asked<CloudCluster>;
  /** The servers behind the nodes. */
  readonly instances: Asked<readonly CloudInstance[]>;
  /** Of the entrypoints, by id. */
  readonly loadBalancers: ReadonlyMap<string, LoadBalancerWorld>;
  /** Of the nodes, by id. */
  readonly securityGroups: ReadonlyMap<string, Asked<CloudSecurityGroup>>;
  readonly vpc: Asked<CloudVpc>;
  readonly natGateways: Asked<readonly CloudNatGateway[]>;
  readonly routeTables: Asked<readonly CloudRouteTable[]>;
  readonly subnets: Asked<readonly CloudSubnet[]>;
  /** Of the nodes and the load balancers. */
  readonly publicIps: Asked<readonly CloudPublicIp[]>;
}
