import type { IncomingMessage } from 'node:http';
import type { Access, User } from './access.ts';
import { ApiError, badRequest, invalidOptions, requiredValue } from './api-error.ts';
import type { Catalog } from './catalog.ts';
import type { Fault, Faults } from './faults.ts';
import { isKubeObject, isObject, type Json, type JsonObject, type KubeObject, stringAt } from './json.ts';
import { applyJsonPatch } from './json-patch.ts';
import { type Kind, kindKey } from './kinds.ts';
import { listPage, requestMatcher } from './lists.ts';
import { applyMergePatch, applyStrategicMerge } from './merge-patch.ts';
import { type DeleteRules, missingNamespace } from './object-rules.ts';
import type { Registry, WriteContext } from './registry.ts';
import type { RequestInfo } from './request-info.ts';
import { dryRunOf, type RecordedRequest } from './requests.ts';
import { listText, objectText } from './serialize.ts';
import type { Environment } from './strategy.ts';
import { type IncludeObject, tableOf } from './table.ts';
import type { Watches } from './watches.ts';
import type { Wire } from './wire.ts';

/** The parts that a request may meet. */
export interface Parts {
  readonly env: Environment;
  readonly catalog: Catalog;
  readonly registry: Registry;
  readonly access: Access;
  readonly faults: Faults;
  readonly watches: Watches;
  /** Puts a request into the audit trail, before it is carried out. */
  record(info: RequestInfo, message: IncomingMessage, body: Json | undefined): RecordedRequest;
}

export interface Exchange {
  readonly info: RequestInfo;
  readonly request: RecordedRequest;
  readonly wire: Wire;
  readonly accept: string;
  readonly user: User;
  readonly listFault: Extract<Fault, { kind: 'list' }> | undefined;
}

function wantsTable(accept: string): boolean {
  return accept.includes('as=Table');
}

function rowOf(kind: Kind, object: KubeObject, info: RequestInfo): string {
  return JSON.stringify(tableOf(kind, [object], undefined, Date.now(), includeOf(info)));
}

function includeOf({ query }: RequestInfo): IncludeObject {
  const asked = query.get('includeObject');
  return asked === 'Object' || asked === 'None' ? asked : 'Metadata';
}

export function sendObject({ info, wire, accept }: Exchange, kind: Kind, status: number, object: KubeObject): void {
  const body = wantsTable(accept) ? rowOf(kind, object, info) : objectText(object);
  wire.send(status, `${body}\n`);
}

export function sendList(parts: Parts, { info, wire, accept, listFault }: Exchange, kind: Kind): void {
  const page = listPage(parts.env.store, kind, info);
  const items = listFault === undefined ? page.items : listFault.transform(page.items);
  const resourceVersion = listFault?.resourceVersion ?? page.metadata.resourceVersion;
  const metadata = { ...page.metadata, resourceVersion };
  const table = wantsTable(accept) ? tableOf(kind, items, metadata, Date.now(), includeOf(info)) : undefined;
  wire.send(200, table === undefined ? listText(kind, items, metadata) : JSON.stringify(table));
}

export function startWatch(parts: Parts, { info, request, wire, accept }: Exchange, kind: Kind): void {
  const row = (object: KubeObject): string => rowOf(kind, object, info);
  parts.watches.start(kind, info, request, wire, wantsTable(accept) ? row : objectText);
}

export function contextOf({ info, request, user }: Exchange): WriteContext {
  const dryRun = dryRunOf(info, request.body);
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

export function objectBody({ request, info }: Exchange): KubeObject {
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

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** The real server also reads protobuf, which `kubectl create` and `kubectl auth can-i` send. */
export function assertReadable(request: RecordedRequest): void {
  if (request.contentType === PROTOBUF) {
    const message = 'this API server is a fake that reads no protobuf, which this command sends: use kubectl apply -f';
    throw new ApiError(415, 'UnsupportedMediaType', message);
  }
  if (request.contentType !== 'application/json' && request.contentType !== 'application/yaml') {
    const types = 'application/json, application/yaml';
    const message = `the body of the request was in an unknown format - accepted media types include: ${types}`;
    throw new ApiError(415, 'UnsupportedMediaType', message);
  }
}

export function create(parts: Parts, exchange: Exchange, kind: Kind): KubeObject {
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

export function patch(parts: Parts, exchange: Exchange, kind: Kind): void {
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

export function deleteRules({ info, request }: Exchange): DeleteRules {
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

export function sendDeleted({ wire }: Exchange, kind: Kind, outcome: { object: KubeObject; gone: boolean }): void {
  if (!outcome.gone || ANSWERED_WHOLE.has(kindKey(kind))) {
    wire.send(200, objectText(outcome.object));
    return;
  }
  const { name, uid } = outcome.object.metadata;
  const group = kind.group === '' ? {} : { group: kind.group };
  const details = { name, ...group, kind: kind.plural, uid };
  wire.send(200, JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }));
}

export function deleteAll(parts: Parts, exchange: Exchange, kind: Kind): void {
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
