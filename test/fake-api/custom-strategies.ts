import { invalidValue, requiredValue, tooMany } from './api-error.ts';
import { ensureObject, isObject, type Json, type KubeObject, listAt, objectAt, objectsAt, stringAt } from './json.ts';
import type { Strategy } from './strategy.ts';

const WAITING = { reason: 'Pending', message: 'Waiting for controller', lastTransitionTime: '1970-01-01T00:00:00Z' };

export const GATEWAY: Strategy = {
  decode(gateway) {
    for (const listener of objectsAt(gateway, 'spec', 'listeners')) {
      const namespaces = ensureObject(ensureObject(listener, 'allowedRoutes'), 'namespaces');
      namespaces.from ??= 'Same';
      for (const certificate of objectsAt(listener, 'tls', 'certificateRefs')) {
        certificate.group ??= '';
        certificate.kind ??= 'Secret';
      }
      if (isObject(listener.tls)) {
        listener.tls.mode ??= 'Terminate';
      }
    }
    for (const address of objectsAt(gateway, 'spec', 'addresses')) {
      address.type ??= 'IPAddress';
    }
    defaultConditions(gateway, ['Accepted', 'Programmed']);
  },
  prepareCreate(gateway) {
    delete gateway.status;
    defaultConditions(gateway, ['Accepted', 'Programmed']);
  },
  validate(gateway) {
    return [
      ...(stringAt(gateway, 'spec', 'gatewayClassName') === '' ? [requiredValue('spec.gatewayClassName', '')] : []),
      ...(listAt(gateway, 'spec', 'listeners').length === 0
        ? [invalidValue('spec.listeners', 0, 'spec.listeners in body should have at least 1 items')]
        : []),
    ];
  },
  validateStatus(gateway) {
    const count = listAt(gateway, 'status', 'addresses').length;
    return count > 16 ? [tooMany('status.addresses', count, 16)] : [];
  },
};

export const HTTP_ROUTE: Strategy = {
  decode(route) {
    for (const parent of objectsAt(route, 'spec', 'parentRefs')) {
      parent.group ??= 'gateway.networking.k8s.io';
      parent.kind ??= 'Gateway';
    }
    for (const rule of objectsAt(route, 'spec', 'rules')) {
      rule.matches ??= [{ path: { type: 'PathPrefix', value: '/' } }];
      for (const backend of objectsAt(rule, 'backendRefs')) {
        backend.group ??= '';
        backend.kind ??= 'Service';
        backend.weight ??= 1;
      }
    }
  },
  prepareCreate: dropStatus,
};

export const GATEWAY_CLASS: Strategy = {
  decode: (gatewayClass) => defaultConditions(gatewayClass, ['Accepted']),
  prepareCreate(gatewayClass) {
    delete gatewayClass.status;
    defaultConditions(gatewayClass, ['Accepted']);
  },
};

function defaultConditions(object: KubeObject, types: readonly string[]): void {
  const status = ensureObject(object, 'status');
  status.conditions ??= types.map((type): Json => ({ type, status: 'Unknown', ...WAITING }));
}

export const IP_POOL: Strategy = {
  decode(pool) {
    ensureObject(pool, 'spec').disabled ??= false;
  },
  prepareCreate: dropStatus,
};

export const CLASS_CONFIG: Strategy = {
  decode(config) {
    const service = objectAt(config, 'spec').service;
    if (isObject(service)) {
      service.type ??= 'LoadBalancer';
      service.externalTrafficPolicy ??= 'Cluster';
      service.loadBalancerSourceRangesPolicy ??= 'Allow';
    }
  },
  prepareCreate: dropStatus,
};

export const CUSTOM: Strategy = { prepareCreate: dropStatus };

function dropStatus(object: KubeObject): void {
  delete object.status;
}
