import { describe, expect, it } from 'vitest';
import {
  expectEnvoyConfig,
  expectGateway,
  expectGatewayClass,
  expectService,
} from '../../src/gateway/models/promised.ts';
import { entrypoint, gateway, gatewayService } from './build.ts';
import { envoyConfig } from './envoy.ts';

describe('objects as an API server sends them', () => {
  it('have what their schema promises', () => {
    expectService(entrypoint());
    expectService(gatewayService());
    expectService({ spec: { type: 'ExternalName' } });
    expectGateway(gateway());
    expectGatewayClass({ spec: { controllerName: 'io.cilium/gateway-controller' } });
    expectEnvoyConfig(envoyConfig('any'));
    expectEnvoyConfig({ spec: { resources: [] } });
  });
});

describe('an object without it is unreadable:', () => {
  it.each([undefined, null, 7, [], {}])('spec %j', (spec) => {
    for (const check of [expectService, expectGateway, expectGatewayClass]) {
      expect(() => check({ spec })).toThrow('is missing, which the schema promises');
    }
  });

  it.each([undefined, null, true, {}, { services: [] }, { resources: {} }])(
    'a CiliumEnvoyConfig with spec %j',
    (spec) => {
      expect(() => expectEnvoyConfig({ spec })).toThrow('spec.resources is missing');
    },
  );

  it.each([undefined, [], {}])('a load balancer with ports %j', (ports) => {
    expect(() => expectService({ spec: { type: 'LoadBalancer', ports } })).toThrow('spec.ports');
  });

  it.each([undefined, [], {}])('a Gateway with listeners %j', (listeners) => {
    expect(() => expectGateway({ spec: { gatewayClassName: 'cilium', listeners } })).toThrow('spec.listeners');
  });
});
