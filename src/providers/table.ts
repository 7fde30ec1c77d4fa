import type { CloudCaller, CredentialSource } from './caller.types.ts';
import type { ActionTable, CloudFolder, CredentialOptions, ReaderOptions } from './cloud.types.ts';
import type { CloudName, CloudReader, ClusterHints } from './provider.types.ts';

/** What the program knows of a cloud before its code is loaded. A third cloud is a row here, and a folder. */
interface CloudRow {
  readonly title: string;
  /** Any of these, as variable or as file of the mounted Secret, says that credentials are given. */
  readonly credentialVariables: readonly string[];
  /** The simplest way to give some. */
  readonly credentialHint: string;
  readonly regionVariables: readonly [string, ...string[]];
  /** Undefined: the cloud knows no projects. */
  readonly projectVariable: string | undefined;
  /** The region as the cluster shows it. */
  readonly regionOf: (hints: ClusterHints) => Shown | undefined;
  readonly vpcOf: (hints: ClusterHints) => string | undefined;
  /** Loads the code of this cloud, and of no other. */
  readonly open: (options: OpenOptions) => Promise<OpenedReader>;
}

interface Shown {
  readonly value: string;
  readonly from: string;
}

export interface OpenOptions {
  readonly credentials: CredentialOptions;
  readonly reader: Omit<ReaderOptions<unknown>, 'credentials' | 'caller'>;
  readonly createCaller: (credentials: Pick<CredentialSource<unknown>, 'refresh'>) => CloudCaller;
}

export interface OpenedReader {
  readonly reader: CloudReader;
  readonly actions: ActionTable;
  /** Where credentials come from, for the log. */
  readonly credentials: string;
  /** Rejects with a CloudError that says which credentials are missing or wrong. */
  readonly checkCredentials: (signal: AbortSignal) => Promise<void>;
}

export const CLOUDS: Readonly<Record<CloudName, CloudRow>> = {
  huawei: {
    title: 'Huawei Cloud',
    credentialVariables: [
      'HUAWEICLOUD_SDK_AK',
      'HUAWEICLOUD_SDK_SK',
      'HUAWEICLOUD_SDK_SECURITY_TOKEN',
      'HUAWEICLOUD_SDK_IDP_ID',
      'HUAWEICLOUD_SDK_ID_TOKEN_FILE',
    ],
    credentialHint: 'HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK',
    regionVariables: ['HUAWEICLOUD_SDK_REGION_ID'],
    projectVariable: 'HUAWEICLOUD_SDK_PROJECT_ID',
    regionOf: (hints) =>
      labelOf(hints, 'topology.kubernetes.io/region') ?? labelOf(hints, 'failure-domain.beta.kubernetes.io/region'),
    vpcOf: () => undefined,
    open: async (options) => openFolder(await import('./huawei/index.ts'), options),
  },
  tencent: {
    title: 'Tencent Cloud',
    credentialVariables: [
      'TENCENTCLOUD_SECRET_ID',
      'TENCENTCLOUD_SECRET_KEY',
      'TENCENTCLOUD_SESSION_TOKEN',
      'TENCENTCLOUD_TOKEN',
      'TKE_ROLE_ARN',
      'TKE_PROVIDER_ID',
      'TKE_WEB_IDENTITY_TOKEN_FILE',
    ],
    credentialHint: 'TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY',
    regionVariables: ['TENCENTCLOUD_REGION', 'TKE_REGION'],
    projectVariable: undefined,
    regionOf: tencentRegion,
    vpcOf: ({ tkeConfig }) => tkeConfig.TKE_VPC_ID || undefined,
    open: async (options) => openFolder(await import('./tencent/index.ts'), options),
  },
};

function openFolder<C>(folder: CloudFolder<C>, options: OpenOptions): OpenedReader {
  const credentials = folder.createCredentials(options.credentials);
  const caller = options.createCaller(credentials);
  return {
    reader: folder.createReader({ ...options.reader, credentials, caller }),
    actions: folder.ACTIONS,
    credentials: credentials.description,
    checkCredentials: async (signal) => {
      await credentials.current(signal);
    },
  };
}

/** `topology.kubernetes.io/region` is a short code on TKE (`gz`); the CBS driver's zone has the API's name in it. */
function tencentRegion(hints: ClusterHints): Shown | undefined {
  const configured = hints.tkeConfig.TKE_REGION ?? '';
  if (configured.includes('-')) return { value: configured, from: 'ConfigMap kube-system/tke-config' };
  const zone = labelOf(hints, 'topology.com.tencent.cloud.csi.cbs/zone');
  return zone && { value: zone.value.replace(/-\d+$/, ''), from: zone.from };
}

function labelOf({ nodes }: ClusterHints, key: string): Shown | undefined {
  const value = nodes.map(({ labels }) => labels[key] ?? '').find((label) => label !== '');
  return value === undefined ? undefined : { value, from: `node label ${key}` };
}
