import { asArray, asRecord, asString } from '../../kube/read.ts';
import type { RawObject } from '../../kube/types.ts';

/*
 * Fields that the schema of a kind promises and that a plan's meaning rests on. An object without them comes from a
 * server or proxy that mangles: what it says must not pass for a wish to take something away.
 */

/** @throws Error when the Service has no type, or is a load balancer without ports */
export function expectService(raw: RawObject): void {
  const { type, ports } = asRecord(raw.spec);
  expect(asString(type) !== '', 'spec.type');
  expect(type !== 'LoadBalancer' || asArray(ports).length > 0, 'spec.ports');
}

/** @throws Error when the Gateway has no class or no listeners */
export function expectGateway(raw: RawObject): void {
  const { gatewayClassName, listeners } = asRecord(raw.spec);
  expect(asString(gatewayClassName) !== '', 'spec.gatewayClassName');
  expect(asArray(listeners).length > 0, 'spec.listeners');
}

/** @throws Error when the GatewayClass has no controller */
export function expectGatewayClass(raw: RawObject): void {
  expect(asString(asRecord(raw.spec).controllerName) !== '', 'spec.controllerName');
}

/** @throws Error when the CiliumEnvoyConfig has no resources; none may be in them */
export function expectEnvoyConfig(raw: RawObject): void {
  expect(Array.isArray(asRecord(raw.spec).resources), 'spec.resources');
}

function expect(holds: boolean, field: string): void {
  if (!holds) throw new Error(`${field} is missing, which the schema promises`);
}
