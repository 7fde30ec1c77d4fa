import { ApiError } from './api-error.ts';
import { apiVersionOf, type Catalog } from './catalog.ts';
import type { Json, JsonObject } from './json.ts';
import { type Kind, kindKey } from './kinds.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const STATUS_VERBS = ['get', 'patch', 'update'];
const REVIEWS = [
  { group: 'authorization.k8s.io', plural: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview' },
  { group: 'authentication.k8s.io', plural: 'selfsubjectreviews', kind: 'SelfSubjectReview' },
] as const;

/** Kinds of `kubectl get all`. */
const IN_ALL: ReadonlySet<string> = new Set(['pods', 'services', 'daemonsets.apps', 'deployments.apps']);

/** What discovery answers at a path, or undefined when the path is none of discovery's. */
export function discovery(
  catalog: Catalog,
  path: string,
  accept: string,
): { body: JsonObject; type: string } | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const legacy = parts[0] === 'api';
  if (!legacy && parts[0] !== 'apis') {
    return undefined;
  }
  if (parts.length === 1) {
    if (accept.includes('as=APIGroupDiscoveryList') && accept.includes('v=v2;')) {
      const type = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
      return { body: aggregated(catalog, legacy), type };
    }
    return { body: legacy ? coreVersions() : groupList(catalog), type: 'application/json' };
  }
  if (!legacy && parts.length === 2) {
    const group = parts[1] ?? '';
    if (!groups(catalog).includes(group)) {
      throw new ApiError(404, '', '404 page not found');
    }
    return { body: { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(catalog, group) }, type: 'application/json' };
  }
  const body = resourceList(catalog, legacy ? '' : (parts[1] ?? ''), (legacy ? parts[1] : parts[2]) ?? '');
  return { body, type: 'application/json' };
}

/** Served groups without the core one. */
function groups(catalog: Catalog): string[] {
  const named = catalog.all().flatMap((kind) => (kind.group === '' ? [] : [kind.group]));
  return [...new Set([...named, ...REVIEWS.map((review) => review.group)])];
}

function versionsOf(catalog: Catalog, group: string): string[] {
  const versions = catalog.all().flatMap((kind) => (kind.group === group ? [kind.version] : []));
  return [...new Set(versions.length > 0 ? versions : ['v1'])];
}

function coreVersions(): JsonObject {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
}

function groupList(catalog: Catalog): JsonObject {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups(catalog).map((group) => groupEntry(catalog, group)) };
}

function groupEntry(catalog: Catalog, group: string): JsonObject {
  const versions = versionsOf(catalog, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function resourceList(catalog: Catalog, group: string, version: string): JsonObject {
  const kinds = catalog.all().filter((kind) => kind.group === group && kind.version === version);
  const reviews = REVIEWS.filter((review) => review.group === group && version === 'v1');
  if (kinds.length === 0 && reviews.length === 0) {
    throw new ApiError(404, '', '404 page not found');
  }
  const resources: Json[] = kinds.flatMap(resourceEntries);
  for (const review of reviews) {
    resources.push({ name: review.plural, singularName: '', namespaced: false, kind: review.kind, verbs: ['create'] });
  }
  const groupVersion = group === '' ? version : `${group}/${version}`;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

function resourceEntries(kind: Kind): Json[] {
  const shared = { namespaced: kind.namespaced, kind: kind.kind };
  const entry: JsonObject = {
    name: kind.plural,
    singularName: kind.singular,
    ...shared,
    verbs: [...VERBS],
    ...namesOf(kind),
  };
  const status: JsonObject = { name: `${kind.plural}/status`, singularName: '', ...shared, verbs: [...STATUS_VERBS] };
  return kind.statusSubresource ? [entry, status] : [entry];
}

function namesOf(kind: Kind): JsonObject {
  return {
    ...(kind.shortNames.length > 0 ? { shortNames: [...kind.shortNames] } : {}),
    ...(IN_ALL.has(kindKey(kind)) ? { categories: ['all'] } : {}),
  };
}

function aggregated(catalog: Catalog, legacy: boolean): JsonObject {
  const names = legacy ? [''] : groups(catalog);
  const items = names.map((group): JsonObject => {
    const versions = versionsOf(catalog, group).map((version): JsonObject => {
      const kinds = catalog.all().filter((kind) => kind.group === group && kind.version === version);
      return { version, resources: kinds.map(aggregatedResource), freshness: 'Current' };
    });
    return { metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null }, versions };
  });
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

function aggregatedResource(kind: Kind): JsonObject {
  const responseKind = { group: kind.group, version: kind.version, kind: kind.kind };
  const status: Json[] = [{ subresource: 'status', responseKind, verbs: [...STATUS_VERBS] }];
  return {
    resource: kind.plural,
    responseKind,
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: [...VERBS],
    ...namesOf(kind),
    ...(kind.statusSubresource ? { subresources: status } : {}),
  };
}

/** `/version`. */
export function versionInfo(gitVersion: string): JsonObject {
  const [, major = '1', minor = '33'] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return { major, minor, gitVersion, gitCommit: '', gitTreeState: 'clean', platform: 'linux/amd64' };
}

/**
 * OpenAPI v3, only as much as kubectl asks before it sends `fieldValidation`: that every PATCH takes the parameter.
 * The schemas name a kind's members and say no more, so that `kubectl explain` has something to show.
 */
export function openApi(catalog: Catalog, path: string): JsonObject | undefined {
  const roots = new Map(catalog.all().map((kind) => [groupPath(kind), apiVersionOf(kind)]));
  if (path === '/openapi/v3') {
    const paths = [...roots.keys()].map((root): [string, Json] => [
      root,
      { serverRelativeURL: `/openapi/v3/${root}?hash=fake` },
    ]);
    return { paths: Object.fromEntries(paths) };
  }
  const root = path.replace(/^\/openapi\/v3\//, '');
  if (!roots.has(root)) {
    return undefined;
  }
  const kinds = catalog.all().filter((kind) => groupPath(kind) === root);
  const paths = kinds.map((kind): [string, Json] => {
    const scope = kind.namespaced ? '/namespaces/{namespace}' : '';
    const gvk = { group: kind.group, kind: kind.kind, version: kind.version };
    const parameters = [{ name: 'fieldValidation', in: 'query' }];
    const patch = { parameters, 'x-kubernetes-group-version-kind': gvk, responses: {} };
    return [`/${root}${scope}/${kind.plural}/{name}`, { patch }];
  });
  const schemas = Object.fromEntries(kinds.map((kind) => [`fake.${kind.version}.${kind.kind}`, schemaOf(kind)]));
  const info = { title: 'Kubernetes', version: 'fake' };
  return { openapi: '3.0.0', info, paths: Object.fromEntries(paths), components: { schemas } };
}

function schemaOf(kind: Kind): JsonObject {
  const text = { type: 'string' };
  const part = { type: 'object' };
  const status = kind.statusSubresource ? { status: part } : {};
  return {
    description: `${kind.kind} as a fake API server serves it: what is in its members, it does not know.`,
    type: 'object',
    properties: { apiVersion: text, kind: text, metadata: part, spec: part, ...status },
    'x-kubernetes-group-version-kind': [{ group: kind.group, kind: kind.kind, version: kind.version }],
  };
}

function groupPath(kind: Kind): string {
  return kind.group === '' ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`;
}
