import type { ObjectRef } from '../kube/types.ts';
import type { EnvoyConfigModel } from './models/envoy-config.ts';

/** CiliumEnvoyConfigs by what they are looked up by, so that a plan's cost grows with the number of Gateways, not with its square. */
export interface EnvoyConfigIndex {
  /** Those with an entry for the Service, in the order of the list. */
  naming(service: ObjectRef): readonly EnvoyConfigModel[];
  named(ref: ObjectRef): EnvoyConfigModel | undefined;
}

const indexes = new WeakMap<readonly EnvoyConfigModel[], EnvoyConfigIndex>();

/** The index of a list, made once for each list. */
export function indexOf(configs: readonly EnvoyConfigModel[]): EnvoyConfigIndex {
  const known = indexes.get(configs);
  if (known !== undefined) return known;
  const byService = new Map<string, EnvoyConfigModel[]>();
  const byName = new Map<string, EnvoyConfigModel>();
  for (const config of configs) {
    if (!byName.has(keyOf(config.meta))) byName.set(keyOf(config.meta), config);
    for (const service of new Set(config.services.map(keyOf))) {
      const list = byService.get(service);
      if (list === undefined) byService.set(service, [config]);
      else list.push(config);
    }
  }
  const index: EnvoyConfigIndex = {
    naming: (service) => byService.get(keyOf(service)) ?? [],
    named: (ref) => byName.get(keyOf(ref)),
  };
  indexes.set(configs, index);
  return index;
}

function keyOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}
