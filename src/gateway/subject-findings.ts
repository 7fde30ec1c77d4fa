import { SERVICES } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Finding } from '../plan/plan.types.ts';
import * as annotations from './annotations.ts';
import type { ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import type { Subject } from './subjects.ts';

/** Rule 3: the Gateway Service is of a type on which Kubernetes keeps no load balancer status. */
export function wrongType(subject: Subject, service: ServiceModel): Finding {
  return finding('gateway-service-type', 'fail', {
    reason: 'GatewayServiceNotLoadBalancer',
    target: targetOf(SERVICES, service.meta),
    message: `The Service of ${subject.key} is of type ${service.type}; Kubernetes keeps a load balancer's address only on type LoadBalancer, so none is written.`,
    fix:
      subject.kind === 'Gateway'
        ? `Set spec.service.type: LoadBalancer in the CiliumGatewayClassConfig; or, with Envoy on the nodes' network, annotate the entrypoint ${annotations.EXPOSURE}=host-network.`
        : 'Remove the annotation ingress.cilium.io/service-type, or set it to LoadBalancer.',
    evidence: { type: service.type },
  });
}

/** The Service that Cilium should have made is not there. */
export function serviceMissing(subject: Subject): Finding {
  const conditions = subject.gateway?.conditions ?? [];
  const bad = conditions.find((condition) => condition.type === 'Accepted' && condition.status === 'False');
  const why = bad === undefined ? '' : ` Cilium says: ${bad.reason}: ${bad.message}`;
  return finding('gateway-service', 'fail', {
    reason: 'GatewayServiceMissing',
    target: subject.target,
    message: `Cilium has not made the Service ${subject.serviceName} for ${subject.key}.${why}`,
    fix:
      bad === undefined
        ? 'See whether cilium-operator runs and what it says: kubectl -n kube-system get pods -l io.cilium/app=operator; kubectl -n kube-system logs deploy/cilium-operator'
        : 'Correct the Gateway as the message says.',
  });
}

/** Subjects that a finding about all of them names. */
const EXAMPLES = 3;

/**
 * Where another CNI gives Pods their addresses, as in TKE's VPC-CNI native mode, agents refuse Envoy's configuration
 * (cilium.md §8): no Gateway and no Ingress is ever served. Told once for all of them; undefined: it is not so.
 */
export function nothingServed(subjects: readonly Subject[], { settings }: GatewayObservation): Finding | undefined {
  if (settings?.ipam?.trim() !== 'delegated-plugin' || subjects.length === 0) return undefined;
  const names = subjects.slice(0, EXAMPLES).map(({ key }) => key);
  const more = subjects.length > names.length ? ` and ${subjects.length - names.length} more` : '';
  return finding('delegated-plugin', 'fail', {
    reason: 'GatewayApiNotPossible',
    target: undefined,
    message: `Cilium can serve no Gateway and no Ingress in this cluster: with ipam delegated-plugin, TKE's native mode, its agents refuse the configuration of Envoy. So nothing is written for ${names.join(', ')}${more}.`,
    fix: 'Install Cilium as an overlay (Helm: routingMode=tunnel, ipam.mode=multi-pool) in a cluster whose nodes can be rebuilt; or leave this traffic to another controller, and remove these objects.',
    evidence: { ipam: 'delegated-plugin', subjects: subjects.length },
  });
}
