import { ApiError, badRequest, expired } from './api-error.ts';
import { isObject, type Json, type KubeObject, numberAt, parseJson, stringAt } from './json.ts';
import type { Kind } from './kinds.ts';
import type { RequestInfo } from './request-info.ts';
import { fieldMatcher, labelMatcher, type Matcher } from './selectors.ts';
import type { ListMeta } from './serialize.ts';
import { objectKey, type Store } from './store.ts';

export interface Page {
  readonly items: readonly KubeObject[];
  readonly metadata: ListMeta;
}

/** The objects that the request's selectors, namespace and name choose. */
export function requestMatcher(kind: Kind, info: RequestInfo): Matcher {
  const labels = labelMatcher(info.query.get('labelSelector') ?? '');
  const fields = fieldMatcher(kind, info.query.get('fieldSelector') ?? '');
  const inNamespace: Matcher =
    info.namespace === '' ? () => true : (object) => object.metadata.namespace === info.namespace;
  const named: Matcher = info.name === '' ? () => true : (object) => object.metadata.name === info.name;
  return (object) => inNamespace(object) && named(object) && labels(object) && fields(object);
}

/** One page of a list. Later pages show the state of the first one, until that is compacted away. */
export function listPage(store: Store, kind: Kind, info: RequestInfo): Page {
  const { query } = info;
  const limit = Number(query.get('limit') ?? 0);
  const token = query.get('continue') ?? '';
  const start = token === '' ? undefined : parseToken(token);
  if (start !== undefined && (query.get('resourceVersion') ?? '') !== '') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const version = start?.version ?? requestedVersion(query, store);
  const matches = requestMatcher(kind, info);
  const after = start?.after ?? '';
  const all = readAt(store, kind, version, start).filter((object) => matches(object) && keyOf(object) > after);
  const resourceVersion = String(version);
  if (limit <= 0 || all.length <= limit) {
    return { items: all, metadata: { resourceVersion } };
  }
  const items = all.slice(0, limit);
  const last = items.at(-1);
  const selective = query.has('labelSelector') || query.has('fieldSelector');
  return {
    items,
    metadata: {
      resourceVersion,
      continue: last === undefined ? '' : tokenText({ version, after: keyOf(last) }),
      ...(selective ? {} : { remainingItemCount: all.length - limit }),
    },
  };
}

interface Start {
  readonly version: number;
  readonly after: string;
}

function requestedVersion(query: URLSearchParams, store: Store): number {
  const asked = query.get('resourceVersion') ?? '';
  if (asked !== '' && !/^\d+$/.test(asked)) {
    throw badRequest(`invalid resource version: ${asked}`);
  }
  const version = Number(asked);
  if (version > store.version) {
    const message = `Too large resource version: ${version}, current: ${store.version}`;
    const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
    throw new ApiError(504, 'Timeout', message, { causes, retryAfterSeconds: 1 });
  }
  return query.get('resourceVersionMatch') === 'Exact' ? version : store.version;
}

const INCONSISTENT =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';

function readAt(store: Store, kind: Kind, version: number, start: Start | undefined): KubeObject[] {
  try {
    return store.list(kind, version);
  } catch (error) {
    if (start === undefined || !(error instanceof ApiError)) {
      throw error;
    }
    throw expired(INCONSISTENT, { continue: tokenText({ version: store.version, after: start.after }) });
  }
}

function keyOf(object: KubeObject): string {
  return objectKey(stringAt(object, 'metadata', 'namespace'), object.metadata.name);
}

function tokenText(start: Start): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: start.version, start: start.after })).toString(
    'base64url',
  );
}

function parseToken(token: string): Start {
  let value: Json;
  try {
    value = parseJson(Buffer.from(token, 'base64url').toString());
  } catch {
    throw badRequest('continue key is not valid: illegal base64 data');
  }
  if (!isObject(value)) {
    throw badRequest('continue key is not valid');
  }
  return { version: numberAt(value, 'rv'), after: stringAt(value, 'start') };
}
