import { expect, test } from 'vitest';
import { configSchema, toConfig } from '../../src/config/schema.ts';
import { detectCloud } from '../../src/providers/detect.ts';
import type { ClusterHints, NodeHint } from '../../src/providers/provider.types.ts';

const CCE: NodeHint = { cloud: 'huawei', labels: { 'topology.kubernetes.io/region': 'cn-north-4' } };
const TKE: NodeHint = {
  cloud: 'tencent',
  labels: { 'topology.kubernetes.io/region': 'hk', 'topology.com.tencent.cloud.csi.cbs/zone': 'ap-hongkong-3' },
};
const FOREIGN: NodeHint = { cloud: undefined, labels: {} };

interface Given {
  readonly cloud?: Readonly<Record<string, unknown>>;
  readonly nodes?: readonly NodeHint[];
  readonly tkeConfig?: ClusterHints['tkeConfig'];
  readonly env?: Readonly<Record<string, string>>;
}

function detect({ cloud = {}, nodes = [], tkeConfig = {}, env = {} }: Given) {
  const config = toConfig(configSchema.parse({ cloud })).cloud;
  return detectCloud(config, { nodes, tkeConfig }, (name) => env[name] ?? '');
}

const PROJECT = { HUAWEICLOUD_SDK_PROJECT_ID: '0a1b2c' };

test('the nodes tell the cloud and the region', () => {
  expect(detect({ nodes: [FOREIGN, CCE, CCE], env: PROJECT })).toEqual({
    cloud: 'huawei',
    cloudFrom: 'the nodes',
    region: 'cn-north-4',
    regionFrom: 'node label topology.kubernetes.io/region',
    projectId: '0a1b2c',
    vpcId: undefined,
    clusterId: undefined,
  });
  expect(detect({ nodes: [TKE] })).toMatchObject({
    cloud: 'tencent',
    region: 'ap-hongkong',
    regionFrom: 'node label topology.com.tencent.cloud.csi.cbs/zone',
    projectId: '',
  });
});

test("TKE's own ConfigMap goes before the labels, and tells the VPC", () => {
  const tkeConfig = { TKE_REGION: 'ap-guangzhou', TKE_VPC_ID: 'vpc-12ab' };
  expect(detect({ nodes: [TKE], tkeConfig })).toMatchObject({
    region: 'ap-guangzhou',
    regionFrom: 'ConfigMap kube-system/tke-config',
    vpcId: 'vpc-12ab',
  });
  // A short code is no region of the API.
  expect(detect({ nodes: [TKE], tkeConfig: { TKE_REGION: 'gz' } })).toMatchObject({ region: 'ap-hongkong' });
});

test('the configuration goes before the environment, which goes before the cluster', () => {
  const env = { ...PROJECT, HUAWEICLOUD_SDK_REGION_ID: 'cn-east-3' };
  expect(detect({ nodes: [CCE], env })).toMatchObject({
    region: 'cn-east-3',
    regionFrom: 'HUAWEICLOUD_SDK_REGION_ID',
  });
  const cloud = { region: 'ap-southeast-3', projectId: 'mine', vpcId: 'v-1', clusterId: 'c-1' };
  expect(detect({ cloud, nodes: [CCE], env })).toMatchObject({
    region: 'ap-southeast-3',
    regionFrom: 'the configuration',
    projectId: 'mine',
    vpcId: 'v-1',
    clusterId: 'c-1',
  });
  expect(
    detect({ cloud: { provider: 'tencent' }, nodes: [CCE], tkeConfig: { TKE_REGION: 'ap-guangzhou' } }),
  ).toMatchObject({ cloud: 'tencent', cloudFrom: 'the configuration' });
});

test.each<readonly [Given, string]>([
  [{ cloud: { provider: 'none' }, nodes: [CCE] }, 'the configuration says cloud.provider: none'],
  [{ nodes: [FOREIGN] }, 'neither providerID nor labels of the nodes tell the cloud'],
  [{}, 'neither providerID nor labels of the nodes tell the cloud'],
  [{ nodes: [CCE, TKE] }, 'the nodes are of several clouds: set cloud.provider'],
  [{ nodes: [CCE] }, 'Huawei Cloud: the project id is not given: set cloud.projectId or HUAWEICLOUD_SDK_PROJECT_ID'],
  [
    { nodes: [{ cloud: 'huawei', labels: {} }] },
    'Huawei Cloud: the region is not known: set cloud.region or HUAWEICLOUD_SDK_REGION_ID; the project id is not given',
  ],
  [{ nodes: [{ cloud: 'tencent', labels: {} }] }, 'Tencent Cloud: the region is not known: set cloud.region'],
  [
    { nodes: [TKE], env: { TENCENTCLOUD_REGION: 'Hong Kong/../' } },
    'Tencent Cloud: "Hong Kong/../" (TENCENTCLOUD_REGION) is no region: set cloud.region',
  ],
])('%j is told as: %s', (given, why) => {
  const found = detect(given);
  expect('why' in found ? found.why : found).toContain(why);
});
