import { type Clock, systemClock } from '../lib/clock.ts';
import { createMemoryRelief } from '../lib/memory.ts';
import { createPageReader, expectDeleted, expectObject, type Page } from './answers.ts';
import type {
  DeleteOptions,
  KubeClient,
  ListOptions,
  MappedList,
  PatchBody,
  PatchOptions,
  RequestOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.types.ts';
import type { Connection } from './connection.ts';
import { KubeError } from './errors.ts';
import { garbledError } from './failures.ts';
import { collectionPath, objectPath, query, refName, resourceName } from './paths.ts';
import { asRecord, asString } from './read.ts';
import { createRequester, type RequestObserver } from './requests.ts';
import type { Resource } from './resources.ts';
import type { ObjectRef, RawObject } from './types.ts';
import { readWatchEvents } from './watch-events.ts';

const DEFAULT_TIMEOUT_MS = 10_000;
/** Objects in the first page of a list; how many the next ones have follows from what these weigh. */
const FIRST_PAGE_SIZE = 100;
const LARGEST_PAGE_SIZE = 500;
/** What a page should weigh: the API server holds it as a whole, and has to be done with it in time. */
const PAGE_BYTES = 4 * 1024 * 1024;

export interface KubeClientOptions {
  readonly connection: Connection;
  /** Program name and version: `cilium-cloud-bridge/0.1.0`. */
  readonly userAgent: string;
  readonly clock?: Clock;
  /** Of a request that brings none of its own. Default 10 s. */
  readonly timeoutMs?: number;
  readonly onRequest?: RequestObserver | undefined;
}

/** The Kubernetes client of the program: plain HTTP requests over one connection pool. Retries nothing but a 401. */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const { connection, userAgent, clock = systemClock, timeoutMs = DEFAULT_TIMEOUT_MS, onRequest } = options;
  const onText = createMemoryRelief();
  const requests = createRequester({ connection, userAgent, clock, timeoutMs, onText, onRequest });

  async function get(resource: Resource, ref: ObjectRef, request?: RequestOptions): Promise<RawObject> {
    const attempt = requests.attempt(`GET ${resourceName(resource)} ${refName(ref)}`);
    const path = objectPath(resource, ref);
    return expectObject(attempt, await requests.ask({ attempt, method: 'GET', path, options: request }), ref.name);
  }

  async function listMapped<T>(
    resource: Resource,
    map: (raw: RawObject) => T,
    request: ListOptions = {},
  ): Promise<MappedList<T>> {
    try {
      return await listPages(resource, map, request);
    } catch (error) {
      if (error instanceof KubeError && error.category === 'gone') {
        return await listPages(resource, map, request);
      }
      throw error;
    }
  }

  async function listPages<T>(
    resource: Resource,
    map: (raw: RawObject) => T,
    request: ListOptions,
  ): Promise<MappedList<T>> {
    const namespace = request.namespace ?? '';
    const operation = `LIST ${resourceName(resource)}${namespace === '' ? '' : ` ${namespace}`}`;
    const attempt = requests.attempt(operation, { collection: true });
    const items: T[] = [];
    let continuation = '';
    const most = request.most ?? Number.POSITIVE_INFINITY;
    let pageSize = Math.min(most, request.pageSize ?? FIRST_PAGE_SIZE);
    for (;;) {
      const parameters = {
        limit: pageSize,
        continue: continuation,
        labelSelector: request.labelSelector,
        fieldSelector: request.fieldSelector,
      };
      request.onPage?.();
      const reader = createPageReader(attempt, map, onText);
      const answer = await requests.ask({
        attempt,
        method: 'GET',
        path: collectionPath(resource, namespace) + query(parameters),
        // Compression pays on the way to a laptop, not inside the cluster.
        headers: connection.inCluster ? {} : { 'Accept-Encoding': 'gzip' },
        sink: reader.sink,
        options: request,
      });
      const page = reader.page(answer);
      for (const item of page.items) items.push(item); // spread, a server without paging would exhaust the stack
      if (page.continuation !== '' && page.continuation === continuation) {
        throw garbledError(attempt, 'a page that is continued by itself', 200);
      }
      continuation = page.continuation;
      pageSize = Math.min(most - items.length, request.pageSize ?? nextPageSize(page));
      if (continuation === '' || pageSize <= 0) {
        return { items, resourceVersion: page.resourceVersion };
      }
    }
  }

  async function create(resource: Resource, object: RawObject, request: WriteOptions): Promise<RawObject> {
    const metadata = asRecord(object.metadata);
    const ref = { namespace: asString(metadata.namespace), name: asString(metadata.name) };
    const attempt = requests.attempt(`CREATE ${resourceName(resource)} ${refName(ref)}`.trimEnd());
    const answer = await requests.ask({
      attempt,
      method: 'POST',
      path: collectionPath(resource, ref.namespace) + writeQuery(request),
      headers: { 'Content-Type': 'application/json' },
      body: object,
      options: request,
    });
    // A review has no name. All else that is not there after a 200 would look like another writer's work.
    return ref.name === '' ? answer : expectObject(attempt, answer, ref.name);
  }

  async function patch(
    resource: Resource,
    ref: ObjectRef,
    patch: PatchBody,
    request: PatchOptions,
  ): Promise<RawObject> {
    const subresource = request.subresource ?? '';
    const operation = `PATCH ${resourceName(resource, subresource)} ${refName(ref)}`;
    const attempt = requests.attempt(operation, { jsonPatch: patch.type === 'json' });
    const force = patch.type === 'apply' ? { force: patch.force } : {};
    const answer = await requests.ask({
      attempt,
      method: 'PATCH',
      path: objectPath(resource, ref, subresource) + writeQuery(request, force),
      headers: { 'Content-Type': contentTypeOf(patch) },
      body: patch.body,
      options: request,
    });
    return expectObject(attempt, answer, ref.name);
  }

  async function remove(resource: Resource, ref: ObjectRef, request: DeleteOptions): Promise<void> {
    const preconditions = {
      ...(request.uid === undefined ? {} : { uid: request.uid }),
      ...(request.resourceVersion === undefined ? {} : { resourceVersion: request.resourceVersion }),
    };
    const attempt = requests.attempt(`DELETE ${resourceName(resource)} ${refName(ref)}`);
    const answer = await requests.ask({
      attempt,
      method: 'DELETE',
      path: objectPath(resource, ref) + query({ dryRun: request.dryRun === true ? 'All' : undefined }),
      headers: { 'Content-Type': 'application/json' },
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions },
      options: request,
    });
    expectDeleted(attempt, answer, ref.name);
  }

  async function* watch(resource: Resource, request: WatchOptions): AsyncGenerator<WatchEvent, void, void> {
    const attempt = requests.attempt(`WATCH ${resourceName(resource)}`, { collection: true });
    const parameters = {
      watch: 1,
      allowWatchBookmarks: true,
      resourceVersion: request.resourceVersion,
      timeoutSeconds: request.serverTimeoutSeconds,
      labelSelector: request.labelSelector,
      fieldSelector: request.fieldSelector,
    };
    const path = collectionPath(resource, request.namespace ?? '') + query(parameters);
    const stream = await requests.stream({ attempt, method: 'GET', path, options: request });
    try {
      request.onOpen?.();
      yield* readWatchEvents(attempt, stream, request.idleTimeoutMs);
    } finally {
      stream.close();
    }
  }

  async function version(request?: RequestOptions): Promise<string> {
    const attempt = requests.attempt('GET version');
    const answer = await requests.ask({ attempt, method: 'GET', path: '/version', options: request });
    return asString(answer.gitVersion);
  }

  return {
    server: connection.server.href,
    get,
    list: (resource, request) => listMapped(resource, (raw) => raw, request),
    listMapped,
    create,
    patch,
    delete: remove,
    watch,
    version,
    close: requests.close,
  };
}

/** As many objects as weigh a page, judged by the last one. */
function nextPageSize({ items, bytes }: Page<unknown>): number {
  const fitting = Math.floor((items.length * PAGE_BYTES) / Math.max(1, bytes));
  return Math.min(LARGEST_PAGE_SIZE, Math.max(1, fitting));
}

function writeQuery(request: WriteOptions, more: Readonly<Record<string, boolean>> = {}): string {
  return query({
    fieldManager: request.fieldManager,
    dryRun: request.dryRun === true ? 'All' : undefined,
    ...more,
  });
}

function contentTypeOf(patch: PatchBody): string {
  switch (patch.type) {
    case 'merge':
      return 'application/merge-patch+json';
    case 'json':
      return 'application/json-patch+json';
    case 'apply':
      return 'application/apply-patch+yaml';
    default:
      return patch satisfies never;
  }
}
