import { microTime, wholeSeconds } from './times.ts';
import type { ObjectRef, RawObject } from './types.ts';

/** Longest message that the API server takes, in characters. */
const MAX_MESSAGE = 1024;
const MAX_NAME = 253;

/** The object that an Event is about. */
export interface EventTarget extends ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  /** `kubectl describe` finds Events by it. */
  readonly uid: string;
  readonly resourceVersion?: string;
}

/** Something that happened, as `kubectl describe` shows it. */
export interface KubeEvent {
  readonly target: EventTarget;
  readonly type: 'Normal' | 'Warning';
  /** Why, a CamelCase code: the same as in the log. */
  readonly reason: string;
  /** What was done or tried, CamelCase: `PatchStatus`. */
  readonly action: string;
  /** For people; what is beyond 1,024 characters is cut. */
  readonly message: string;
  readonly related?: EventTarget;
}

export interface EventSource {
  /** `cilium-cloud-bridge` */
  readonly component: string;
  /** Pod or host name. */
  readonly instance: string;
}

/** Events of cluster-scoped objects live in `default`: kube-apiserver refuses other namespaces for them. */
export function eventNamespace(target: EventTarget): string {
  return target.namespace === '' ? 'default' : target.namespace;
}

/** Name of an Event: the object's name and a time in hexadecimal, as client-go does. */
export function eventName(target: EventTarget, unique: string): string {
  return `${target.name.slice(0, MAX_NAME - unique.length - 1)}.${unique}`;
}

/** A core/v1 Event with the fields of events.k8s.io as well, so that old and new readers understand it. */
export function eventObject(event: KubeEvent, source: EventSource, nowMs: number, name: string): RawObject {
  const { target } = event;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: eventNamespace(target), name },
    involvedObject: reference(target),
    ...(event.related === undefined ? {} : { related: reference(event.related) }),
    type: event.type,
    reason: event.reason,
    action: event.action.slice(0, 128),
    message: truncate(event.message),
    source: { component: source.component, host: source.instance },
    reportingComponent: source.component,
    reportingInstance: source.instance.slice(0, 128),
    eventTime: microTime(nowMs),
    firstTimestamp: wholeSeconds(nowMs),
    lastTimestamp: wholeSeconds(nowMs),
    count: 1,
  };
}

/** Merge patch that tells that the same happened again. */
export function repeatPatch(count: number, nowMs: number): RawObject {
  return {
    count,
    lastTimestamp: wholeSeconds(nowMs),
    series: { count, lastObservedTime: microTime(nowMs) },
  };
}

function reference(target: EventTarget): RawObject {
  return {
    apiVersion: target.apiVersion,
    kind: target.kind,
    ...(target.namespace === '' ? {} : { namespace: target.namespace }),
    name: target.name,
    uid: target.uid,
    ...(target.resourceVersion === undefined ? {} : { resourceVersion: target.resourceVersion }),
  };
}

/** By code points, so that no character is cut in two. */
function truncate(message: string): string {
  const characters = [...message];
  return characters.length <= MAX_MESSAGE ? message : `${characters.slice(0, MAX_MESSAGE - 1).join('')}…`;
}
