import type { IncomingMessage, ServerResponse } from 'node:http';
import { load } from 'js-yaml';
import type { Access, User } from './access.ts';
import { ApiError, badRequest, invalidOptions, notServed, PAGE_NOT_FOUND, requiredValue } from './api-error.ts';
import type { Catalog } from './catalog.ts';
import { discovery, openApi, versionInfo } from './discovery.ts';
import type { Fault, Faults } from './faults.ts';
import { isKubeObject, isObject, type Json, type JsonObject, type KubeObject, parseJson, stringAt } from './json.ts';
import { applyJsonPatch } from './json-patch.ts';
import { BUILT_IN_KINDS, type Kind, kindKey } from './kinds.ts';
import { listPage, requestMatcher } from './lists.ts';
import { applyMergePatch, applyStrategicMerge } from './merge-patch.ts';
import { type DeleteRules, missingNamespace, type Registry, type WriteContext } from './registry.ts';
import { type RequestInfo, requestInfo } from './request-info.ts';
import { type RecordedRequest, recorded } from './requests.ts';
import { accessReview, selfReview } from './reviews.ts';
import { listText, objectText } from './serialize.ts';
import type { Environment } from './strategy.ts';
import { tableOf } from './table.ts';
import type { Watches } from './watches.ts';
import { Wire } from './wire.ts';

const MAX_BODY = 3 * 1024 * 1024;

/** The parts that a request may meet. */
export interface Parts {
  readonly env: Environment;
  readonly catalog: Catalog;
  readonly registry: Registry;
  readonly access: Access;
  readonly faults: Faults;
  readonly watches: Watches;
  /** Gets each request before it is carried out. */
  record(request: RecordedRequest): void;
}

interface Exchange {
  readonly info: RequestInfo;
  readonly request: RecordedRequest;
  readonly wire: Wire;
  readonly accept: string;
  readonly user: User;
  readonly listFault: Extract<Fault, { kind: 'list' }> | undefined;
}

let sequence = 0;

