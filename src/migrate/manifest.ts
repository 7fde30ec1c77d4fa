import { GATEWAY_CONTROLLER } from '../cilium/names.ts';
import type { Config } from '../config/config.types.ts';

/** Of the class that the chart makes with `gatewayClass.create`, as one command. */
export function classManifest({ gateway }: Config): string {
  return `kubectl apply -f - <<'EOF'
apiVersion: cilium.io/v2alpha1
kind: CiliumGatewayClassConfig
metadata: { namespace: kube-system, name: cilium-cloud }
spec:
  service: { type: LoadBalancer, loadBalancerClass: ${gateway.loadBalancerClass} }
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: cilium-cloud }
spec:
  controllerName: ${GATEWAY_CONTROLLER}
  parametersRef: { group: cilium.io, kind: CiliumGatewayClassConfig, namespace: kube-system, name: cilium-cloud }
EOF`;
}
