import { OWNING_GATEWAY_LABEL, SERVICE_TYPE_ANNOTATION } from '../cilium/names.ts';
import { describeEntries } from '../gateway/addresses.ts';
import { MANAGED_LABEL } from '../gateway/annotations.ts';
import { type ServiceModel, trimService } from '../gateway/models/service.ts';
import { type FieldOwner, readFieldOwners } from '../kube/managed-fields.ts';
import { asRecord, asString, at, readMeta } from '../kube/read.ts';
import { CLASS_CONFIGS, ENVOY_CONFIGS, GATEWAY_CLASSES, LEASES, SERVICES } from '../kube/resources.ts';
import type { Meta, RawObject } from '../kube/types.ts';
import { targetOf } from '../plan/make.ts';
import { isOurs } from '../plan/ours.ts';
import type { Target } from '../plan/plan.types.ts';

export type LeftoverKind =
  | 'redirect-copy'
  | 'published-address'
  | 'target-port'
  | 'type-annotation'
  | 'managed-entrypoint'
  | 'node-port'
  | 'gateway-class'
  | 'gateway-class-config'
  | 'lease'
  | 'events';

/** Something of this program that stays in the cluster without it. */
export interface Leftover {
  readonly kind: LeftoverKind;
  /** Undefined: many objects. */
  readonly target: Target | undefined;
  /** What it is, and what it still does. */
  readonly message: string;
  /** Takes it back. */
  readonly command: string;
  /** What taking it back costs; empty: nothing. */
  readonly consequence: string;
}

/** What one Service keeps. */
export function serviceLeftovers(raw: RawObject): readonly Leftover[] {
  const service = trimService(raw);
  const target = targetOf(SERVICES, service.meta);
  const on = `kubectl -n ${service.meta.namespace}`;
  const found: Leftover[] = [];
  if (service.meta.labels[MANAGED_LABEL] === 'true') {
    return [
      {
        kind: 'managed-entrypoint',
        target,
        message: `An entrypoint that was made for ${service.meta.annotations['cilium-cloud-bridge.io/gateway'] ?? 'a Gateway'}. It goes on serving.`,
        command: `${on} delete service ${service.meta.name}`,
        consequence: 'The Gateway loses its way in; the cloud may delete the load balancer, and its address with it.',
      },
    ];
  }
  if (service.ingress.length > 0 && isOurs(service.ingressOwners)) {
    found.push({
      kind: 'published-address',
      target,
      message: `The address ${describeEntries(service.ingress)}, by which the Gateway is Programmed. Nobody corrects it when the load balancer's changes.`,
      command: `${on} patch service ${service.meta.name} --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":null}}}'`,
      consequence: 'The Gateway is not Programmed any more (AddressNotAssigned).',
    });
  }
  const isGatewayService = service.meta.labels[OWNING_GATEWAY_LABEL] !== undefined;
  if (isGatewayService && found.length > 0) found.push(nodePortsLeftover(service, target));
  service.ports.forEach((port, index) => {
    if (!isGatewayService && isLastOurs(port.targetPortOwners)) found.push(targetPortLeftover(service, index, target));
  });
  const owners = readFieldOwners(raw);
  if (isLastOurs(owners.of(['f:metadata', 'f:annotations', `f:${SERVICE_TYPE_ANNOTATION}`], ''))) {
    found.push({
      kind: 'type-annotation',
      target,
      message: `The annotation ${SERVICE_TYPE_ANNOTATION}: ${service.meta.annotations[SERVICE_TYPE_ANNOTATION] ?? ''}, which keeps one address from belonging to two Services in Cilium.`,
      command: `${on} annotate service ${service.meta.name} ${SERVICE_TYPE_ANNOTATION}-`,
      consequence: 'While the Gateway Service shows the same address, Cilium drops one of the two.',
    });
  }
  return found;
}

/** Cilium's next reconcile hides from managedFields who gave a NodePort (and the API server keeps it all the same). */
function nodePortsLeftover({ meta, ports }: ServiceModel, target: Target): Leftover {
  const pairs = ports.map(({ port, nodePort }) => `${nodePort} of port ${port}`).join(', ');
  return {
    kind: 'node-port',
    target,
    message: `NodePort ${pairs}: chosen by the API server, or given back (pinned) if the Service was recreated. It stays as long as the Service lives.`,
    command: `kubectl -n ${meta.namespace} delete service ${meta.name}`,
    consequence:
      'Cilium makes the Service anew, with other NodePorts and without an address: nothing leads there any more.',
  };
}

