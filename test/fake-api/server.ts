import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Resource } from '../../src/kube/resources.ts';
import type { ObjectRef, RawObject } from '../../src/kube/types.ts';
import { Access } from './access.ts';
import { Admission, type AdmissionHook } from './admission.ts';
import { Catalog } from './catalog.ts';
import { Faults } from './faults.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { handle } from './handler.ts';
import { clone, type Json, type KubeObject, objectAt, parseJson, stringAt } from './json.ts';
import { CRDS, CUSTOM_KINDS, crdOf, type Kind, kindKey, kindOfCrd } from './kinds.ts';
import { type KubeconfigOptions, kubeconfigText, writeKubeconfig } from './kubeconfig.ts';
import { Registry, type WriteContext } from './registry.ts';
import { isWrite, type RecordedRequest, recorded } from './requests.ts';
import { type Change, Store } from './store.ts';
import type { Environment, Settings } from './strategy.ts';
import { timestamp } from './times.ts';
import { type OpenWatch, Watches } from './watches.ts';

export interface FakeApiOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  readonly gitVersion?: string;
  /** Drops `ipMode` from status, as a server with the feature gate off. */
  readonly dropsIpMode?: boolean;
  readonly nodePortRange?: readonly [number, number];
  /** Default one minute, as the real server's. */
  readonly bookmarkIntervalMs?: number;
  /** Serves https, with this certificate. */
  readonly tls?: Certificate;
  /** Custom resources to serve at the start; default all that this server knows. */
  readonly crds?: readonly Resource[];
}

/** PEM texts; `ca` is what clients must trust. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

export interface DirectWrite {
  readonly manager?: string;
  readonly subresource?: 'status';
  /** When it is said to be made, milliseconds since 1970; default: now. */
  readonly at?: number;
}

const DEFAULT_MANAGER = 'test';
const SYSTEM_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Starts a fake API server on a loopback port. */
export async function startFakeApi(options: FakeApiOptions = {}): Promise<FakeApi> {
  const api = new FakeApi(options);
  await api.listen(options.port ?? 0);
  return api;
}

/**
 * An in-process kube-apiserver over plain HTTP, with garbage collection. It does what this project relies on, as
 * the real one does it; the contract suite in test/contract holds it to that.
 */
export class FakeApi {
  readonly settings: Settings;
  readonly access = new Access();
  readonly faults = new Faults();
  readonly watches: Watches;
  readonly garbageCollector: GarbageCollector;
  /** The audit trail, oldest first. */
  readonly requests: RecordedRequest[] = [];
  readonly #store = new Store();
  readonly #catalog = new Catalog();
  readonly #admission = new Admission();
  readonly #registry: Registry;
  readonly #env: Environment;
  #server: Server | undefined;
  #tls: Certificate | undefined;
  #port = 0;
  /** The time of a direct write that has one of its own. */
  #writtenAt: number | undefined;

  constructor(options: FakeApiOptions = {}) {
    this.#tls = options.tls;
    this.settings = {
      dropsIpMode: options.dropsIpMode ?? false,
      nodePortRange: options.nodePortRange ?? [30_000, 32_767],
      gitVersion: options.gitVersion ?? 'v1.33.13',
    };
    this.#env = {
      store: this.#store,
      settings: this.settings,
      timestamp: () => timestamp(this.#writtenAt ?? Date.now()),
    };
    this.#registry = new Registry(this.#env, this.#admission);
    this.watches = new Watches(this.#store, this.faults, options.bookmarkIntervalMs ?? 60_000);
    this.garbageCollector = new GarbageCollector(this.#store, this.#catalog, this.#registry);
    this.#store.onChange(this.#kind(CRDS), (change) => this.#followCrd(change));
    for (const name of SYSTEM_NAMESPACES) {
      this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    for (const resource of options.crds ?? CUSTOM_KINDS) {
      this.installCrd(resource);
    }
  }

  /** `http://127.0.0.1:<port>`, or `https`. */
  get url(): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  /** The revision of the last write. */
  get version(): number {
    return this.#store.version;
  }

  /** Listens on a port; with 0 on the one of before, or any free one. */
  async listen(port = 0): Promise<void> {
    const listener: RequestListener = (message, response) => {
      handle(this.#parts(), message, response).catch(() => response.destroy());
    };
    const server = this.#tls === undefined ? createServer(listener) : createTlsServer(this.#tls, listener);
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port === 0 ? this.#port : port, '127.0.0.1', resolve);
    });
    this.#server = server;
    this.#port = portOf(server);
  }

  /** Stops listening and resets every connection; the state stays, and `listen` brings the server back. */
  async pause(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const watch of this.watches.all()) {
        watch.reset();
      }
      server.closeAllConnections();
      await closed;
    }
  }

