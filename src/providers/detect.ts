import type { CloudConfig } from '../config/config.types.ts';
import type { CloudName, ClusterHints } from './provider.types.ts';
import { CLOUDS } from './table.ts';

/** The cloud, and where each part of the knowledge is from, for the log. */
export interface CloudFound {
  readonly cloud: CloudName;
  readonly cloudFrom: string;
  readonly region: string;
  readonly regionFrom: string;
  /** Empty where the cloud knows none. */
  readonly projectId: string;
  readonly vpcId: string | undefined;
  readonly clusterId: string | undefined;
}

const REGION = /^[a-z]{2,20}(?:-[a-z0-9]{1,20}){1,4}$/;

/**
 * Which cloud the cluster runs on, and where in it: the configuration, else the environment, else what the cluster shows.
 * @param given the value of an environment variable or of a Secret's file of that name; empty: none
 * @returns or why it cannot be said, with the mend
 */
export function detectCloud(
  config: CloudConfig,
  hints: ClusterHints,
  given: (variable: string) => string,
): CloudFound | { readonly why: string } {
  const cloud = whichCloud(config, hints);
  if ('why' in cloud) return cloud;
  const { title, regionVariables, projectVariable, regionOf, vpcOf } = CLOUDS[cloud.name];
  const missing: string[] = [];

  const variable = regionVariables.find((name) => given(name) !== '');
  const region =
    config.region !== undefined
      ? { value: config.region, from: 'the configuration' }
      : variable !== undefined
        ? { value: given(variable), from: variable }
        : regionOf(hints);
  if (region === undefined) {
    missing.push(`the region is not known: set cloud.region or ${regionVariables[0]}`);
  } else if (!REGION.test(region.value)) {
    missing.push(`${JSON.stringify(region.value.slice(0, 40))} (${region.from}) is no region: set cloud.region`);
  }
  const projectId = projectVariable === undefined ? '' : (config.projectId ?? given(projectVariable));
  if (projectVariable !== undefined && projectId === '') {
    missing.push(`the project id is not given: set cloud.projectId or ${projectVariable}`);
  }
  if (region === undefined || missing.length > 0) return { why: `${title}: ${missing.join('; ')}` };
  return {
    cloud: cloud.name,
    cloudFrom: cloud.from,
    region: region.value,
    regionFrom: region.from,
    projectId,
    vpcId: config.vpcId ?? vpcOf(hints),
    clusterId: config.clusterId,
  };
}

/** The cloud alone. */
export function whichCloud(
  { provider }: CloudConfig,
  { nodes }: ClusterHints,
): { readonly name: CloudName; readonly from: string } | { readonly why: string } {
  if (provider === 'none') return { why: 'the configuration says cloud.provider: none' };
  if (provider !== 'auto') return { name: provider, from: 'the configuration' };
  const names = [...new Set(nodes.flatMap(({ cloud }) => cloud ?? []))];
  const [name] = names;
  if (name === undefined) {
    return {
      why: 'neither providerID nor labels of the nodes tell the cloud: set cloud.provider to huawei or tencent',
    };
  }
  if (names.length > 1) return { why: 'the nodes are of several clouds: set cloud.provider to the one that is asked' };
  return { name, from: 'the nodes' };
}
