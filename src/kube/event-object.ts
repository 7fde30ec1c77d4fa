import { microTime, wholeSeconds } from './times.ts';
import type { ObjectRef, RawObject } from './types.ts';

/** What the API server takes: it counts bytes of UTF-8, whatever its error message says. */
const MAX_MESSAGE = 1024;
const MAX_WORD = 128;
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
  /** For people; what is beyond 1,024 bytes is cut. */
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
    action: truncate(event.action, MAX_WORD),
    message: truncate(event.message, MAX_MESSAGE),
    source: { component: source.component, host: source.instance },
    reportingComponent: source.component,
    reportingInstance: truncate(source.instance, MAX_WORD),
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

/** To so many bytes of UTF-8, without cutting a character in two. */
function truncate(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) {
    return text;
  }
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes - Buffer.byteLength('…')));
  return `${text.slice(0, read)}…`;
}
