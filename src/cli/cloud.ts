import type { CloudConfig } from '../config/config.types.ts';
import type { KubeClient } from '../kube/client.types.ts';
import type { KubeError } from '../kube/errors.ts';
import { asRecord, asString, asStringMap, readMeta } from '../kube/read.ts';
import { type Read, readAll } from '../kube/read-all.ts';
import { CONFIG_MAPS, NODES } from '../kube/resources.ts';
import type { RawObject } from '../kube/types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Environment } from '../lib/environment.ts';
import type { Logger } from '../lib/logger.ts';
import { type OpenCloudOptions, openCloud } from '../providers/open.ts';
import type { CloudAccess } from '../providers/open.types.ts';
import type { CloudName, ClusterHints, NodeHint } from '../providers/provider.types.ts';
import { type Cloud, cloudOf } from '../taints/clouds.ts';

export interface FindCloudOptions {
  readonly client: KubeClient;
  /** Nodes of the cluster: a few are enough. Empty: all are listed. */
  readonly nodeNames: () => readonly string[];
  readonly config: CloudConfig;
  readonly env: Environment;
  readonly clock: Clock;
  readonly logger: Logger;
  /** As `openCloud` has it. */
  readonly tryCredentials: boolean;
  /** As `openCloud` has it. */
  readonly onCall?: OpenCloudOptions['onCall'];
}

/** So many nodes are looked at: a cluster's nodes are of one cloud, but one may be foreign (registered). */
const SOME_NODES = 5;
const TRY_AGAIN_MS = 15_000;

/** As the readers call the clouds of nodes; undefined: none that can be asked. */
export const CLOUD_NAMES: Readonly<Record<Cloud, CloudName | undefined>> = {
  cce: 'huawei',
  tke: 'tencent',
  unknown: undefined,
};

/**
 * Finds the cloud of a cluster and makes it ready to be asked. Rejects only with the signal's reason: the Kubernetes work
 * never waits for it.
 */
export async function findCloud(options: FindCloudOptions, signal: AbortSignal): Promise<CloudAccess> {
  for (;;) {
    const { hints, error } = await readHints(options, signal);
    const { provider } = options.config;
    if (error === undefined || provider !== 'auto') return openCloud({ ...options, hints }, signal);
    if (!error.retryable) {
      const why = `nodes cannot be read, which would tell the cloud (${error.message}): set cloud.provider`;
      options.logger.info({ why }, 'the cloud is not asked');
      return { cloud: undefined, why, wanted: false };
    }
    await options.clock.sleep(TRY_AGAIN_MS, signal);
  }
}

async function readHints(
  { client, nodeNames, config }: FindCloudOptions,
  signal: AbortSignal,
): Promise<{ readonly hints: ClusterHints; readonly error: KubeError | undefined }> {
  if (config.provider === 'none') return { hints: { nodes: [], tkeConfig: {} }, error: undefined };
  const names = [...new Set(nodeNames())].filter((name) => name !== '').slice(0, SOME_NODES);
  const selections = names.length === 0 ? [{}] : names.map((name) => ({ fieldSelector: `metadata.name=${name}` }));
  const tke = { namespace: 'kube-system', fieldSelector: 'metadata.name=tke-config', signal };
  const [tkeConfig, ...nodes] = await Promise.all([
    readAll(client, CONFIG_MAPS, tke, (raw) => asStringMap(asRecord(raw).data)),
    ...selections.map((selection) => readAll(client, NODES, { ...selection, signal }, toHint)),
  ]);
  const read = nodes.flatMap((one) => (one.ok ? one.items : []));
  const data = tkeConfig.ok ? tkeConfig.items[0] : undefined;
  return {
    hints: { nodes: read, tkeConfig: data ?? {} },
    error: read.length > 0 ? undefined : errorOf(nodes),
  };
}

function errorOf(reads: readonly Read<NodeHint>[]): KubeError | undefined {
  return reads.flatMap((one) => (one.ok ? [] : [one.error]))[0];
}

function toHint(raw: RawObject): NodeHint {
  const meta = readMeta(raw);
  const providerId = asString(asRecord(raw.spec).providerID);
  return { cloud: cloudNameOf({ providerId, meta }), labels: meta.labels };
}

/** The cloud that a node's providerID and labels tell; undefined: they tell none that can be asked. */
export function cloudNameOf(node: Parameters<typeof cloudOf>[0]): CloudName | undefined {
  return CLOUD_NAMES[cloudOf(node)];
}
