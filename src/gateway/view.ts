import { CILIUM_POD_SELECTOR, trimCiliumDaemonSet, trimCiliumPod } from '../cilium/agents.ts';
import { CILIUM_CONFIG, trimCiliumConfigMap } from '../cilium/config-map.ts';
import type { CiliumPlace } from '../cilium/discover.ts';
import type { KubeClient } from '../kube/client.types.ts';
import type { KubeError } from '../kube/errors.ts';
import {
  CONFIG_MAPS,
  DAEMON_SETS,
  ENVOY_CONFIGS,
  GATEWAY_CLASSES,
  GATEWAYS,
  INGRESSES,
  PODS,
  type Resource,
  SERVICES,
} from '../kube/resources.ts';
import type { ObjectRef, RawObject } from '../kube/types.ts';
import type { CacheState, Model, WatchCache } from '../kube/watch.types.ts';
import { createWatchCache } from '../kube/watch-cache.ts';
import type { WatchTiming } from '../kube/watch-timing.ts';
import { abortReason, type Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { type EnvoyConfigModel, trimEnvoyConfig } from './models/envoy-config.ts';
import { trimGateway, trimGatewayClass, trimIngress, trimPool } from './models/gateway.ts';
import { expectEnvoyConfig, expectGateway, expectGatewayClass, expectService } from './models/promised.ts';
import { type ServiceModel, trimService } from './models/service.ts';
import { type Doubt, notServed, type Seen, seen, unread } from './observation.ts';
import type { GatewayReads } from './observe.ts';

/** Everything that planning Gateways reads, kept current by list and watch. */
export interface GatewayView {
  reads(): GatewayReads;
  /** The Service as it is known now. */
  service(ref: ObjectRef): ServiceModel | undefined;
  /** Resolves when every kind was asked for once: listed, not served, or refused (which its state then says). */
  whenAsked(signal: AbortSignal): Promise<void>;
  /** Resolves when no empty first list waits for a second one, or that one cannot be had (which its state then says). */
  whenProven(signal: AbortSignal): Promise<void>;
  /** From now on CiliumEnvoyConfigs are watched, too. */
  watchEnvoyConfigs(): void;
  /** Takes what a write of ours returned. */
  upsert(resource: Resource, object: RawObject): void;
  /** State of each cache by plural name: age of the last event, error, lists. */
  states(): ReadonlyMap<string, CacheState>;
  /** The first failure among the kinds that nothing works without, if any. */
  failure(): KubeError | undefined;
  run(signal: AbortSignal): Promise<void>;
}

export interface GatewayViewOptions {
  readonly client: KubeClient;
  readonly place: CiliumPlace;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timing?: Partial<WatchTiming>;
  /** Called when something changed that a plan could depend on. */
  readonly onChange: () => void;
}

export function createGatewayView(options: GatewayViewOptions): GatewayView {
  const { client, place, clock, logger, onChange } = options;
  const caches: WatchCache<Model>[] = [];
  const waiters = new Set<() => void>();

  function watch<T extends Model>(
    resource: Resource,
    trim: (raw: RawObject) => T,
    scope: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string } = {},
  ): WatchCache<T> {
    const cache = createWatchCache<T>({
      client,
      resource,
      trim,
      clock,
      logger,
      ...scope,
      ...(options.timing === undefined ? {} : { timing: options.timing }),
      onChange: ({ before, after }) => {
        if (before === undefined || after === undefined || differs(before, after)) onChange();
      },
      onState: () => {
        for (const wake of waiters) wake();
        onChange();
      },
    });
    caches.push(cache);
    return cache;
  }

  /** Resolves when it is so of every cache. */
  async function until(isSo: (state: CacheState) => boolean, signal: AbortSignal): Promise<void> {
    while (!caches.every((cache) => isSo(cache.state()))) {
      const changed = Promise.withResolvers<void>();
      waiters.add(changed.resolve);
      const abort = (): void => changed.reject(abortReason(signal));
      signal.addEventListener('abort', abort, { once: true });
      try {
        signal.throwIfAborted();
        await changed.promise;
      } finally {
        signal.removeEventListener('abort', abort);
        waiters.delete(changed.resolve);
      }
    }
  }

  const services = watch(SERVICES, whole(expectService, trimService));
  const gateways = watch(GATEWAYS, whole(expectGateway, trimGateway));
  const gatewayClasses = watch(GATEWAY_CLASSES, whole(expectGatewayClass, trimGatewayClass));
  const ingresses = watch(INGRESSES, trimIngress);
  const pools = watch(place.pools, trimPool);
  const inCilium = { namespace: place.namespace };
  const ciliumPods = watch(PODS, trimCiliumPod, { ...inCilium, labelSelector: CILIUM_POD_SELECTOR });
  const daemonSets = watch(DAEMON_SETS, trimCiliumDaemonSet, { ...inCilium, labelSelector: 'k8s-app=cilium' });
  const ciliumConfig = watch(CONFIG_MAPS, trimCiliumConfigMap, {
    ...inCilium,
    fieldSelector: `metadata.name=${CILIUM_CONFIG}`,
  });

  let envoyConfigs: WatchCache<EnvoyConfigModel> | undefined;
  let running: { readonly signal: AbortSignal; readonly more: Promise<void>[] } | undefined;

  return {
    watchEnvoyConfigs: () => {
      if (envoyConfigs !== undefined) return;
      envoyConfigs = watch(ENVOY_CONFIGS, whole(expectEnvoyConfig, trimEnvoyConfig));
      if (running !== undefined) running.more.push(envoyConfigs.run(running.signal));
    },
    reads: () => ({
      envoyConfigs: envoyConfigs === undefined ? undefined : seenBy(envoyConfigs),
      services: seenBy(services),
      gateways: provenBy(gateways),
      gatewayClasses: provenBy(gatewayClasses),
      ingresses: seenBy(ingresses),
      pools: seenBy(pools),
      ciliumPods: seenBy(ciliumPods),
      daemonSets: seenBy(daemonSets),
      ciliumConfig: seenBy(ciliumConfig),
    }),
    service: services.get,
    whenAsked: (signal) => until(wasAsked, signal),
    whenProven: (signal) => until((state) => !state.unproven || state.error !== undefined, signal),
    upsert: (resource, object) => {
      for (const cache of caches) {
        if (cache.resource === resource) cache.upsert(object);
      }
    },
    states: () => new Map(caches.map((cache) => [cache.resource.plural, cache.state()])),
    failure: () => services.state().error ?? gateways.state().error ?? gatewayClasses.state().error,
    run: async (signal) => {
      running = { signal, more: [] };
      await Promise.all(caches.map((cache) => cache.run(signal)));
      await Promise.all(running.more);
    },
  };
}

