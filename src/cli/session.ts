import { type CiliumPlace, discoverCilium } from '../cilium/discover.ts';
import { SHARED_INGRESS_SERVICE } from '../cilium/names.ts';
import type { Config } from '../config/config.types.ts';
import type { GatewayReads } from '../gateway/observe.ts';
import { createGatewayView, type GatewayView } from '../gateway/view.ts';
import { createKubeClient } from '../kube/client.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { type Connection, openConnection } from '../kube/connection.ts';
import type { KubeError } from '../kube/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { usageError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { CommonOptions } from './args.types.ts';
import { programVersion } from './version.ts';

export interface ConnectedCluster {
  readonly client: KubeClient;
  readonly connection: Connection;
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
): Promise<ConnectedCluster> {
  const connection = openConnection({ path: options.kubeconfig, context: options.context, clock, logger });
  const client = createKubeClient({ connection, userAgent: `cilium-cloud-bridge/${programVersion()}`, clock });
  const place = await discoverCilium(client, config.cilium.namespace, signal);
  return { client, connection, place };
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
  onChange: () => void,
  config: Config,
  signal: AbortSignal,
): Promise<{ readonly view: GatewayView; readonly stopped: Promise<void> }> {
  const view = createGatewayView({
    client: cluster.client,
    place: cluster.place,
    clock,
    logger,
    timing: { relistMs: config.resyncMs },
    onChange,
  });
  const stopped = view.run(signal);
  await view.whenAsked(signal);
  const failure = view.failure();
  if (failure !== undefined && failure.category !== 'not-served') throw failure;
  const reads = view.reads();
  if (!hasGatewayApi(reads) && !hasIngress(reads)) throw nothingToServe(cluster, failure);
  return { view, stopped };
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
    cluster.connection.server.origin,
    "this cluster has neither the Gateway API (CRDs gateways and gatewayclasses of gateway.networking.k8s.io) nor Cilium's Ingress",
    "Install the Gateway API CRDs and set gatewayAPI.enabled=true (or ingressController.enabled=true) in Cilium's Helm values; or choose another cluster with --context.",
    cause,
  );
}
