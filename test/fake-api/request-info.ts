import type { Catalog } from './catalog.ts';
import type { Kind } from './kinds.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** What a request is about, as the API server's RequestInfo. */
export interface RequestInfo {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly verb: Verb;
  /** Whether it is under /api/v1 or /apis/<group>/<version> and names a resource. */
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  /** Plural; empty for a path that is no resource. */
  readonly resource: string;
  readonly subresource: string;
  /** Empty: cluster-scoped, or all namespaces. */
  readonly namespace: string;
  /** Empty for lists and creates. */
  readonly name: string;
  /** Undefined when nothing like it is served. */
  readonly kind: Kind | undefined;
}

/** Reads method and URL; nothing is checked yet. */
export function requestInfo(method: string, url: string, catalog: Catalog): RequestInfo {
  const { pathname, searchParams } = new URL(url, 'http://fake');
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const core = parts[0] === 'api';
  const group = core ? '' : (parts[1] ?? '');
  const version = (core ? parts[1] : parts[2]) ?? '';
  let rest = parts.slice(core ? 2 : 3);
  const isResource = (core || parts[0] === 'apis') && rest.length > 0;
  if (!isResource) {
    const plain = { isResource: false, group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
    return { method, path: pathname, query: searchParams, verb: 'get', kind: undefined, ...plain };
  }
  let namespace = '';
  if (
    rest[0] === 'namespaces' &&
    rest.length > 2 &&
    !(rest.length === 3 && NAMESPACE_SUBRESOURCES.has(rest[2] ?? ''))
  ) {
    namespace = rest[1] ?? '';
    rest = rest.slice(2);
  }
  const [resource = '', name = '', subresource = ''] = rest;
  return {
    method,
    path: pathname,
    query: searchParams,
    verb: verbOf(method, name, searchParams),
    isResource,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    kind: catalog.find(group, version, resource),
  };
}

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

function verbOf(method: string, name: string, query: URLSearchParams): Verb {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    default:
      if (query.get('watch') === 'true' || query.get('watch') === '1') {
        return 'watch';
      }
      return name === '' ? 'list' : 'get';
  }
}
