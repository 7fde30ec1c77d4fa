import type { CloudConfig } from '../config/config.types.ts';
import { loadBalancerOf } from '../gateway/load-balancers.ts';
import type { NodeIdentity } from '../providers/provider.types.ts';
import { ordinaryNodes } from './facts/network.ts';
import type { DoctorService } from './models/service.ts';
import type { KubeWorld } from './world.types.ts';

/** What the checks need to know of a cloud, before anything was asked. */
export interface CloudQuestions {
  readonly loadBalancerIds: readonly string[];
  readonly nodes: readonly NodeIdentity[];
  /** Of nodes and of load balancers, as Kubernetes shows them. */
  readonly addresses: readonly string[];
  /** The managed cluster; empty: its id is not known. */
  readonly clusterId: string;
  /** Empty: to be learnt from the cluster or the servers. */
  readonly vpcId: string;
}

/** The id of the load balancer behind a Service; undefined: nothing names one. */
export function loadBalancerIdOf({ meta }: Pick<DoctorService, 'meta'>): string | undefined {
  return loadBalancerOf({ meta })?.id;
}

/** Reads the questions out of the configuration and what Kubernetes says. Pure. */
export function questionsOf(kube: KubeWorld, config: Pick<CloudConfig, 'clusterId' | 'vpcId'>): CloudQuestions {
  const ordinary = ordinaryNodes(kube);
  const balanced = kube.services.items.filter((service) => service.type === 'LoadBalancer');
  const ids = balanced.flatMap((service) => loadBalancerIdOf(service) ?? []);
  return {
    loadBalancerIds: [...new Set(ids)].toSorted(),
    nodes: ordinary.map(({ meta, providerId, machineId, internalIps }) => ({
      name: meta.name,
      providerId,
      machineId,
      internalIps,
    })),
    addresses: [...new Set(ordinary.flatMap(({ externalIps }) => externalIps))].toSorted(),
    clusterId: config.clusterId ?? '',
    vpcId: config.vpcId ?? kube.tkeConfig.items[0]?.data.TKE_VPC_ID ?? '',
  };
}
