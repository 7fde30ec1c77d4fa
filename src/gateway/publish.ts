import { SERVICE_TYPE_ANNOTATION } from '../cilium/names.ts';
import { formatVersion, honoursIpMode, honoursTypeAnnotation } from '../cilium/version.ts';
import type { GatewayConfig } from '../config/config.types.ts';
import { SERVICES } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import { foreignOwner, isOurs } from '../plan/ours.ts';
import type { Action, Finding, Json } from '../plan/plan.types.ts';
import type { CloudErrorCategory } from '../providers/errors.ts';
import { describeEntries, entriesOf, isPrivate, MAX_ADDRESSES, sameEntries, selectAddresses } from './addresses.ts';
import * as annotations from './annotations.ts';
import { malformedAnnotation } from './claims.ts';
import { type LoadBalancerRef, type LoadBalancerSeen, loadBalancerOf } from './load-balancers.ts';
import type { IngressEntry, ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import type { Subject } from './subjects.ts';

/** What is to stand in the Gateway Service's status, or why nothing may be written. */
export type Wanted =
  | { readonly kind: 'publish'; readonly entries: readonly IngressEntry[]; readonly source: string }
  | { readonly kind: 'clear' }
  /** Something is wrong or unknown: what stands there stays. */
  | { readonly kind: 'keep' };

/** Rule 1: the entrypoint's status, then the cloud by the load balancer's id, then the user's configuration. */
export function wantedAddresses(
  subject: Subject,
  service: ServiceModel,
  entrypoint: ServiceModel | undefined,
  observation: GatewayObservation,
  config: GatewayConfig,
  findings: Finding[],
): Wanted {
  const seen = entrypoint && cloudSays(entrypoint, observation);
  const source = addressSource(subject, entrypoint, seen, config);
  if (source === undefined) {
    if (entrypoint === undefined) return { kind: 'clear' };
    switch (seen?.state) {
      case 'asking':
        findings.push(addressAwaited(subject, entrypoint, seen));
        return { kind: 'keep' };
      case 'unread':
        findings.push(cloudUnread(subject, service, entrypoint, seen));
        return { kind: 'keep' };
      case 'read':
      case 'absent':
      case 'not-asked':
      case undefined:
        findings.push(noAddress(subject, entrypoint, seen));
        return { kind: 'clear' };
    }
  }
  let choice = config.publish;
  const text = entrypoint?.meta.annotations[annotations.PUBLISH];
  if (entrypoint !== undefined && text !== undefined) {
    const parsed = annotations.parsePublish(text);
    if (!parsed.ok) {
      findings.push(malformedAnnotation(entrypoint.meta, annotations.PUBLISH, parsed));
      return { kind: 'keep' };
    }
    choice = parsed.value;
  }
  const requested = requestedAddresses(subject);
  const everything = selectAddresses(source.entries, 'all');
  const missing = requested.filter((value) => !source.entries.some((entry) => entry.ip === value));
  if (missing.length > 0) {
    findings.push(addressNotOffered(subject, missing, everything.entries));
    return { kind: 'keep' };
  }
  let { entries, total } = selectAddresses(source.entries, choice);
  if (requested.some((value) => !entries.some((entry) => entry.ip === value))) {
    // What the Gateway insists on goes before the choice of EIP or VIP, or Cilium refuses the address.
    const insisted = source.entries.filter((entry) => requested.includes(entry.ip));
    ({ entries, total } = selectAddresses(insisted, 'all'));
  }
  if (entries.length === 0) {
    findings.push(choiceGivesNone(subject, entrypoint, choice, everything.entries));
    return { kind: 'clear' };
  }
  if (total > MAX_ADDRESSES) findings.push(tooMany(subject, total));
  return { kind: 'publish', entries, source: source.name };
}

/** What the cloud says of the load balancer of an entrypoint that shows no address; undefined: it is not asked. */
function cloudSays(entrypoint: ServiceModel, observation: GatewayObservation): LoadBalancerSeen | undefined {
  const ref = unansweredLoadBalancer(entrypoint);
  if (ref === undefined || observation.loadBalancers === undefined) return undefined;
  return observation.loadBalancers.get(ref.id) ?? { state: 'asking', why: 'the cloud has not been asked yet' };
}

/** The load balancer whose address the cloud must say, since the entrypoint does not. */
export function unansweredLoadBalancer(entrypoint: ServiceModel): LoadBalancerRef | undefined {
  return entrypoint.ingress.length === 0 ? loadBalancerOf(entrypoint) : undefined;
}

function addressSource(
  subject: Subject,
  entrypoint: ServiceModel | undefined,
  cloud: LoadBalancerSeen | undefined,
  config: GatewayConfig,
): { readonly entries: readonly IngressEntry[]; readonly name: string } | undefined {
  if (entrypoint !== undefined && entrypoint.ingress.length > 0) {
    return { entries: entrypoint.ingress, name: `the status of Service ${nameOf(entrypoint)}` };
  }
  // Until it has answered, nothing else is published: that would be two writes instead of one (rule 6).
  if (cloud?.state === 'asking') return undefined;
  if (entrypoint !== undefined && cloud?.state === 'read' && cloud.entries.length > 0) {
    return { entries: cloud.entries, name: `${cloud.source}, as Service ${nameOf(entrypoint)} shows no address` };
  }
  // Keys name Gateways; an Ingress of that name is something else.
  const key = `${subject.namespace}/${subject.name}`;
  const configured = subject.kind === 'Gateway' && Object.hasOwn(config.addresses, key) ? config.addresses[key] : [];
  return configured === undefined || configured.length === 0
    ? undefined
    : { entries: entriesOf(configured), name: 'gateway.addresses in the configuration' };
}

function nameOf({ meta }: ServiceModel): string {
  return `${meta.namespace}/${meta.name}`;
}

function requestedAddresses(subject: Subject): string[] {
  return (subject.gateway?.requestedAddresses ?? [])
    .filter((address) => address.type === 'IPAddress' && address.value !== '')
    .map((address) => address.value);
}

/** How the status may be written so that one address never belongs to two Services (rule 2). */
export interface IpModeDecision {
  /** Undefined: refused, see the finding. */
  readonly ipMode: 'Proxy' | 'unset' | undefined;
  /** The entrypoint must carry `service.cilium.io/type: NodePort` before the status is written. */
  readonly annotateEntrypoint: boolean;
  /** The plan rests on an answer that was not asked for yet. */
  readonly question: boolean;
  readonly finding: Finding | undefined;
}

/** Decides rule 2. `ipMode: Proxy` where the API server stores it and Cilium honours it; else the annotation; else no. */
export function decideIpMode(
  service: ServiceModel,
  entrypoint: ServiceModel | undefined,
  entries: readonly IngressEntry[],
  observation: GatewayObservation,
): IpModeDecision {
  const fine = { annotateEntrypoint: false, question: false, finding: undefined };
  if (entries.every((entry) => entry.ip === '')) return { ipMode: 'unset', ...fine };
  const version = observation.ciliumVersion;
  const honoured = version === undefined || honoursIpMode(version);
  const storedHere = service.ingress.some((entry) => entry.ip !== '' && entry.ipMode === 'Proxy');
  // What the server answered counts before what an earlier one, or one with another feature gate, has stored.
  const stored = storedHere && observation.ipModeStored !== 'no' ? 'yes' : observation.ipModeStored;
  if (honoured && stored === 'yes') return { ipMode: 'Proxy', ...fine };
  if (honoured && stored === 'unasked') return { ipMode: 'Proxy', ...fine, question: true };
  const target = targetOf(SERVICES, service.meta);
  if (honoured && stored === 'denied') {
    const denied = finding('ip-mode', 'unknown', {
      reason: 'IpModeUnknown',
      target,
      message:
        'Whether the API server stores ipMode could not be asked, as this account may not patch services/status: the plan assumes that it does.',
    });
    return { ipMode: 'Proxy', ...fine, finding: denied };
  }
  if (honoured && stored === 'unknown') {
    return {
      ipMode: undefined,
      annotateEntrypoint: false,
      question: false,
      finding: finding('ip-mode', 'unknown', {
        reason: 'IpModeUnknown',
        target,
        message: 'Whether the API server stores ipMode could not be asked, so the address is not written yet.',
      }),
    };
  }
  const cause = honoured
    ? 'the API server drops ipMode (Kubernetes before 1.30, or feature gate LoadBalancerIPMode off)'
    : `Cilium ${version === undefined ? '' : formatVersion(version)} does not honour ipMode`;
  const canAnnotate = version === undefined || honoursTypeAnnotation(version);
  if (entrypoint === undefined || !canAnnotate) {
    return {
      ipMode: undefined,
      annotateEntrypoint: false,
      question: false,
      finding: finding('ip-mode', 'fail', {
        reason: 'IpModeNotPossible',
        target,
        message:
          `The address is not written: ${cause}, so Cilium would serve one address for two Services and drop one of them` +
          (canAnnotate
            ? ', and there is no entrypoint to annotate.'
            : `, and it does not know ${SERVICE_TYPE_ANNOTATION} either.`),
        fix: honoured
          ? 'Upgrade Kubernetes to 1.30 or later, or switch the feature gate LoadBalancerIPMode on.'
          : 'Upgrade Cilium to 1.18.1 or later.',
        evidence: { ciliumVersion: version === undefined ? 'unknown' : formatVersion(version) },
      }),
    };
  }
  return {
    ipMode: 'unset',
    annotateEntrypoint: entrypoint.meta.annotations[SERVICE_TYPE_ANNOTATION] !== 'NodePort',
    question: false,
    finding: undefined,
  };
}

/** The status write, or nothing when the status is right already. */
export function publishAction(
  subject: Subject,
  service: ServiceModel,
  wanted: readonly IngressEntry[],
  mode: 'Proxy' | 'unset',
  source: string,
  parts: Pick<Action, 'key' | 'related'>,
): Action | undefined {
  const entries = wanted.map((entry) => ({
    ...entry,
    ipMode: entry.ip !== '' && mode === 'Proxy' ? 'Proxy' : '',
  }));
  if (sameEntries(service.ingress, entries, true)) return undefined;
  const foreign = service.ingress.length > 0 && !isOurs(service.ingressOwners);
  const onlyMode = sameEntries(service.ingress, entries, false);
  const previous = describeEntries(service.ingress);
  const writer = foreignOwner(service.ingressOwners)?.manager ?? 'hand';
  const message = onlyMode
    ? `Set ipMode of ${describeEntries(entries)} for ${subject.key}, so that no two Services own the address in Cilium.`
    : `Publish ${describeEntries(entries)} for ${subject.key}, read from ${source}` +
      (foreign ? `; it replaces ${previous}, written by ${writer}.` : '.');
  return {
    ...statusAction(service, entries, parts),
    kind: 'publish-address',
    reason: onlyMode ? 'IpModeCorrected' : foreign ? 'ForeignAddressReplaced' : 'AddressPublished',
    message,
  };
}

/** Takes our own address back; what others wrote is never cleared (rule 1). */
export function clearAction(
  subject: Subject,
  service: ServiceModel,
  parts: Pick<Action, 'key' | 'related'>,
): Action | undefined {
  if (service.ingress.length === 0 || !isOurs(service.ingressOwners)) return undefined;
  return {
    ...statusAction(service, [], parts),
    kind: 'clear-address',
    reason: 'AddressWithdrawn',
    message: `Take ${describeEntries(service.ingress)} back from ${subject.key}: no source gives an address any more.`,
  };
}

function statusAction(
  service: ServiceModel,
  entries: readonly IngressEntry[],
  parts: Pick<Action, 'key' | 'related'>,
): Omit<Action, 'kind' | 'reason' | 'message'> {
  const body = entries.map(toJson);
  return {
    ...parts,
    target: targetOf(SERVICES, service.meta),
    targetVersion: service.meta.resourceVersion,
    changes: [
      {
        field: 'status.loadBalancer.ingress',
        before: service.ingress.length === 0 ? undefined : service.ingress.map(toJson),
        after: entries.length === 0 ? undefined : body,
      },
    ],
    request: {
      verb: 'patch',
      resource: SERVICES,
      ref: { namespace: service.meta.namespace, name: service.meta.name },
      subresource: 'status',
      patch: {
        type: 'merge',
        body: {
          metadata: { uid: service.meta.uid, resourceVersion: service.meta.resourceVersion },
          status: { loadBalancer: { ingress: entries.length === 0 ? null : body } },
        },
      },
    },
  };
}

function toJson(entry: IngressEntry): { [key: string]: Json } {
  const json: { [key: string]: Json } = {};
  if (entry.ip !== '') json.ip = entry.ip;
  if (entry.hostname !== '') json.hostname = entry.hostname;
  if (entry.ip !== '' && entry.ipMode !== '') json.ipMode = entry.ipMode;
  return json;
}

function noAddress(subject: Subject, entrypoint: ServiceModel, cloud: LoadBalancerSeen | undefined): Finding {
  const { namespace, name } = entrypoint.meta;
  return finding('entrypoint-address', 'fail', {
    reason: 'EntrypointHasNoAddress',
    target: targetOf(SERVICES, entrypoint.meta),
    message: `The entrypoint of ${subject.key} has no address: the cloud controller has not given it a load balancer's${cloudGivesNone(cloud)}.`,
    fix: `See why: kubectl -n ${namespace} describe service ${name}   (wrong or missing load balancer id, quota, or a port that is taken); or give the address in gateway.addresses.`,
  });
}

function cloudGivesNone(cloud: LoadBalancerSeen | undefined): string {
  if (cloud === undefined) return '';
  return cloud.state === 'read' ? `, and ${cloud.source} has none` : `, and the cloud's API gives none (${cloud.why})`;
}

function cloudUnread(
  subject: Subject,
  service: ServiceModel,
  entrypoint: ServiceModel,
  { why, category }: { readonly why: string; readonly category?: CloudErrorCategory },
): Finding {
  const shown = `Service ${nameOf(entrypoint)} shows none, and the cloud could not be read (${why})`;
  const published = describeEntries(service.ingress);
  return finding('entrypoint-address', published === '' ? 'fail' : 'unknown', {
    reason: 'CloudAddressUnknown',
    target: targetOf(SERVICES, entrypoint.meta),
    message:
      published === ''
        ? `The address of ${subject.key} is not known: ${shown}.`
        : `Whether ${published} is still the address of ${subject.key} is not known: ${shown}. What was published stays.`,
    fix: `Mend what keeps the cloud from being read, or see why the Service shows no address: kubectl -n ${entrypoint.meta.namespace} describe service ${entrypoint.meta.name}`,
    ...(category === undefined ? {} : { evidence: { category } }),
  });
}

function addressAwaited(subject: Subject, entrypoint: ServiceModel, { why }: { readonly why: string }): Finding {
  return finding('entrypoint-address', 'unknown', {
    reason: 'EntrypointAddressAwaited',
    target: targetOf(SERVICES, entrypoint.meta),
    message: `The entrypoint of ${subject.key} shows no address yet, and ${why}.`,
    fix: 'Wait: the cloud controller or the cloud itself says it soon.',
  });
}

function choiceGivesNone(
  subject: Subject,
  entrypoint: ServiceModel | undefined,
  choice: string,
  entries: readonly IngressEntry[],
): Finding {
  return finding('entrypoint-address', 'fail', {
    reason: 'NoAddressOfThatKind',
    target: entrypoint === undefined ? subject.target : targetOf(SERVICES, entrypoint.meta),
    message: `${subject.key} wants a ${choice} address, but its load balancer has only ${describeEntries(entries)}.`,
    fix: choice === 'public' ? 'Bind an EIP to the load balancer, or publish all addresses.' : 'Publish all addresses.',
    evidence: { publicAddresses: entries.filter((entry) => entry.ip !== '' && !isPrivate(entry.ip)).length },
  });
}

function addressNotOffered(subject: Subject, missing: readonly string[], entries: readonly IngressEntry[]): Finding {
  return finding('requested-address', 'fail', {
    reason: 'RequestedAddressNotOffered',
    target: subject.target,
    message: `${subject.key} insists on ${missing.join(', ')} (spec.addresses), but its load balancer has ${describeEntries(entries)}; Cilium would answer AddressNotUsable, so nothing is published.`,
    fix: `Remove spec.addresses from the Gateway, or give the entrypoint the load balancer that has ${missing.join(', ')}.`,
  });
}

function tooMany(subject: Subject, total: number): Finding {
  return finding('address-count', 'warn', {
    reason: 'TooManyAddresses',
    target: subject.target,
    message: `${total} addresses are known for ${subject.key}, but a Gateway holds ${MAX_ADDRESSES}: the first ${MAX_ADDRESSES} are published.`,
    fix: 'Publish fewer: annotate the entrypoint with cilium-cloud-bridge.io/publish=public or private.',
    evidence: { total },
  });
}
