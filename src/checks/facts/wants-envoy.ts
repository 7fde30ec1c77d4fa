import { GATEWAY_CONTROLLER } from '../../cilium/names.ts';
import type { KubeWorld } from '../world.types.ts';
import type { CiliumSetup } from './cilium.ts';
import { listOf } from './names.ts';

/**
 * What is asked of Cilium's Envoy, in words: Gateways of its classes, else the setting that switches Gateway API or
 * Ingress on. Undefined: nothing.
 */
export function wantsEnvoy(kube: KubeWorld, cilium: CiliumSetup | undefined): string | undefined {
  const classes = kube.gatewayClasses.items
    .filter(({ controllerName }) => controllerName === GATEWAY_CONTROLLER)
    .map(({ meta }) => meta.name);
  const gateways = kube.gateways.items.filter(({ className }) => classes.includes(className));
  if (gateways.length > 0) {
    const names = gateways.map(({ meta }) => `${meta.namespace}/${meta.name}`);
    return gateways.length === 1 ? `Gateway ${listOf(names)}` : `Gateways ${listOf(names)}`;
  }
  if (cilium?.gatewayApi === true) return 'every Gateway';
  return cilium?.ingress === true ? 'every Ingress' : undefined;
}
