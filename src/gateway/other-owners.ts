import type { GatewayConfig } from '../config/config.types.ts';
import { SERVICES } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import { foreignOwner } from '../plan/ours.ts';
import type { Finding } from '../plan/plan.types.ts';
import { describeEntries } from './addresses.ts';
import type { ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import type { Subject } from './subjects.ts';

/** Somebody else whose job the Gateway Service's status is. */
export interface OtherOwner {
  readonly name: string;
  readonly reason: string;
  readonly why: string;
  readonly fix: string;
}

const METALLB_ANNOTATIONS = ['metallb.io/ip-allocated-from-pool', 'metallb.universe.tf/ip-allocated-from-pool'];

/** The mend that ends every fight over the status: a class that nobody but us serves (Cilium 1.18+). */
export function ownClassMend(config: GatewayConfig): string {
  return (
    `use a GatewayClass whose CiliumGatewayClassConfig sets spec.service.loadBalancerClass: ${config.loadBalancerClass} ` +
    `(Cilium 1.18+), and recreate the Gateway`
  );
}

/** Recognises, before any write, a controller that owns the Gateway Service's status (rule 7). */
export function findOtherOwner(
  subject: Subject,
  observation: GatewayObservation,
  config: GatewayConfig,
): OtherOwner | undefined {
  const service = subject.service;
  // Nobody gives an address to a Service of another type, as Gateways on the host network have it.
  if (service === undefined || service.type !== 'LoadBalancer') return undefined;
  const serviceClass = service.loadBalancerClass;
  if (serviceClass === config.loadBalancerClass) return undefined;
  if (serviceClass !== '') {
    return {
      name: `the controller of loadBalancerClass ${serviceClass}`,
      reason: 'ForeignLoadBalancerClass',
      why: `the Service has loadBalancerClass ${serviceClass}, which another controller serves`,
      fix: `To have it served here, ${ownClassMend(config)}.`,
    };
  }
  const settings = observation.settings;
  const ipam = settings?.defaultLbServiceIpam ?? 'lbipam';
  if (observation.pools.items.length > 0 && settings?.lbIpam !== false && ipam === 'lbipam') {
    const pools = observation.pools.items.map((pool) => pool.meta.name).sort();
    return {
      name: 'Cilium LB-IPAM',
      reason: 'OwnedByLbIpam',
      why: `Cilium's LB-IPAM owns the status of every Service without a loadBalancerClass as long as a CiliumLoadBalancerIPPool exists (${pools.join(', ')}), and would undo each write`,
      fix: `Either ${ownClassMend(config)}; or take such Services away from LB-IPAM (Helm: defaultLBServiceIPAM=none); or remove the pools.`,
    };
  }
  if (ipam === 'nodeipam') {
    return {
      name: 'Cilium Node IPAM',
      reason: 'OwnedByNodeIpam',
      why: `Cilium's Node IPAM serves every Service without a loadBalancerClass (default-lb-service-ipam: nodeipam), and would undo each write`,
      fix: `Either ${ownClassMend(config)}; or set Helm defaultLBServiceIPAM=none.`,
    };
  }
  const metallb = METALLB_ANNOTATIONS.find((key) => service.meta.annotations[key] !== undefined);
  if (metallb !== undefined) {
    return {
      name: 'MetalLB',
      reason: 'OwnedByMetalLb',
      why: `MetalLB gave this Service an address (annotation ${metallb}) and would undo each write`,
      fix: `Either ${ownClassMend(config)}; or exclude the Service from MetalLB's pools.`,
    };
  }
  return undefined;
}

/** Cilium's operator writes load balancer status as `cilium-operator-generic`, or another build's name. */
const CILIUM_OPERATOR = /^cilium-operator/;

/**
 * An address that LB-IPAM gave to an entrypoint is none of the load balancer's: it must not be published (rule 1). Said
 * only where the operator is seen to have written it and pools exist.
 */
export function lbIpamAddress(
  subject: Subject,
  entrypoint: ServiceModel,
  { pools }: GatewayObservation,
): Finding | undefined {
  const writer = foreignOwner(entrypoint.ingressOwners)?.manager ?? '';
  if (entrypoint.ingress.length === 0 || pools.items.length === 0 || !CILIUM_OPERATOR.test(writer)) return undefined;
  const { namespace, name } = entrypoint.meta;
  return finding('entrypoint-address', 'fail', {
    reason: 'EntrypointOwnedByLbIpam',
    target: targetOf(SERVICES, entrypoint.meta),
    message: `The address of the entrypoint of ${subject.key}, ${describeEntries(entrypoint.ingress)}, comes from a CiliumLoadBalancerIPPool (written by ${writer}), not from the cloud's load balancer: it is not published.`,
    fix: `Take the Service ${namespace}/${name} away from LB-IPAM: Helm defaultLBServiceIPAM=none, or remove the pools; the cloud controller then writes the load balancer's address.`,
    evidence: { writer, pools: pools.items.map((pool) => pool.meta.name).sort() },
  });
}

export function otherOwnerFinding(subject: Subject, owner: OtherOwner): Finding {
  return finding('gateway-service-owner', 'fail', {
    reason: owner.reason,
    target: subject.service === undefined ? subject.target : targetOf(SERVICES, subject.service.meta),
    message: `Nothing is written for ${subject.key}: ${owner.why}.`,
    fix: owner.fix,
    evidence: { owner: owner.name },
  });
}
