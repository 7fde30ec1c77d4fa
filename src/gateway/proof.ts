import type { GatewayObservation, Seen } from './observation.ts';

/**
 * The same observation, as if each empty first list told the truth. Undefined: none is in doubt for that reason, or
 * something else stands in the way as well.
 */
export function believingEmptyLists(observation: GatewayObservation): GatewayObservation | undefined {
  const { services, gateways, gatewayClasses, ingresses, envoyConfigs } = observation;
  const kinds = [services, gateways, gatewayClasses, ingresses, envoyConfigs];
  if (!kinds.some((kind) => kind?.doubt?.passes === true)) return undefined;
  return {
    ...observation,
    services: believing(services),
    gateways: believing(gateways),
    gatewayClasses: believing(gatewayClasses),
    ingresses: believing(ingresses),
    envoyConfigs: envoyConfigs && believing(envoyConfigs),
  };
}

function believing<T>(kind: Seen<T>): Seen<T> {
  const { doubt, ...rest } = kind;
  return doubt?.passes === true ? rest : kind;
}
