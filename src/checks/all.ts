import type { Check } from './check.types.ts';
import { agentsReady } from './cluster/agents-ready.ts';
import { autoDirectRoutes } from './cluster/auto-direct-routes.ts';
import { ciliumEniMode } from './cluster/cilium-eni-mode.ts';
import { ciliumVersion } from './cluster/cilium-version.ts';
import { cniChaining } from './cluster/cni-chaining.ts';
import { configNotApplied } from './cluster/config-not-applied.ts';
import { delegatedPlugin } from './cluster/delegated-plugin.ts';
import { embeddedEnvoy } from './cluster/embedded-envoy.ts';
import { envoyConfigOff } from './cluster/envoy-config-off.ts';
import { excludeFromLb } from './cluster/exclude-from-lb.ts';
import { gatewayCloudAnnotations } from './cluster/gateway-cloud-annotations.ts';
import { gatewayCrds } from './cluster/gateway-crds.ts';
import { gatewayNotProgrammed } from './cluster/gateway-not-programmed.ts';
import { gatewayServiceUnserved } from './cluster/gateway-service-unserved.ts';
import { inventedAddress } from './cluster/invented-address.ts';
import { ipamNeedsPodCidr } from './cluster/ipam-needs-podcidr.ts';
import { kprOff } from './cluster/kpr-off.ts';
import { kubeProxyLeftovers } from './cluster/kube-proxy-leftovers.ts';
import { l7Off } from './cluster/l7-off.ts';
import { nativeRoutingCidr } from './cluster/native-routing-cidr.ts';
import { operatorPending } from './cluster/operator-pending.ts';
import { podCidrOverlap } from './cluster/pod-cidr-overlap.ts';
import { routeUnreachable } from './cluster/route-unreachable.ts';
import { vpcRouterNoRoutes } from './cluster/vpc-router-no-routes.ts';
import { webhookOverlay } from './cluster/webhook-overlay.ts';
import { xffTrustedHops } from './cluster/xff-trusted-hops.ts';
import { duplicateVip } from './way-in/duplicate-vip.ts';
import { entrypointSelector } from './way-in/entrypoint-selector.ts';
import { lbAnnotationConflict } from './way-in/lb-annotation-conflict.ts';
import { lbBackends } from './way-in/lb-backends.ts';
import { lbDomainOnly } from './way-in/lb-domain-only.ts';
import { lbExists } from './way-in/lb-exists.ts';
import { lbFrozen } from './way-in/lb-frozen.ts';
import { lbHealth } from './way-in/lb-health.ts';
import { lbListener } from './way-in/lb-listener.ts';
import { lbVpc } from './way-in/lb-vpc.ts';
import { policyAdmitsGateway } from './way-in/policy-admits-gateway.ts';
import { redirectCopy } from './way-in/redirect-copy.ts';
import { routeAccepted } from './way-in/route-accepted.ts';
import { routeBackend } from './way-in/route-backend.ts';
import { routeRefs } from './way-in/route-refs.ts';
import { sameNodeHole } from './way-in/same-node-hole.ts';
import { secondWriter } from './way-in/second-writer.ts';
import { sessionAffinity } from './way-in/session-affinity.ts';
import { sgNodeToNode } from './way-in/sg-node-to-node.ts';
import { sgNodeport } from './way-in/sg-nodeport.ts';
import { sourceRanges } from './way-in/source-ranges.ts';
import { targetPortStale } from './way-in/target-port-stale.ts';
import { egressGatewayNeeds } from './way-out/egress-gateway-needs.ts';
import { eipState } from './way-out/eip-state.ts';
import { masqNeedsExclusions } from './way-out/masq-needs-exclusions.ts';
import { natGateway } from './way-out/nat-gateway.ts';
import { nodePublicExit } from './way-out/node-public-exit.ts';
import { podSubnetExit } from './way-out/pod-subnet-exit.ts';
import { podToNodeEip } from './way-out/pod-to-node-eip.ts';

/**
 * Every check, in the one declared order: the cluster that carries the packet, then the packet's way in, then its way
 * out. What others may follow from stands before them, so the first that fails is the first broken link.
 */
export const CHECKS: readonly Check[] = [
  // The cluster and Cilium
  ciliumEniMode,
  ipamNeedsPodCidr,
  kubeProxyLeftovers,
  routeUnreachable,
  operatorPending,
  agentsReady,
  vpcRouterNoRoutes,
  autoDirectRoutes,
  nativeRoutingCidr,
  podCidrOverlap,
  cniChaining,
  delegatedPlugin,
  kprOff,
  l7Off,
  envoyConfigOff,
  gatewayCrds,
  configNotApplied,
  ciliumVersion,
  embeddedEnvoy,
  excludeFromLb,
  webhookOverlay,
  gatewayServiceUnserved,
  // What these two find is why a Gateway is not Programmed.
  secondWriter,
  lbDomainOnly,
  gatewayNotProgrammed,
  inventedAddress,
  gatewayCloudAnnotations,
  xffTrustedHops,
  // The way in
  lbExists,
  lbFrozen,
  lbVpc,
  lbAnnotationConflict,
  entrypointSelector,
  sourceRanges,
  duplicateVip,
  targetPortStale,
  sessionAffinity,
  redirectCopy,
  sameNodeHole,
  lbListener,
  lbBackends,
  sgNodeport,
  sgNodeToNode,
  lbHealth,
  routeAccepted,
  routeRefs,
  routeBackend,
  policyAdmitsGateway,
  // The way out
  eipState,
  natGateway,
  nodePublicExit,
  podSubnetExit,
  masqNeedsExclusions,
  egressGatewayNeeds,
  podToNodeEip,
];