function targetPortLeftover(service: ServiceModel, index: number, target: Target): Leftover {
  const { meta, ports } = service;
  const port = ports[index];
  return {
    kind: 'target-port',
    target,
    message: `targetPort ${port?.targetPort ?? ''} of port ${port?.port ?? ''}: the Gateway's NodePort. Nobody corrects it when the Gateway gets another. What stood there before is not known.`,
    command: `kubectl -n ${meta.namespace} patch service ${meta.name} --type=json -p '[{"op":"test","path":"/spec/ports/${index}/port","value":${port?.port ?? 0}},{"op":"remove","path":"/spec/ports/${index}/targetPort"}]'`,
    consequence: 'It becomes the port itself, where no Envoy listens: without a redirect nothing is answered.',
  };
}

/** The newest owner counts: who wrote the same value before has not what stands there now. */
function isLastOurs(owners: readonly FieldOwner[]): boolean {
  const last = owners.at(-1);
  return last !== undefined && isOurs([last]);
}

/** A redirect copy, should the hook not have run. */
export function copyLeftover(copy: Meta): Leftover {
  return {
    kind: 'redirect-copy',
    target: targetOf(ENVOY_CONFIGS, copy),
    message: `The redirect of Service ${copy.namespace}/${copy.owners[0]?.name ?? ''}. It answers with the routes of when it was written; nobody follows them.`,
    command: `kubectl -n ${copy.namespace} delete ciliumenvoyconfig ${copy.name}`,
    consequence:
      'The entrypoint falls back to its targetPort: 1 in N connections is refused (N nodes), all with externalTrafficPolicy Local.',
  };
}

/** GatewayClasses whose Services have our loadBalancerClass, and their parameters. */
export function classLeftovers(
  classes: readonly RawObject[],
  configs: readonly RawObject[],
  gateways: readonly RawObject[],
  loadBalancerClass: string,
): readonly Leftover[] {
  const ours = configs
    .filter((raw) => at(raw, 'spec', 'service', 'loadBalancerClass') === loadBalancerClass)
    .map(readMeta);
  const found: Leftover[] = [];
  for (const raw of classes) {
    const named = asRecord(at(raw, 'spec', 'parametersRef'));
    const isOf = ({ namespace, name }: Meta): boolean =>
      namespace === asString(named.namespace) && name === asString(named.name);
    if (!ours.some(isOf)) continue;
    const meta = readMeta(raw);
    const users = gateways
      .filter((gateway) => at(gateway, 'spec', 'gatewayClassName') === meta.name)
      .map(readMeta)
      .map(({ namespace, name }) => `${namespace}/${name}`);
    found.push({
      kind: 'gateway-class',
      target: targetOf(GATEWAY_CLASSES, meta),
      message:
        users.length === 0
          ? 'A GatewayClass with our loadBalancerClass. No Gateway names it.'
          : `A GatewayClass with our loadBalancerClass, which ${users.join(', ')} ${users.length === 1 ? 'names' : 'name'}.`,
      command: `kubectl delete gatewayclass ${meta.name}`,
      consequence:
        users.length === 0
          ? ''
          : `Cilium stops serving ${users.join(', ')}, and may delete what it made for them. Move them first: cilium-cloud-bridge migrate ${users[0] ?? ''} --to-class=<class>`,
    });
  }
  for (const meta of ours) {
    found.push({
      kind: 'gateway-class-config',
      target: targetOf(CLASS_CONFIGS, meta),
      message: `Gives Services of its classes the loadBalancerClass ${loadBalancerClass}.`,
      command: `kubectl -n ${meta.namespace} delete ciliumgatewayclassconfig ${meta.name}`,
      consequence: 'A GatewayClass that names it is not accepted any more. Delete the class first.',
    });
  }
  return found;
}

export function leaseLeftover(raw: RawObject): Leftover {
  const meta = readMeta(raw);
  const holder = asString(at(raw, 'spec', 'holderIdentity'));
  return {
    kind: 'lease',
    target: targetOf(LEASES, meta),
    message: `The Lease by which one controller works at a time${holder === '' ? '' : `, held last by ${holder}`}.`,
    command: `kubectl -n ${meta.namespace} delete lease ${meta.name}`,
    consequence: '',
  };
}

/** @param events those of ours */
export function eventsLeftover(events: readonly Meta[]): readonly Leftover[] {
  if (events.length === 0) return [];
  return [
    {
      kind: 'events',
      target: undefined,
      message: `${events.length} ${events.length === 1 ? 'Event' : 'Events'} that tell what was done. They go by themselves within an hour, as all Events do.`,
      command: 'kubectl delete events -A --field-selector source=cilium-cloud-bridge',
      consequence: '',
    },
  ];
}
