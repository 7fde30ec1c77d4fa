import type { CloudName, NodeIdentity } from '../providers/provider.types.ts';
import { cloudOf, virtualKind } from '../taints/clouds.ts';
import type { DoctorService } from './models/service.ts';
import type { KubeWorld } from './world.types.ts';

/** What the checks need to know of a cloud, before anything was asked. */
export interface CloudQuestions {
  readonly loadBalancerIds: readonly string[];
  readonly nodes: readonly NodeIdentity[];
  /** Of nodes and of load balancers, as Kubernetes shows them. */
  readonly addresses: readonly string[];
  /** Empty: to be learnt from the cluster or the servers. */
  readonly vpcId: string;
}

/** Annotations that name the load balancer of a Service: Huawei Cloud's, and what TKE writes or is told. */
const ID_ANNOTATIONS = [
  'kubernetes.io/elb.id',
  'service.kubernetes.io/loadbalance-id',
  'service.kubernetes.io/tke-existed-lbid',
];

/** The id of the load balancer behind a Service; undefined: nothing names one. */
export function loadBalancerIdOf({ meta }: Pick<DoctorService, 'meta'>): string | undefined {
  return ID_ANNOTATIONS.map((key) => meta.annotations[key]).find((id) => id !== undefined && id !== '');
}

/** Reads the questions out of what Kubernetes says. Pure. */
export function questionsOf(kube: KubeWorld): CloudQuestions {
  const ordinary = kube.nodes.items.filter((node) => virtualKind(node) === undefined);
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
    vpcId: kube.tkeConfig.items[0]?.data.TKE_VPC_ID ?? '',
  };
}

/** The cloud that most nodes belong to; undefined: none that is known. */
export function cloudNameOf(kube: KubeWorld): CloudName | undefined {
  const names = kube.nodes.items.map(cloudOf);
  const cce = names.filter((name) => name === 'cce').length;
  const tke = names.filter((name) => name === 'tke').length;
  if (cce === 0 && tke === 0) return undefined;
  return cce >= tke ? 'huawei' : 'tencent';
}
