import type { Resource } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import { type Answer, createSender, type Endpoint, type Send } from './http.ts';
import { isKubeObject, type KubeObject, resourcePath, valueAt } from './objects.ts';

const MERGE_PATCH = 'application/merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';

export interface PatchOptions {
  /** Default `application/merge-patch+json`. */
  readonly contentType?: string;
  readonly subresource?: string;
  /** Default `test`. */
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
}

/** The API server as a test talks to it: any status but 2xx rejects, except where the method says otherwise. */
export interface Api {
  /** One raw request; resolves whatever the status is. */
  readonly request: Send;
  /** Creates or changes the object by server-side apply (forced), as field manager `test`. */
  apply(object: KubeObject): Promise<KubeObject>;
  /** Creates it; an object that exists already rejects. */
  create(object: KubeObject): Promise<KubeObject>;
  /** Undefined when it isn't there. */
  get(resource: Resource, ref: ObjectRef): Promise<KubeObject | undefined>;
  list(resource: Resource, namespace?: string): Promise<readonly KubeObject[]>;
  patch(resource: Resource, ref: ObjectRef, body: unknown, options?: PatchOptions): Promise<KubeObject>;
  /** Merge patch of `/status`, such as `{ loadBalancer: { ingress: [...] } }`. */
  patchStatus(resource: Resource, ref: ObjectRef, status: unknown, fieldManager?: string): Promise<KubeObject>;
  /** Deletes it; an object that isn't there is no failure. */
  remove(resource: Resource, ref: ObjectRef): Promise<void>;
  /** Closes kept connections. */
  close(): void;
}

export function createApi(endpoint: Endpoint, token: string): Api {
  const { send, close } = createSender(endpoint, token);
  const plurals = new Map<string, Promise<Resource>>();

  function resourceOf(object: KubeObject): Promise<Resource> {
    const key = `${object.apiVersion}/${object.kind}`;
    const known = plurals.get(key) ?? discover(send, object.apiVersion, object.kind);
    plurals.set(key, known);
    known.catch(() => plurals.delete(key)); // its CRD may come later
    return known;
  }

  return {
    request: send,
    close,
    async apply(object) {
      const path = resourcePath(await resourceOf(object), object.metadata);
      return sent(send, 'PATCH', `${path}?fieldManager=test&force=true`, object, APPLY_PATCH);
    },
    async create(object) {
      const { name: _, ...where } = object.metadata;
      const path = resourcePath(await resourceOf(object), namespaceOnly(where.namespace));
      return sent(send, 'POST', `${path}?fieldManager=test`, object);
    },
    async get(resource, ref) {
      const path = resourcePath(resource, ref);
      const answer = await send('GET', path);
      return answer.status === 404 ? undefined : objectIn(answer, 'GET', path);
    },
    async list(resource, namespace) {
      const path = resourcePath(resource, namespaceOnly(namespace));
      const items = valueAt(successOf(await send('GET', path), 'GET', path).body, 'items');
      const identity = { apiVersion: apiVersionOf(resource), kind: resource.kind }; // a list leaves it out of its items
      return Array.isArray(items) ? items.map((item: KubeObject) => ({ ...item, ...identity })) : [];
    },
    patch(resource, ref, body, { contentType = MERGE_PATCH, subresource, fieldManager = 'test', dryRun = false } = {}) {
      const query = `?fieldManager=${fieldManager}${dryRun ? '&dryRun=All' : ''}`;
      return sent(send, 'PATCH', resourcePath(resource, ref, subresource) + query, body, contentType);
    },
    patchStatus(resource, ref, status, fieldManager = 'test') {
      const path = `${resourcePath(resource, ref, 'status')}?fieldManager=${fieldManager}`;
      return sent(send, 'PATCH', path, { status }, MERGE_PATCH);
    },
    async remove(resource, ref) {
      const path = resourcePath(resource, ref);
      const answer = await send('DELETE', path);
      if (answer.status !== 404) successOf(answer, 'DELETE', path);
    },
  };
}

async function discover(send: Send, apiVersion: string, kind: string): Promise<Resource> {
  const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const kinds = valueAt(successOf(await send('GET', path), 'GET', path).body, 'resources');
  const found: unknown = Array.isArray(kinds)
    ? kinds.find((entry) => valueAt(entry, 'kind') === kind && !String(valueAt(entry, 'name')).includes('/'))
    : undefined;
  if (found === undefined) throw new Error(`the API server serves no ${kind} in ${apiVersion}`);
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const plural = String(valueAt(found, 'name'));
  return { group, version, plural, kind, namespaced: valueAt(found, 'namespaced') === true };
}

async function sent(send: Send, method: string, path: string, body: unknown, type?: string): Promise<KubeObject> {
  return objectIn(await send(method, path, body, type), method, path);
}

function objectIn(answer: Answer, method: string, path: string): KubeObject {
  const { body } = successOf(answer, method, path);
  if (!isKubeObject(body)) throw new Error(`${method} ${path}: the answer is no Kubernetes object`);
  return body;
}

function successOf(answer: Answer, method: string, path: string): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const message = valueAt(answer.body, 'message') ?? answer.body;
  throw new Error(`${method} ${path}: ${answer.status} ${String(message)}`);
}

function namespaceOnly(namespace: string | undefined): Partial<ObjectRef> {
  return namespace === undefined ? {} : { namespace };
}

function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}