/** Answers one HTTP request: audit, faults, authentication, authorization, then the resource. */
export async function handle(parts: Parts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await bodyOf(message);
  const info = requestInfo(message.method ?? 'GET', message.url ?? '/', parts.catalog);
  sequence += 1;
  const request = recorded(sequence, info, message, parseBody(text));
  parts.record(request);
  const wire = new Wire(response, request);
  try {
    const fault = await beforeAnswer(parts.faults.next(request), wire);
    if (fault === 'answered') {
      return;
    }
    const user = parts.access.authenticate(message.headers.authorization);
    request.user = user.name;
    const accept = message.headers.accept ?? '';
    answer(parts, { info, request, wire, accept, user, listFault: fault });
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

function isBuiltIn({ group, version }: RequestInfo): boolean {
  return group.startsWith('auth') || BUILT_IN_KINDS.some((kind) => kind.group === group && kind.version === version);
}

function answerPath(parts: Parts, { info, wire, accept }: Exchange): void {
  const { path } = info;
  if (path === '/version') {
    wire.send(200, JSON.stringify(versionInfo(parts.env.settings.gitVersion)));
  } else if (path === '/healthz' || path === '/readyz' || path === '/livez') {
    wire.send(200, 'ok', { 'content-type': 'text/plain; charset=utf-8' });
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

function wantsTable(accept: string): boolean {
  return accept.includes('as=Table');
}

function sendObject({ wire, accept }: Exchange, kind: Kind, status: number, object: KubeObject): void {
  const body = wantsTable(accept) ? JSON.stringify(tableOf(kind, [object], undefined, Date.now())) : objectText(object);
  wire.send(status, `${body}\n`);
}

function sendList(parts: Parts, { info, wire, accept, listFault }: Exchange, kind: Kind): void {
  const page = listPage(parts.env.store, kind, info);
  const items = listFault === undefined ? page.items : listFault.transform(page.items);
  const resourceVersion = listFault?.resourceVersion ?? page.metadata.resourceVersion;
  const metadata = { ...page.metadata, resourceVersion };
  const table = wantsTable(accept) ? tableOf(kind, items, metadata, Date.now()) : undefined;
  wire.send(200, table === undefined ? listText(kind, items, metadata) : JSON.stringify(table));
}

function startWatch(parts: Parts, { info, request, wire, accept }: Exchange, kind: Kind): void {
  const row = (object: KubeObject): string => JSON.stringify(tableOf(kind, [object], undefined, Date.now()));
  parts.watches.start(kind, info, request, wire, wantsTable(accept) ? row : objectText);
}

function contextOf({ info, request, user }: Exchange): WriteContext {
  const dryRun = info.query.get('dryRun') ?? '';
  if (dryRun !== '' && dryRun !== 'All') {
    const message = `Unsupported value: []string{"${dryRun}"}: supported values: "All"`;
    throw invalidOptions({ field: 'dryRun', reason: 'FieldValueNotSupported', message });
  }
  return {
    manager: request.fieldManager || (request.userAgent.split('/')[0] ?? '') || 'unknown',
    subresource: info.subresource === 'status' ? 'status' : '',
    dryRun: dryRun === 'All',
    user: user.name,
    admitted: true,
  };
}

function objectBody({ request, info }: Exchange): KubeObject {
  assertReadable(request);
  const { body } = request;
  if (!isKubeObject(body)) {
    throw badRequest(`couldn't get version/kind; json parse error in the body of ${info.method} ${info.path}`);
  }
  const { kind } = info;
  if (kind !== undefined && body.kind !== kind.kind) {
    throw badRequest(`${body.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}`);
  }
  return body;
}

/** The real server also reads protobuf, which `kubectl auth can-i` sends. */
function assertReadable(request: RecordedRequest): void {
  if (request.contentType !== 'application/json' && request.contentType !== 'application/yaml') {
    const types = 'application/json, application/yaml';
    const message = `the body of the request was in an unknown format - accepted media types include: ${types}`;
    throw new ApiError(415, 'UnsupportedMediaType', message);
  }
}

function create(parts: Parts, exchange: Exchange, kind: Kind): KubeObject {
  const { info } = exchange;
  const body = objectBody(exchange);
  const namespace = body.metadata.namespace;
  if (kind.namespaced && namespace !== undefined && namespace !== info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  assertNamespace(parts, kind, info.namespace);
  return parts.registry.create(kind, info.namespace, body, contextOf(exchange));
}

function assertNamespace(parts: Parts, kind: Kind, namespace: string): void {
  const namespaces = parts.catalog.byKey('namespaces');
  if (kind.namespaced && namespaces !== undefined && parts.env.store.get(namespaces, '', namespace) === undefined) {
    throw missingNamespace(kind, namespace);
  }
}

function patch(parts: Parts, exchange: Exchange, kind: Kind): void {
  const { info, request } = exchange;
  const body = request.body ?? null;
  const context = contextOf(exchange);
  const change = (produce: (live: KubeObject) => Json): void => {
    sendObject(exchange, kind, 200, parts.registry.update(kind, info.namespace, info.name, produce, context));
  };
  switch (request.contentType) {
    case 'application/json-patch+json':
      change((live) => applyJsonPatch(live, body));
      return;
    case 'application/merge-patch+json':
      change((live) => applyMergePatch(live, patchObject(body)));
      return;
    case 'application/strategic-merge-patch+json':
      if (kind.custom) {
        throw unknownPatch(kind);
      }
      change((live) => applyStrategicMerge(live, patchObject(body), kind.shape));
      return;
    case 'application/apply-patch+yaml': {
      const configuration = applyBody(info, kind, body);
      assertNamespace(parts, kind, info.namespace);
      const force = info.query.get('force') === 'true';
      const applied = parts.registry.apply(kind, info.namespace, info.name, configuration, force, context);
      sendObject(exchange, kind, applied.created ? 201 : 200, applied.object);
      return;
    }
    default:
      throw unknownPatch(kind);
  }
}

function patchObject(body: Json): JsonObject {
  if (!isObject(body)) {
    throw badRequest('error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}');
  }
  return body;
}

function applyBody(info: RequestInfo, kind: Kind, body: Json): KubeObject {
  if ((info.query.get('fieldManager') ?? '') === '') {
    throw invalidOptions(requiredValue('fieldManager', 'is required for apply patch'));
  }
  if (!isKubeObject(body) || body.kind !== kind.kind) {
    throw badRequest('error decoding YAML: the body is no object of the expected kind');
  }
  const name = stringAt(body, 'metadata', 'name');
  if (name !== '' && name !== info.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`);
  }
  return { ...body, metadata: { ...body.metadata, name: info.name } };
}

function unknownPatch(kind: Kind): ApiError {
  const types = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
  const accepted = kind.custom ? types : [...types, 'application/strategic-merge-patch+json'];
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}

function deleteRules({ info, request }: Exchange): DeleteRules {
  const { body } = request;
  const uid = stringAt(body, 'preconditions', 'uid');
  const resourceVersion = stringAt(body, 'preconditions', 'resourceVersion');
  const propagation = stringAt(body, 'propagationPolicy') || (info.query.get('propagationPolicy') ?? '');
  const grace = isObject(body) && typeof body.gracePeriodSeconds === 'number' ? body.gracePeriodSeconds : undefined;
  const asked = info.query.get('gracePeriodSeconds');
  return {
    ...(uid === '' ? {} : { uid }),
    ...(resourceVersion === '' ? {} : { resourceVersion }),
    ...(propagation === '' ? {} : { propagation }),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(grace === undefined && asked !== null ? { gracePeriodSeconds: Number(asked) } : {}),
  };
}

/** Kinds whose DELETE answers with the object. */
const ANSWERED_WHOLE: ReadonlySet<string> = new Set(['services', 'pods']);

function sendDeleted({ wire }: Exchange, kind: Kind, outcome: { object: KubeObject; gone: boolean }): void {
  if (!outcome.gone || ANSWERED_WHOLE.has(kindKey(kind))) {
    wire.send(200, objectText(outcome.object));
    return;
  }
  const { name, uid } = outcome.object.metadata;
  const group = kind.group === '' ? {} : { group: kind.group };
  const details = { name, ...group, kind: kind.plural, uid };
  wire.send(200, JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }));
}

function deleteAll(parts: Parts, exchange: Exchange, kind: Kind): void {
  const matches = requestMatcher(kind, exchange.info);
  const removed = parts.env.store
    .list(kind)
    .filter(matches)
    .map((object) => {
      const namespace = stringAt(object, 'metadata', 'namespace');
      return parts.registry.delete(kind, namespace, object.metadata.name, deleteRules(exchange), contextOf(exchange))
        .object;
    });
  exchange.wire.send(200, listText(kind, removed, { resourceVersion: String(parts.env.store.version) }));
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  message.setEncoding('utf8');
  let text = '';
  for await (const chunk of message) {
    text += String(chunk);
    if (text.length > MAX_BODY) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY}`);
    }
  }
  return text;
}

function parseBody(text: string): Json | undefined {
  if (text === '') {
    return undefined;
  }
  try {
    return parseJson(text);
  } catch {
    return yamlOf(text);
  }
}

function yamlOf(text: string): Json {
  try {
    return parseJson(JSON.stringify(load(text)) ?? 'null');
  } catch {
    return text;
  }
}
