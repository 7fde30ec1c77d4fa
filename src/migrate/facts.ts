import { gitOpsOwner } from '../kube/gitops.ts';
import { asArray, asBoolean, asNumber, asRecord, asString, at, readMeta } from '../kube/read.ts';
import type { Meta, RawObject } from '../kube/types.ts';

/** What a GatewayClass makes Cilium put into the Services of its Gateways. */
export interface ClassService {
  readonly type: string;
  /** Empty: none. */
  readonly loadBalancerClass: string;
  /** Whether NodePorts are allocated. */
  readonly nodePorts: boolean;
}

/** A GatewayClass, with the parameters that it names. */
export interface ClassFacts {
  readonly name: string;
  readonly controllerName: string;
  /** Cilium's operator has taken it. */
  readonly accepted: boolean;
  /** Undefined: its parameters are not there, or of another kind. */
  readonly service: ClassService | undefined;
}

/** What moving a Gateway rests on besides what planning reads of it. */
export interface GatewayFacts {
  readonly meta: Meta;
  readonly className: string;
  /** Cilium's operator has seen the Gateway as it is now. */
  readonly observed: boolean;
  readonly programmed: boolean;
  /** Who would set the class back; undefined: nobody can be seen. */
  readonly gitOps: string | undefined;
}

export function readGatewayFacts(raw: RawObject): GatewayFacts {
  const meta = readMeta(raw);
  const conditions = asArray(at(raw, 'status', 'conditions')).map(asRecord);
  const accepted = conditions.find(({ type }) => type === 'Accepted');
  return {
    meta,
    className: asString(at(raw, 'spec', 'gatewayClassName')),
    observed: accepted !== undefined && asNumber(accepted.observedGeneration) >= meta.generation,
    programmed: conditions.some(({ type, status }) => type === 'Programmed' && status === 'True'),
    gitOps: gitOpsOwner(raw, ['f:spec', 'f:gatewayClassName']),
  };
}

/** @param configs the CiliumGatewayClassConfigs of all namespaces */
export function readClassFacts(raw: RawObject, configs: readonly RawObject[]): ClassFacts {
  const conditions = asArray(at(raw, 'status', 'conditions')).map(asRecord);
  return {
    name: readMeta(raw).name,
    controllerName: asString(at(raw, 'spec', 'controllerName')),
    accepted: conditions.some(({ type, status }) => type === 'Accepted' && status === 'True'),
    service: classService(at(raw, 'spec', 'parametersRef'), configs),
  };
}

function classService(parametersRef: unknown, configs: readonly RawObject[]): ClassService | undefined {
  if (parametersRef === undefined) return { type: 'LoadBalancer', loadBalancerClass: '', nodePorts: true };
  const named = asRecord(parametersRef);
  if (asString(named.group) !== 'cilium.io' || asString(named.kind) !== 'CiliumGatewayClassConfig') return undefined;
  const config = configs.find((one) => {
    const { namespace, name } = readMeta(one);
    return namespace === asString(named.namespace) && name === asString(named.name);
  });
  if (config === undefined) return undefined;
  const service = asRecord(at(config, 'spec', 'service'));
  return {
    type: asString(service.type) || 'LoadBalancer',
    loadBalancerClass: asString(service.loadBalancerClass),
    nodePorts: asBoolean(service.allocateLoadBalancerNodePorts, true),
  };
}
