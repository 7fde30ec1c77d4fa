import { type CiliumPlace, discoverCilium } from '../cilium/discover.ts';
import { SHARED_INGRESS_SERVICE } from '../cilium/names.ts';
import type { Config } from '../config/config.types.ts';
import type { GatewayReads } from '../gateway/observe.ts';
import { createGatewayView, type GatewayView } from '../gateway/view.ts';
import { describePermission, type Permission, reviewAccess } from '../kube/access.ts';
import { createKubeClient } from '../kube/client.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { type Connection, openConnection } from '../kube/connection.ts';
import type { KubeError } from '../kube/errors.ts';
import type { RequestObserver } from '../kube/requests.ts';
import type { Clock } from '../lib/clock.ts';
import { usageError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { createTaintView } from '../taints/view.ts';
import type { TaintView } from '../taints/view.types.ts';
import type { CommonOptions } from './args.types.ts';
import { programVersion } from './version.ts';

/** A cluster of which nothing was asked yet. */
export interface OpenClient {
  readonly client: KubeClient;
  readonly connection: Connection;
  /** Ends all of it. */
  close(): void;
}

export interface ConnectedCluster extends OpenClient {
  readonly place: CiliumPlace;
}

/**
 * Connects, and finds Cilium.
 * @throws UsageError for an unusable kubeconfig, KubeError when the API server cannot be asked
 */
export async function connect(
  options: CommonOptions,
  config: Config,
  clock: Clock,
  logger: Logger,
  signal: AbortSignal,
  onRequest?: RequestObserver,
): Promise<ConnectedCluster> {
  const opened = openClient(options, clock, logger, onRequest);
  try {
    return { ...opened, place: await discoverCilium(opened.client, config.cilium.namespace, signal) };
  } catch (error) {
    opened.close();
    throw error;
  }
}

/**
 * Prepares the connection; nothing is sent.
 * @throws UsageError for an unusable kubeconfig
 */
export function openClient(
  options: CommonOptions,
  clock: Clock,
  logger: Logger,
  onRequest?: RequestObserver,
): OpenClient {
  const connection = openConnection({ path: options.kubeconfig, context: options.context, clock, logger });
  const userAgent = `cilium-cloud-bridge/${programVersion()}`;
  const client = createKubeClient({ connection, userAgent, clock, onRequest });
  return {
    client,
    connection,
    close: () => {
      client.close();
      connection.close();
    },
  };
}

/**
 * Starts watching and waits until everything was asked for once.
 * @throws KubeError when what nothing works without cannot be read; UsageError when the cluster has neither Gateway API
 * nor Cilium's Ingress
 */
export async function openView(
  cluster: ConnectedCluster,
  clock: Clock,
  logger: Logger,
  onChange: { readonly gateways: () => void; readonly taints: () => void },
  config: Config,
  signal: AbortSignal,
): Promise<OpenView> {
  const { client, place } = cluster;
  const common = { client, clock, logger, timing: { relistMs: config.resyncMs } };
  const view = createGatewayView({ ...common, place, onChange: onChange.gateways });
  const taints = config.taints.enabled
    ? createTaintView({ ...common, ciliumNamespace: place.namespace, onChange: onChange.taints })
    : undefined;
  const failed = new AbortController();
  const watching = AbortSignal.any([signal, failed.signal]);
  const stopped = Promise.all([view.run(watching), taints?.run(watching)]);
  try {
    await Promise.all([view.whenAsked(signal), taints?.whenAsked(signal)]);
    const failure = view.failure();
    if (failure !== undefined && failure.category !== 'not-served') throw failure;
    const reads = view.reads();
    const served = hasGatewayApi(reads) || hasIngress(reads) || (taints !== undefined && hasCilium(reads));
    if (!served) throw nothingToServe(cluster, failure);
    return { view, taints, stopped };
  } catch (error) {
    failed.abort(); // or watches would keep the process alive after its last word
    await stopped;
    throw error;
  }
}

/** Views that have been read once and are kept current. */
export interface OpenView {
  readonly view: GatewayView;
  /** Undefined: taints are switched off. */
  readonly taints: TaintView | undefined;
  /** Resolves when nothing watches any more. */
  readonly stopped: Promise<unknown>;
}

/** Server and account, as messages about a cluster begin: `https://10.0.0.1:6443 (context "prod" of ~/.kube/config)`. */
export function whereOf({ connection }: OpenClient): string {
  return `${connection.server.origin} (${connection.description})`;
}

/**
 * Asks for each right before the first write is made, so that nothing is half-written.
 * @throws UsageError that names those that are missing
 */
export async function expectRights(
  cluster: OpenClient,
  permissions: readonly Permission[],
  signal: AbortSignal,
): Promise<void> {
  const { denied } = await reviewAccess(cluster.client, permissions, { signal });
  if (denied.length === 0) return;
  const missing = [...new Set(denied.map(({ permission }) => describePermission(permission)))].join('; ');
  throw usageError(
    whereOf(cluster),
    `this user may not: ${missing}. Nothing was written`,
    'Ask a cluster administrator for these rights, or choose another --context.',
  );
}

/** Even without Gateways there are nodes to look after. */
function hasCilium(reads: GatewayReads): boolean {
  return reads.ciliumPods.items.length > 0 || reads.daemonSets.items.length > 0;
}

function hasGatewayApi(reads: GatewayReads): boolean {
  return reads.gateways.served && reads.gatewayClasses.served;
}

function hasIngress(reads: GatewayReads): boolean {
  return (
    reads.ciliumConfig.items.some((item) => item.settings.ingressController === true) ||
    reads.services.items.some(({ meta }) => meta.name.startsWith(SHARED_INGRESS_SERVICE))
  );
}

function nothingToServe(cluster: ConnectedCluster, cause: KubeError | undefined): Error {
  return usageError(
    whereOf(cluster),
    "this cluster has neither the Gateway API (CRDs gateways and gatewayclasses of gateway.networking.k8s.io) nor Cilium's Ingress",
    "Install the Gateway API CRDs and set gatewayAPI.enabled=true (or ingressController.enabled=true) in Cilium's Helm values; or choose another cluster with --context.",
    cause,
  );
}
