import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, notServed, PAGE_NOT_FOUND } from './api-error.ts';
import { bodyOf, parseBody } from './body.ts';
import { discovery, openApi, versionInfo } from './discovery.ts';
import type { Fault } from './faults.ts';
import type { JsonObject } from './json.ts';
import { BUILT_IN_KINDS } from './kinds.ts';
import { type RequestInfo, requestInfo } from './request-info.ts';
import {
  assertReadable,
  contextOf,
  create,
  deleteAll,
  deleteRules,
  type Exchange,
  objectBody,
  type Parts,
  patch,
  sendDeleted,
  sendList,
  sendObject,
  startWatch,
} from './resource-requests.ts';
import { accessReview, selfReview } from './reviews.ts';
import { Wire } from './wire.ts';

/** Answers one HTTP request: audit, faults, authentication, authorization, then the resource. */
export async function handle(parts: Parts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await bodyOf(message);
  const info = requestInfo(message.method ?? 'GET', message.url ?? '/', parts.catalog);
  const request = parts.record(info, message, text === undefined ? undefined : parseBody(text));
  const wire = new Wire(response, request);
  try {
    const fault = await beforeAnswer(parts.faults.next(request), wire);
    if (fault === 'answered') {
      return;
    }
    if (text === undefined) {
      throw new ApiError(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728');
    }
    const user = parts.access.authenticate(message.headers.authorization);
    request.user = user.name;
    const accept = message.headers.accept ?? '';
    const before = parts.env.store.version;
    answer(parts, { info, request, wire, accept, user, listFault: fault });
    request.changed = parts.env.store.version !== before;
  } catch (error) {
    refuse(wire, error);
  }
}

/** Plays the part of a fault that comes before the answer. Returns a list fault, which comes with it. */
async function beforeAnswer(fault: Fault | undefined, wire: Wire): Promise<Exchange['listFault'] | 'answered'> {
  switch (fault?.kind) {
    case undefined:
      return undefined;
    case 'answer':
      if (fault.cut !== undefined) wire.cutAfter(fault.cut.afterBytes, fault.cut.how);
      wire.send(fault.status, fault.body ?? statusText(fault), fault.headers);
      return 'answered';
    case 'drop':
      if (fault.how === 'reset') {
        wire.reset();
      }
      return 'answered';
    case 'cut':
      wire.cutAfter(fault.afterBytes, fault.how);
      return undefined;
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return beforeAnswer(fault.then, wire);
    case 'list':
      return fault;
    default:
      return fault satisfies never;
  }
}

function statusText(fault: Extract<Fault, { kind: 'answer' }>): string {
  const error = new ApiError(fault.status, fault.reason ?? '', fault.message ?? 'scripted fault');
  return JSON.stringify(error.toStatus());
}

function refuse(wire: Wire, error: unknown): void {
  if (!(error instanceof ApiError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    wire.send(500, JSON.stringify(new ApiError(500, 'InternalError', `Internal error occurred: ${text}`).toStatus()));
  } else if (error.message === PAGE_NOT_FOUND) {
    wire.send(404, `${PAGE_NOT_FOUND}\n`, { 'content-type': 'text/plain; charset=utf-8' });
  } else {
    wire.send(error.code, `${JSON.stringify(error.toStatus())}\n`);
  }
}

function answer(parts: Parts, exchange: Exchange): void {
  const { info, wire } = exchange;
  if (!info.isResource) {
    answerPath(parts, exchange);
    return;
  }
  const review = reviewOf(parts, exchange);
  if (review !== undefined) {
    wire.send(201, JSON.stringify(review));
    return;
  }
  parts.access.authorize(info, exchange.user);
  const { kind } = info;
  const knownSubresource =
    info.subresource === '' || (info.subresource === 'status' && kind?.statusSubresource === true);
  if (kind?.plural === 'pods' && IN_CONTAINERS.has(info.subresource)) {
    parts.registry.get(kind, info.namespace, info.name);
    throw new ApiError(404, 'NotFound', 'this API server is a fake: no container runs in its Pods');
  }
  if (kind === undefined || !knownSubresource || (!kind.namespaced && info.namespace !== '')) {
    throw notServed(isBuiltIn(info));
  }
  switch (info.verb) {
    case 'get':
      sendObject(exchange, kind, 200, parts.registry.get(kind, info.namespace, info.name));
      return;
    case 'list':
      sendList(parts, exchange, kind);
      return;
    case 'watch':
      startWatch(parts, exchange, kind);
      return;
    case 'create':
      sendObject(exchange, kind, 201, create(parts, exchange, kind));
      return;
    case 'update': {
      const body = objectBody(exchange);
      const { registry } = parts;
      const updated = registry.update(kind, info.namespace, info.name, () => body, contextOf(exchange), true);
      sendObject(exchange, kind, 200, updated);
      return;
    }
    case 'patch':
      patch(parts, exchange, kind);
      return;
    case 'delete':
      sendDeleted(
        exchange,
        kind,
        parts.registry.delete(kind, info.namespace, info.name, deleteRules(exchange), contextOf(exchange)),
      );
      return;
    case 'deletecollection':
      deleteAll(parts, exchange, kind);
      return;
    default:
      info.verb satisfies never;
  }
}

/** `kubectl logs`, `exec` and the like. */
const IN_CONTAINERS: ReadonlySet<string> = new Set(['log', 'exec', 'attach', 'portforward', 'ephemeralcontainers']);

function isBuiltIn({ group, version }: RequestInfo): boolean {
  return group.startsWith('auth') || BUILT_IN_KINDS.some((kind) => kind.group === group && kind.version === version);
}

const OPENAPI_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

function answerPath(parts: Parts, { info, wire, accept }: Exchange): void {
  const { path } = info;
  if (path === '/version') {
    wire.send(200, JSON.stringify(versionInfo(parts.env.settings.gitVersion)));
  } else if (path === '/healthz' || path === '/readyz' || path === '/livez') {
    wire.send(200, 'ok', { 'content-type': 'text/plain; charset=utf-8' });
  } else if (path === '/openapi/v2') {
    // Only kubectl asks for it, about a kind that version 3 lacks: a document in protobuf, in which there is nothing.
    wire.send(200, '', { 'content-type': OPENAPI_V2 });
  } else {
    const found = discovery(parts.catalog, path, accept);
    const body = found?.body ?? openApi(parts.catalog, path);
    if (body === undefined) {
      throw new ApiError(404, '', PAGE_NOT_FOUND);
    }
    wire.send(200, JSON.stringify(body), { 'content-type': found?.type ?? 'application/json' });
  }
}

function reviewOf(parts: Parts, { info, request, user }: Exchange): JsonObject | undefined {
  if (info.verb === 'create' && info.group === 'authorization.k8s.io' && info.resource === 'selfsubjectaccessreviews') {
    assertReadable(request);
    return accessReview(parts.access, user, request.body);
  }
  if (info.verb === 'create' && info.group === 'authentication.k8s.io' && info.resource === 'selfsubjectreviews') {
    return selfReview(user);
  }
  return undefined;
}
