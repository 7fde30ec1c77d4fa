import { cloudOfCluster } from '../facts/network.ts';
import type { DoctorWorld } from '../world.types.ts';

/** Regions of Tencent Cloud in the Chinese mainland, without what follows the city (`ap-shanghai-fsi`). */
const TENCENT_MAINLAND =
  /^ap-(?:beijing|chengdu|chongqing|fuzhou|guangzhou|hangzhou|hefei|jinan|nanjing|qingyuan|shanghai|shenyang|shenzhen|shijiazhuang|tianjin|wuhan|xian|xibei|changsha|zhengzhou)(?:-|$)/;
/** Of Huawei Cloud: `cn-north-4`; its region in Hong Kong is `ap-southeast-1`. */
const HUAWEI_MAINLAND = /^cn-(?!hongkong)/;
/** TKE's short codes of them, on nodes. */
const TENCENT_SHORT =
  /^(?:bj|cd|cq|fzec|gz|gzopen|hzec|hfeec|jnec|nj|qy|sh|shjr|szx|szjr|sz|tsn|whec|xibei|xiyang|csec|cgoec)$/;

/** Whether the cluster is in the Chinese mainland: its region as the cloud, the configuration or its nodes tell. */
export function isInMainland({ kube, cloud, config }: DoctorWorld): boolean {
  const name = cloudOfCluster(kube);
  const tkeRegion = kube.tkeConfig.items[0]?.data.TKE_REGION ?? '';
  const labels = kube.nodes.items.map(({ meta }) => meta.labels);
  const regions = [
    cloud.region,
    config.cloud.region ?? '',
    tkeRegion,
    ...labels.map((one) => one['topology.com.tencent.cloud.csi.cbs/zone'] ?? ''),
    ...labels.map((one) => one['topology.kubernetes.io/region'] ?? ''),
  ];
  const region = regions.find((text) => text !== '') ?? '';
  if (name === 'tke') return TENCENT_MAINLAND.test(region) || TENCENT_SHORT.test(region);
  return name === 'cce' && HUAWEI_MAINLAND.test(region);
}
