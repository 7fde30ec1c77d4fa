import { trimCiliumPod } from '../../src/cilium/agents.ts';
import { trimCiliumConfigMap } from '../../src/cilium/config-map.ts';
import type { GatewayConfig } from '../../src/config/config.types.ts';
import { configSchema, toConfig } from '../../src/config/schema.ts';
import { trimEnvoyConfig } from '../../src/gateway/models/envoy-config.ts';
import { trimGateway, trimGatewayClass, trimIngress, trimPool } from '../../src/gateway/models/gateway.ts';
import { trimService } from '../../src/gateway/models/service.ts';
import { type GatewayObservation, seen } from '../../src/gateway/observation.ts';
import { assembleObservation, type GatewayMemory, type GatewayReads } from '../../src/gateway/observe.ts';
import { type GatewayPlan, planGateways } from '../../src/gateway/plan.ts';
import type { CopyPolicy } from '../../src/gateway/redirect.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { describeTarget } from '../../src/plan/make.ts';
import type { Action, Finding, WriteRequest } from '../../src/plan/plan.types.ts';
import { agent, ciliumConfig, gatewayClass } from './build.ts';

export interface Given {
  /** `gateway:` of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly ciliumNamespace?: string;
  readonly memory?: Partial<GatewayMemory>;
  readonly reads?: Partial<GatewayReads>;
  readonly follow?: boolean;
  readonly copies?: CopyPolicy;
}

/** The `gateway` part of a configuration file, validated and with its defaults. */
export function gatewayConfig(gateway: Readonly<Record<string, unknown>> = {}): GatewayConfig {
  return toConfig(configSchema.parse({ gateway })).gateway;
}

/** What is read of a cluster of these objects; class, agents and `cilium-config` are added where none is given. */
export function readsOf(objects: readonly RawObject[], more: Partial<GatewayReads> = {}): GatewayReads {
  const of = (kind: string): RawObject[] => objects.filter((object) => object.kind === kind);
  const or = (found: readonly RawObject[], fallback: readonly RawObject[]): readonly RawObject[] =>
    found.length > 0 ? found : fallback;
  return {
    services: seen(of('Service').map(trimService)),
    gateways: seen(of('Gateway').map(trimGateway)),
    gatewayClasses: seen(or(of('GatewayClass'), [gatewayClass()]).map(trimGatewayClass)),
    ingresses: seen(of('Ingress').map(trimIngress)),
    pools: seen(of('CiliumLoadBalancerIPPool').map(trimPool)),
    envoyConfigs: seen(of('CiliumEnvoyConfig').map(trimEnvoyConfig)),
    ciliumPods: seen(or(of('Pod'), [agent('1.19.5', 'node-1'), agent('1.19.5', 'node-2')]).map(trimCiliumPod)),
    daemonSets: seen([]),
    ciliumConfig: seen(or(of('ConfigMap'), [ciliumConfig()]).map(trimCiliumConfigMap)),
    ...more,
  };
}

/** What such a cluster is observed as. */
export function observe(objects: readonly RawObject[], given: Given = {}): GatewayObservation {
  const { ciliumNamespace = 'kube-system' } = given;
  const memory: GatewayMemory = {
    ipModeStored: 'yes',
    unwantedForMs: new Map(),
    refusedPins: new Set(),
    ...given.memory,
  };
  return assembleObservation(readsOf(objects, given.reads), ciliumNamespace, memory);
}

export function plan(objects: readonly RawObject[], given: Given = {}): GatewayPlan {
  return planGateways(
    observe(objects, given),
    gatewayConfig(given.config),
    given.copies ?? (given.follow === false ? 'frozen' : 'followed'),
  );
}

/** `publish-address Service default/cilium-gateway-web`. */
export function writes({ actions }: { readonly actions: readonly Action[] }): string[] {
  return actions.map((action) => `${action.kind} ${describeTarget(action.target)}`);
}

/** `fail EntrypointHasNoAddress`, without what merely accompanies every plan of these tests. */
export function findings({ findings: all }: { readonly findings: readonly Finding[] }): string[] {
  return all
    .filter(({ reason }) => !ACCOMPANYING.has(reason))
    .map(({ verdict, reason }) => `${verdict} ${reason}`)
    .sort();
}

const ACCOMPANYING = new Set([
  'NodePortExposureRefuses',
  'NoSourceEnvoyConfig',
  'GatewayNotProgrammed',
  'HostNetworkNotProgrammed',
]);

export function findingOf(given: { readonly findings: readonly Finding[] }, reason: string): Finding {
  const found = given.findings.filter((one) => one.reason === reason);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(
      `${found.length} findings ${reason} among: ${given.findings.map((one) => one.reason).join(', ') || 'none'}`,
    );
  }
  return only;
}

/** The only action of that kind. */
export function actionOf(given: { readonly actions: readonly Action[] }, kind: Action['kind']): Action {
  const found = given.actions.filter((action) => action.kind === kind);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${found.length} actions ${kind} among: ${writes(given).join(', ') || 'none'}`);
  }
  return only;
}

/** What a request carries: its patch's body, the object that it creates, or its precondition. */
export function bodyOf(request: WriteRequest): unknown {
  switch (request.verb) {
    case 'patch':
      return request.patch.body;
    case 'create':
      return request.object;
    case 'delete':
      return { uid: request.uid, resourceVersion: request.resourceVersion };
    case 'copy':
      return request.skeleton;
  }
}

/** The ingress entries that an action writes into a status. */
export function publishedBy(action: Action): unknown {
  return action.changes.find(({ field }) => field === 'status.loadBalancer.ingress')?.after;
}
