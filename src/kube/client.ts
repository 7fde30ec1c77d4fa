import { type Clock, systemClock } from '../lib/clock.ts';
import type {
  DeleteOptions,
  KubeClient,
  ListOptions,
  ListResult,
  MappedList,
  PatchBody,
  PatchOptions,
  RequestOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.types.ts';
import type { Connection, RequestSettings } from './connection.ts';
import { KubeError } from './errors.ts';
import { type Attempt, answerError, credentialsError, garbledError } from './failures.ts';
import { abortedBy, type HttpAnswer, type HttpRequest, type HttpStream, openStream, readBody, send } from './http.ts';
import { collectionPath, objectPath, query, refName, resourceName } from './paths.ts';
import { asArray, asRecord, asString, isRecord } from './read.ts';
import type { Resource } from './resources.ts';
import type { ObjectRef, RawObject } from './types.ts';
import { readWatchEvents } from './watch-events.ts';

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_PAGE_SIZE = 500;

export interface KubeClientOptions {
  readonly connection: Connection;
  /** Program name and version: `cilium-cloud-bridge/0.1.0`. */
  readonly userAgent: string;
  readonly clock?: Clock;
  /** Default 10 s. */
  readonly timeoutMs?: number;
}

interface Call {
  readonly attempt: Attempt;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly options: RequestOptions | undefined;
}

/** The Kubernetes client of the program: plain HTTP requests over one connection pool. Retries nothing but a 401. */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const { connection } = options;
  const clock = options.clock ?? systemClock;
  const host = connection.server.host;
  const closed = new AbortController();

  function attemptOf(operation: string, shape: Partial<Pick<Attempt, 'collection' | 'jsonPatch'>> = {}): Attempt {
    return { operation, collection: false, jsonPatch: false, via: connection.description, host, ...shape };
  }

  /** Runs one exchange; after a 401 once more, if the credentials on disk or from the plugin are new. */
  async function exchange<T extends { readonly status: number }>(
    call: Call,
    run: (request: HttpRequest) => Promise<T>,
    discard: (answer: T) => void,
  ): Promise<T> {
    const first = await settingsFor(call);
    const answer = await run(requestOf(call, first));
    if (answer.status !== 401 || !(await connection.renew(first.generation))) {
      return answer;
    }
    discard(answer);
    return run(requestOf(call, await settingsFor(call)));
  }

  async function settingsFor(call: Call): Promise<RequestSettings> {
    const reason = abortedBy(signalsOf(call));
    if (reason !== undefined) {
      throw reason;
    }
    try {
      return await connection.settings();
    } catch (error) {
      throw credentialsError(call.attempt, error);
    }
  }

  function signalsOf(call: Call): readonly AbortSignal[] {
    return call.options?.signal === undefined ? [closed.signal] : [call.options.signal, closed.signal];
  }

  function requestOf(call: Call, settings: RequestSettings): HttpRequest {
    return {
      attempt: call.attempt,
      method: call.method,
      server: connection.server,
      path: call.path,
      settings,
      headers: { Accept: 'application/json', 'User-Agent': options.userAgent, ...call.headers },
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      timeoutMs: call.options?.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      signals: signalsOf(call),
    };
  }

  async function ask(call: Call): Promise<RawObject> {
    const answer = await exchange(call, send, () => undefined);
    if (answer.status < 200 || answer.status > 299) {
      throw answerError(call.attempt, answer, clock);
    }
    return parseObject(call.attempt, answer);
  }

  function get(resource: Resource, ref: ObjectRef, request?: RequestOptions): Promise<RawObject> {
    return ask({
      attempt: attemptOf(`GET ${resourceName(resource)} ${refName(ref)}`),
      method: 'GET',
      path: objectPath(resource, ref),
      options: request,
    });
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
    const items: T[] = [];
    let continuation = '';
    for (;;) {
      const page = await ask({
        attempt: attemptOf(`LIST ${resourceName(resource)}${namespace === '' ? '' : ` ${namespace}`}`, {
          collection: true,
        }),
        method: 'GET',
        path:
          collectionPath(resource, namespace) +
          query({
            limit: request.pageSize ?? DEFAULT_PAGE_SIZE,
            continue: continuation,
            labelSelector: request.labelSelector,
            fieldSelector: request.fieldSelector,
          }),
        // Compression pays on the way to a laptop, not inside the cluster.
        headers: connection.inCluster ? {} : { 'Accept-Encoding': 'gzip' },
        options: request,
      });
      for (const item of asArray(page.items)) {
        if (isRecord(item)) {
          items.push(map(item));
        }
      }
      const metadata = asRecord(page.metadata);
      continuation = asString(metadata.continue);
      if (continuation === '') {
        return { items, resourceVersion: asString(metadata.resourceVersion) };
      }
    }
  }

  function list(resource: Resource, request?: ListOptions): Promise<ListResult> {
    return listMapped(resource, (raw) => raw, request);
  }

  function create(resource: Resource, object: RawObject, request: WriteOptions): Promise<RawObject> {
    const metadata = asRecord(object.metadata);
    const ref = { namespace: asString(metadata.namespace), name: asString(metadata.name) };
    return ask({
      attempt: attemptOf(`CREATE ${resourceName(resource)} ${refName(ref)}`),
      method: 'POST',
      path: collectionPath(resource, ref.namespace) + writeQuery(request),
      headers: { 'Content-Type': 'application/json' },
      body: object,
      options: request,
    });
  }

  function patch(resource: Resource, ref: ObjectRef, patch: PatchBody, request: PatchOptions): Promise<RawObject> {
    const subresource = request.subresource ?? '';
    return ask({
      attempt: attemptOf(`PATCH ${resourceName(resource, subresource)} ${refName(ref)}`, {
        jsonPatch: patch.type === 'json',
      }),
      method: 'PATCH',
      path:
        objectPath(resource, ref, subresource) +
        writeQuery(request, patch.type === 'apply' ? { force: patch.force } : {}),
      headers: { 'Content-Type': contentTypeOf(patch) },
      body: patch.body,
      options: request,
    });
  }

  async function remove(resource: Resource, ref: ObjectRef, request: DeleteOptions): Promise<void> {
    const preconditions = {
      ...(request.uid === undefined ? {} : { uid: request.uid }),
      ...(request.resourceVersion === undefined ? {} : { resourceVersion: request.resourceVersion }),
    };
    await ask({
      attempt: attemptOf(`DELETE ${resourceName(resource)} ${refName(ref)}`),
      method: 'DELETE',
      path: objectPath(resource, ref) + query({ dryRun: request.dryRun === true ? 'All' : undefined }),
      headers: { 'Content-Type': 'application/json' },
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions },
      options: request,
    });
  }

  async function* watch(resource: Resource, request: WatchOptions): AsyncGenerator<WatchEvent, void, void> {
    const attempt = attemptOf(`WATCH ${resourceName(resource)}`, { collection: true });
    const stream = await exchange<HttpStream>(
      {
        attempt,
        method: 'GET',
        path:
          collectionPath(resource, request.namespace ?? '') +
          query({
            watch: 1,
            allowWatchBookmarks: true,
            resourceVersion: request.resourceVersion,
            timeoutSeconds: request.serverTimeoutSeconds,
            labelSelector: request.labelSelector,
            fieldSelector: request.fieldSelector,
          }),
        options: request,
      },
      openStream,
      (refused) => refused.close(),
    );
    try {
      if (stream.status !== 200) {
        const body = await readBody(attempt, stream.body);
        throw answerError(attempt, { status: stream.status, retryAfter: stream.retryAfter, body }, clock);
      }
      yield* readWatchEvents(attempt, stream, request.idleTimeoutMs);
    } finally {
      stream.close();
    }
  }

  async function version(request?: RequestOptions): Promise<string> {
    const answer = await ask({ attempt: attemptOf('GET version'), method: 'GET', path: '/version', options: request });
    return asString(answer.gitVersion);
  }

  return {
    server: connection.server.href,
    get,
    list,
    listMapped,
    create,
    patch,
    delete: remove,
    watch,
    version,
    close() {
      closed.abort(new Error('the Kubernetes client was closed'));
      connection.close();
    },
  };
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

function parseObject(attempt: Attempt, answer: HttpAnswer): RawObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.body);
  } catch (error) {
    throw garbledError(attempt, 'something that is no JSON', answer.status, error);
  }
  if (!isRecord(parsed)) {
    throw garbledError(attempt, 'JSON that is no object', answer.status);
  }
  return parsed;
}