  /** Another certificate from now on; restarts the server, as a rotation of the real one's CA does. */
  async rotateCertificate(certificate: Certificate): Promise<void> {
    await this.pause();
    this.#tls = certificate;
    await this.listen();
  }

  /** Ends the server for good. */
  async stop(): Promise<void> {
    this.garbageCollector.close();
    await this.pause();
  }

  kubeconfig(options: KubeconfigOptions = {}): string {
    return kubeconfigText(this.url, { ca: this.#tls?.ca, ...options });
  }

  writeKubeconfig(path: string, options: KubeconfigOptions = {}): string {
    return writeKubeconfig(path, this.url, { ca: this.#tls?.ca, ...options });
  }

  /**
   * Makes the object, or makes the present one like it; a `status` in it is written through `/status`. Same rules
   * as over HTTP, except that webhooks are not asked and a missing namespace is made.
   */
  apply(input: RawObject, write: DirectWrite = {}): KubeObject {
    this.#writtenAt = write.at;
    try {
      return this.#apply(input, write);
    } finally {
      this.#writtenAt = undefined;
    }
  }

  #apply(input: RawObject, write: DirectWrite): KubeObject {
    const object = asKubeObject(input);
    const kind = this.#kindOf(object);
    const namespace = kind.namespaced ? stringAt(object, 'metadata', 'namespace') || 'default' : '';
    if (kind.namespaced && this.#store.get(this.#namespaces(), '', namespace) === undefined) {
      this.#apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, write);
    }
    const { name } = object.metadata;
    const present = name === '' ? undefined : this.#store.get(kind, namespace, name);
    const context = directContext(write);
    const stored =
      present === undefined
        ? this.#registry.create(kind, namespace, object, context)
        : this.#registry.update(kind, namespace, name, (live) => replaced(live, object), context);
    if (object.status === undefined || !kind.statusSubresource) {
      return stored;
    }
    const withStatus = (live: KubeObject): Json => ({ ...live, status: clone(object.status) });
    const statusContext = { ...context, subresource: 'status' } as const;
    return this.#registry.update(kind, namespace, stored.metadata.name, withStatus, statusContext);
  }

  /** Whether the kind is served right now. */
  serves(resource: Resource): boolean {
    return this.#catalog.find(resource.group, resource.version, resource.plural) !== undefined;
  }

  get(resource: Resource, ref: ObjectRef): KubeObject | undefined {
    return this.#store.get(this.#kind(resource), ref.namespace, ref.name);
  }

  /** In key order; without a namespace those of all namespaces. */
  list(resource: Resource, namespace = ''): KubeObject[] {
    const objects = this.#store.list(this.#kind(resource));
    return namespace === '' ? objects : objects.filter((object) => object.metadata.namespace === namespace);
  }

  /** Lets `change` alter a copy of the object, and writes that. */
  update(
    resource: Resource,
    ref: ObjectRef,
    change: (object: KubeObject) => void,
    write: DirectWrite = {},
  ): KubeObject {
    const produce = (live: KubeObject): Json => {
      const copy = clone(live);
      change(copy);
      return copy;
    };
    return this.#registry.update(this.#kind(resource), ref.namespace, ref.name, produce, directContext(write));
  }

  /** Deletes at once; absent objects are no error. `graceful`: a Pod on a node stays, terminating. */
  remove(resource: Resource, ref: ObjectRef, options: { readonly graceful?: boolean } = {}): void {
    const kind = this.#kind(resource);
    const rules = options.graceful === true ? {} : { gracePeriodSeconds: 0 };
    if (this.#store.get(kind, ref.namespace, ref.name) !== undefined) {
      this.#registry.delete(kind, ref.namespace, ref.name, rules, directContext({}));
    }
  }

  /** Calls the listener after each change of a kind (or of all). Returns the way to stop. */
  onChange(resource: Resource | undefined, listener: (change: Change) => void): () => void {
    return this.#store.onChange(resource === undefined ? undefined : this.#kind(resource), listener);
  }

  /** Adds a validating webhook; returns the way to remove it. */
  admission(hook: AdmissionHook): () => void {
    return this.#admission.add(hook);
  }

  /** Serves a custom resource, by making its CRD. */
  installCrd(resource: Resource): void {
    const kind = CUSTOM_KINDS.find((known) => kindKey(known) === kindKey(resource));
    if (kind === undefined) {
      throw new Error(`no CRD is known for ${kindKey(resource)}: apply one`);
    }
    if (this.#store.get(this.#kind(CRDS), '', kindKey(kind)) === undefined) {
      this.#registry.create(this.#kind(CRDS), '', asKubeObject(crdOf(kind)), directContext({}));
    }
  }

  /** Deletes a CRD: its objects go, its watches end, and lists answer 404. */
  removeCrd(resource: Resource): void {
    this.remove(CRDS, { namespace: '', name: kindKey(resource) });
  }

  /** Forgets all history: older watches and continuations get 410. */
  compact(): void {
    this.#store.compact();
  }

  /** Raises the revision as writes of other kinds would. */
  advance(by: number): void {
    this.#store.advance(by);
  }

  /** Ends the open watches (of one kind) properly. */
  closeWatches(resource?: Resource): void {
    for (const watch of this.openWatches(resource)) {
      watch.close();
    }
  }

  openWatches(resource?: Resource): OpenWatch[] {
    return this.watches.all().filter(({ kind }) => resource === undefined || kindKey(kind) === kindKey(resource));
  }

  /** Requests that changed something that is stored, or tried to. */
  writes(): RecordedRequest[] {
    return this.requests.filter(isWrite);
  }

  #parts(): Parameters<typeof handle>[0] {
    return {
      env: this.#env,
      catalog: this.#catalog,
      registry: this.#registry,
      access: this.access,
      faults: this.faults,
      watches: this.watches,
      record: (info, message, body) => {
        const request = recorded(this.requests.length + 1, info, message, body);
        this.requests.push(request);
        return request;
      },
    };
  }

  #followCrd(change: Change): void {
    const kind = kindOfCrd(change.object);
    if (kind === undefined) {
      return;
    }
    if (change.type === 'DELETED') {
      for (const object of this.#store.list(kind)) {
        this.#store.remove(kind, stringAt(object, 'metadata', 'namespace'), object.metadata.name);
      }
      this.#catalog.unserve(kind);
      this.closeWatches(kind);
    } else {
      this.#catalog.serve(kind);
    }
  }

  #namespaces(): Kind {
    return this.#kind({ group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false });
  }

