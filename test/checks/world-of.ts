import { gatherWorld } from '../../src/checks/diagnose.ts';
import { listedSource } from '../../src/checks/object-source.ts';
import type { DoctorWorld } from '../../src/checks/world.types.ts';
import { configSchema, toConfig } from '../../src/config/schema.ts';
import type { CloudReader } from '../../src/providers/provider.types.ts';
import type { ClusterData } from './cluster-data.ts';
import { type FakeCloudOptions, fakeCloud } from './fake-cloud.ts';
import { NOW } from './reference/parts.ts';

export interface WorldOptions extends FakeCloudOptions {
  /** Of the configuration file. */
  readonly config?: object;
  /** Kinds that may not be read. */
  readonly unreadable?: readonly string[];
  /** Instead of one over the data. */
  readonly reader?: CloudReader;
}

/** What doctor reads of a cluster that is given as data, by the same gathering as in a live one. */
export async function worldOf(data: ClusterData, options: WorldOptions = {}): Promise<DoctorWorld> {
  const { unreadable = [], reader } = options;
  const source = listedSource(data.objects, {
    description: 'test',
    missing: ({ kind, plural }) =>
      unreadable.includes(kind)
        ? { why: `this account may not list ${plural}`, mend: `Give this account the right to list ${plural}.` }
        : undefined,
  });
  const config = toConfig(configSchema.parse({ cloud: { clusterId: data.cloud.cluster.id }, ...options.config }));
  return await gatherWorld(
    config,
    { source, openCloud: async () => reader ?? fakeCloud(data.cloud, options), now: () => NOW },
    AbortSignal.timeout(30_000),
  );
}