function wasAsked(state: CacheState): boolean {
  return state.synced || state.served || state.error !== undefined;
}

/** Trims only what has the fields that its schema promises; the rest counts as unreadable. */
function whole<T>(expect: (raw: RawObject) => void, trim: (raw: RawObject) => T): (raw: RawObject) => T {
  return (raw) => {
    expect(raw);
    return trim(raw);
  };
}

/** What a cache holds, as an observation says it: complete only while list and watch work. */
function seenBy<T extends Model>(cache: WatchCache<T>): Seen<T> {
  const state = cache.state();
  if (state.synced && state.error === undefined) {
    return state.served ? seen(cache.list(), doubtOf(state)) : notServed();
  }
  if (state.error?.category === 'not-served') return notServed();
  return unread(state.error?.message ?? 'it has not been read yet', cache.list());
}

function doubtOf({ unreadable, unproven }: CacheState): Doubt | undefined {
  if (unreadable > 0) return { why: `${unreadable} of them cannot be understood`, passes: false };
  return unproven ? { why: 'the first list was empty', passes: true } : undefined;
}

/** The same, for kinds whose absence takes something away: an object that cannot be read is not absent. */
function provenBy<T extends Model>(cache: WatchCache<T>): Seen<T> {
  const read = seenBy(cache);
  const { unreadable } = cache.state();
  return read.complete && unreadable > 0 ? unread(`${unreadable} of them cannot be understood`, read.items) : read;
}

/** Whether two states of an object differ in anything that is read, besides the version itself. */
function differs(before: Model, after: Model): boolean {
  return fingerprint(before) !== fingerprint(after);
}

function fingerprint(model: Model): string {
  return JSON.stringify({ ...model, meta: { ...model.meta, resourceVersion: '' } });
}
