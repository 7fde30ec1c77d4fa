import { expect } from 'vitest';
import { GATEWAY_CLASSES, GATEWAYS, type Resource, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { Send } from '../control-plane/http.ts';
import { conditionOf, isKubeObject, resourcePath } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
import { created, MERGE_PATCH, read, unique } from './client.ts';

export const GATEWAY_API = 'gateway.networking.k8s.io/v1';
export const CLASS_CONFIGS: Resource = {
  group: 'cilium.io',
  version: 'v2alpha1',
  plural: 'ciliumgatewayclassconfigs',
  kind: 'CiliumGatewayClassConfig',
  namespaced: true,
};
export const SLICES: Resource = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};

type Members = Readonly<Record<string, unknown>>;

/** Gateways in the namespace default of a cluster with Cilium's operator. */
export interface GatewayWorld {
  refOf(name: string): { readonly namespace: string; readonly name: string };
  /** The Service of a Gateway whose name is short. */
  serviceOf(gateway: string): ObjectRef;
  /** Makes a GatewayClass of Cilium; returns its name. */
  gatewayClass(parametersRef?: unknown): Promise<string>;
  /** Makes a Gateway with these members of the spec; without listeners it has one, HTTP on 80. */
  gateway(spec?: Members, name?: string): Promise<string>;
  /** As `gateway`, but the operator has done its work when it resolves. */
  waiting(spec?: Members): Promise<string>;
  present(resource: Resource, ref: ObjectRef): Promise<unknown>;
  /** The Gateway, once its condition Programmed has that reason. */
  programmed(name: string, reason: string): Promise<unknown>;
  setIngress(service: ObjectRef, ingress: unknown): Promise<void>;
}

export function gatewayWorld(send: Send): GatewayWorld {
  const refOf = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name });
  const serviceOf = (gateway: string): ObjectRef => refOf(`cilium-gateway-${gateway}`);

  async function gatewayClass(parameters?: unknown): Promise<string> {
    const name = unique('class');
    const parametersRef = parameters === undefined ? {} : { parametersRef: parameters };
    const spec = { controllerName: 'io.cilium/gateway-controller', ...parametersRef };
    await created(send, GATEWAY_CLASSES, { apiVersion: GATEWAY_API, kind: 'GatewayClass', metadata: { name }, spec });
    return name;
  }

  async function gateway(more: Readonly<Record<string, unknown>> = {}, name = unique('g')): Promise<string> {
    const gatewayClassName = 'gatewayClassName' in more ? more.gatewayClassName : await gatewayClass();
    const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }];
    const spec = { listeners, ...more, gatewayClassName };
    await created(send, GATEWAYS, { apiVersion: GATEWAY_API, kind: 'Gateway', metadata: refOf(name), spec });
    return name;
  }

  function present(resource: Resource, ref: ObjectRef): Promise<unknown> {
    return waitFor(`${resource.kind} ${ref.name}`, async () => {
      const answer = await send('GET', resourcePath(resource, ref));
      return answer.status === 200 ? answer.body : false;
    });
  }

  function programmed(name: string, reason: string): Promise<unknown> {
    return waitFor(`Gateway ${name} with Programmed for reason ${reason}`, async () => {
      const body = await read(send, GATEWAYS, refOf(name));
      return isKubeObject(body) && conditionOf(body, 'Programmed')?.reason === reason ? body : false;
    });
  }

  async function setIngress(ref: ObjectRef, ingress: unknown): Promise<void> {
    const body = { status: { loadBalancer: { ingress } } };
    const answer = await send('PATCH', resourcePath(SERVICES, ref, 'status'), body, MERGE_PATCH);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  }

  /** A Gateway whose operator work is done: the status says so, and all objects are there. */
  async function waiting(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const name = await gateway(more);
    await programmed(name, 'AddressNotAssigned');
    return name;
  }

  return { refOf, serviceOf, gatewayClass, gateway, waiting, present, programmed, setIngress };
}