  #kind(resource: Resource): Kind {
    const kind = this.#catalog.find(resource.group, resource.version, resource.plural);
    if (kind === undefined) {
      throw new Error(`${kindKey(resource)} ${resource.version} is not served`);
    }
    return kind;
  }

  #kindOf(object: KubeObject): Kind {
    const kind = this.#catalog.ofObject(object.apiVersion, object.kind);
    if (kind === undefined) {
      throw new Error(`${object.apiVersion} ${object.kind} is not served`);
    }
    return kind;
  }
}

function directContext(write: DirectWrite): WriteContext {
  return {
    manager: write.manager ?? DEFAULT_MANAGER,
    subresource: write.subresource ?? '',
    dryRun: false,
    user: DEFAULT_MANAGER,
    admitted: false,
  };
}

/** The wanted object over the live one; what the server allocated stays. */
function replaced(live: KubeObject, object: KubeObject): Json {
  const { labels, annotations, ownerReferences, finalizers } = object.metadata;
  const { status: _status, ...rest } = object;
  const metadata = { ...live.metadata, labels, annotations, ownerReferences, finalizers };
  return clone({ ...rest, metadata, status: live.status });
}

function asKubeObject(input: RawObject): KubeObject {
  const object = parseJson(JSON.stringify(input));
  const metadata = objectAt(object, 'metadata');
  return {
    ...objectAt([object], 0),
    apiVersion: stringAt(object, 'apiVersion'),
    kind: stringAt(object, 'kind'),
    metadata: { ...metadata, name: stringAt(metadata, 'name') },
  };
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the fake API server has no port');
  }
  return address.port;
}
