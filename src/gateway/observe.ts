import { type CiliumDaemonSet, type CiliumPod, oldestVersion } from '../cilium/agents.ts';
import type { CiliumConfigMap } from '../cilium/config-map.ts';
import type { Model } from '../kube/watch.types.ts';
import type { LoadBalancersSeen } from './load-balancers.ts';
import type { EnvoyConfigModel } from './models/envoy-config.ts';
import type { GatewayClassModel, GatewayModel, IngressModel, PoolModel } from './models/gateway.ts';
import type { ServiceModel } from './models/service.ts';
import type { GatewayObservation, IpModeStored, Seen } from './observation.ts';

/** What was read of each kind that planning Gateways needs. */
export interface GatewayReads {
  readonly services: Seen<ServiceModel>;
  readonly gateways: Seen<GatewayModel>;
  readonly gatewayClasses: Seen<GatewayClassModel>;
  readonly ingresses: Seen<IngressModel>;
  readonly pools: Seen<PoolModel>;
  readonly envoyConfigs: Seen<EnvoyConfigModel> | undefined;
  readonly ciliumPods: Seen<CiliumPod>;
  readonly daemonSets: Seen<CiliumDaemonSet>;
  readonly ciliumConfig: Seen<CiliumConfigMap>;
}

/** What the runner knows from earlier passes. */
export interface GatewayMemory {
  readonly ipModeStored: IpModeStored;
  readonly loadBalancers?: LoadBalancersSeen | undefined;
  readonly unwantedForMs: ReadonlyMap<string, number>;
  readonly refusedPins: ReadonlySet<string>;
}

/** Puts an observation together. Pure. */
export function assembleObservation(
  reads: GatewayReads,
  ciliumNamespace: string,
  memory: GatewayMemory,
): GatewayObservation {
  const pods = reads.ciliumPods.items.filter((pod) => pod.meta.namespace === ciliumNamespace);
  const daemonSets = reads.daemonSets.items.filter((set) => set.meta.namespace === ciliumNamespace);
  return {
    ciliumNamespace,
    ciliumVersion: oldestVersion(pods, daemonSets),
    settings: reads.ciliumConfig.items[0]?.settings,
    ciliumPods: pods,
    hidden: [
      { kind: 'Pods of Cilium', seen: reads.ciliumPods },
      { kind: 'DaemonSets of Cilium', seen: reads.daemonSets },
      { kind: 'ConfigMap cilium-config', seen: reads.ciliumConfig },
    ].flatMap(({ kind, seen }) => (seen.complete ? [] : [{ kind, why: seen.why }])),
    gatewayClasses: reads.gatewayClasses,
    gateways: wholly(identified(reads.gateways), reads.gateways),
    services: identified(reads.services),
    ingresses: identified(reads.ingresses),
    pools: reads.pools,
    envoyConfigs: reads.envoyConfigs && wholly(identified(reads.envoyConfigs), reads.envoyConfigs),
    ...memory,
  };
}

/** Without the objects that no write could name exactly; no API server sends such. */
function identified<T extends Model>(seen: Seen<T>): Seen<T> {
  const items = seen.items.filter(
    ({ meta }) => meta.namespace !== '' && meta.name !== '' && meta.uid !== '' && meta.resourceVersion !== '',
  );
  return items.length === seen.items.length ? seen : { ...seen, items };
}

/** What was left out was there all the same: its absence is not proven. */
function wholly<T>(left: Seen<T>, read: Seen<T>): Seen<T> {
  return left === read ? left : { ...left, complete: false, why: 'an object without name, uid or version was read' };
}
