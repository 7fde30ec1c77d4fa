import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/all.ts';
import type { CheckOutcome } from '../../src/checks/check.types.ts';
import { runChecks } from '../../src/checks/run.ts';
import { ACTIONS as HUAWEI_ACTIONS } from '../../src/providers/huawei/actions.ts';
import type { CloudReader } from '../../src/providers/provider.types.ts';
import { ACTIONS as TENCENT_ACTIONS } from '../../src/providers/tencent/actions.ts';
import { fakeHuawei, readerOf as huaweiReader } from '../providers/huawei/on-fake-huawei.ts';
import { fakeTencent, readerOf as tencentReader } from '../providers/tencent/on-fake-tencent.ts';
import { huaweiWorldOf } from './cloud-worlds/huawei.ts';
import { tencentWorldOf } from './cloud-worlds/tencent.ts';
import { type ClusterData, cloud, edited, patch } from './cluster-data.ts';
import type { CloudData } from './fake-cloud.ts';
import { REFERENCES } from './reference/all.ts';
import { PLACES } from './reference/tke.ts';
import { worldOf } from './world-of.ts';

/*
 * The healthy reference clusters, read by the real readers over HTTP: every cloud action that doctor uses is denied once,
 * and only the checks that need it become unknown.
 */

const ADDRESS_GROUP = 'group-of-offices';

/** What takes Huawei Cloud's other actions: a dedicated ELB, servers in two groups, address groups, many EIPs. */
const MANY_ACTIONS = edited(REFERENCES['cce-overlay'], [
  patch('Service kube-system/gateway-entrypoint', {
    metadata: { annotations: { 'kubernetes.io/elb.class': 'performance' } },
  }),
  cloud(({ loadBalancers, instances, securityGroups, publicIps }) => ({
    loadBalancers: loadBalancers.map((one) => ({
      ...one,
      kind: 'dedicated' as const,
      admission: { probeSources: ['10.2.128.240/32'], clientTraffic: 'bypasses' as const },
    })),
    instances: instances.map((server, n) => ({
      ...server,
      publicIps: [`122.9.71.${2 * n + 1}`, `122.9.71.${2 * n + 2}`],
      securityGroupIds: [...(server.securityGroupIds ?? []), 'sg-more'],
    })),
    securityGroups: [
      ...securityGroups,
      {
        id: 'sg-more',
        evaluation: 'priority' as const,
        rules: [
          {
            id: 'rule-offices',
            direction: 'ingress' as const,
            allow: true,
            priority: 1,
            family: 'ipv4' as const,
            protocol: 'tcp',
            ports: [{ from: 30000, to: 32767 }],
            peer: { kind: 'unknown' as const, name: ADDRESS_GROUP },
          },
        ],
      },
    ],
    publicIps: [
      ...publicIps,
      ...instances.flatMap(({ id, privateIps }, n) =>
        [2 * n + 1, 2 * n + 2].map((last) => ({
          id: `eip-${id}-${last}`,
          address: `122.9.71.${last}`,
          state: 'bound' as const,
          stateText: 'ACTIVE',
          boundTo: { kind: 'instance' as const, id },
          privateAddress: privateIps[0] ?? '',
          bandwidthMbps: 10,
          plain: false,
        })),
      ),
    ],
  })),
]);
/** Native nodes, which TKE tells of, else their network interfaces. */
const NATIVE_NODES = edited(REFERENCES['tke-overlay'], [
  ...PLACES.map(({ name, id }) =>
    patch(`Node ${name}`, { spec: { providerID: `tencentcloud:///100003/${nativeId(id)}` } }),
  ),
  cloud(({ instances, targets, publicIps }) => ({
    instances: instances.map((server) => ({ ...server, id: nativeId(server.id) })),
    targets: Object.fromEntries(
      Object.entries(targets).map(([id, all]) => [
        id,
        all.map((one) => ({ ...one, instanceId: nativeId(one.instanceId) })),
      ]),
    ),
    publicIps: publicIps.map((ip) =>
      ip.boundTo?.kind === 'instance' ? { ...ip, boundTo: { ...ip.boundTo, id: nativeId(ip.boundTo.id) } } : ip,
    ),
  })),
]);

function nativeId(id: string): string {
  return id.replace(/^ins-/, 'eks-');
}

const BALANCER = ['lb-exists', 'lb-frozen', 'lb-vpc'];
const GROUPS = ['sg-nodeport', 'sg-node-to-node'];

/** By cluster and denied action: the checks that are unknown then, and no other. */
const UNKNOWN: Readonly<Record<string, { data: ClusterData; unknown: Readonly<Record<string, readonly string[]>> }>> = {
  'cce-overlay': {
    data: REFERENCES['cce-overlay'],
    unknown: {
      'cce:cluster:get': ['cilium-eni-mode', 'pod-cidr-overlap'],
      'ecs:cloudServers:list': [...GROUPS, 'nat-gateway'],
      'elb:loadbalancers:get': [...BALANCER, 'lb-annotation-conflict', 'sg-nodeport', 'eip-state'],
      'elb:listeners:list': ['lb-listener', 'lb-backends', 'sg-nodeport', 'lb-health'],
      'elb:members:list': ['lb-backends', 'lb-health'],
      'nat:natGateways:list': ['nat-gateway', 'node-public-exit'],
      'nat:snatRules:list': ['nat-gateway', 'node-public-exit'],
      'vpc:bandwidths:get': ['eip-state'],
      'vpc:publicIps:list': ['eip-state'],
      'vpc:routeTables:get': ['nat-gateway', 'node-public-exit'],
      'vpc:routeTables:list': ['nat-gateway', 'node-public-exit'],
      'vpc:securityGroupRules:list': GROUPS,
      // Route tables and the labels of the nodes tell the subnets, too.
      'vpc:subnets:list': [],
      'vpc:vpcs:get': ['pod-cidr-overlap'],
    },
  },
  'cce-overlay with what takes more actions': {
    data: MANY_ACTIONS,
    unknown: {
      'cce:cluster:get': ['cilium-eni-mode', 'pod-cidr-overlap'],
      'ecs:cloudServers:list': [...GROUPS, 'nat-gateway'],
      'elb:loadbalancers:get': [...BALANCER, 'lb-annotation-conflict', 'sg-nodeport', 'eip-state'],
      'elb:listeners:list': ['lb-listener', 'lb-backends', 'sg-nodeport', 'lb-health'],
      // The subnets of a load balancer tell where its probes come from, too.
      'elb:localPorts:list': [],
      'elb:members:list': ['lb-backends', 'lb-health'],
      'nat:natGateways:list': ['nat-gateway'],
      'nat:snatRules:list': ['nat-gateway'],
      // Other rules admit already what the rule with that address group would.
      'vpc:addressGroups:get': [],
      'vpc:bandwidths:list': ['eip-state'],
      'vpc:ports:list': GROUPS,
      'vpc:publicIps:list': ['eip-state'],
      'vpc:routeTables:get': ['nat-gateway'],
      'vpc:routeTables:list': ['nat-gateway'],
      'vpc:securityGroupRules:list': GROUPS,
      'vpc:subnets:list': GROUPS,
      'vpc:vpcs:get': ['pod-cidr-overlap'],
    },
  },
  'tke-overlay': {
    data: REFERENCES['tke-overlay'],
    unknown: {
      'clb:DescribeLoadBalancers': [...BALANCER, 'sg-nodeport', 'eip-state'],
      'clb:DescribeListeners': ['lb-listener', 'lb-backends', 'sg-nodeport', 'lb-health'],
      'clb:DescribeTargets': ['lb-backends', 'lb-health'],
      'clb:DescribeTargetHealth': ['lb-health'],
      'cvm:DescribeInstances': [...GROUPS, 'nat-gateway', 'pod-to-node-eip'],
      'tke:DescribeClusters': ['pod-cidr-overlap'],
      // Pods of the overlay network are in no subnet.
      'tke:DescribeIPAMD': [],
      'vpc:DescribeAddresses': ['eip-state'],
      'vpc:DescribeNatGateways': ['nat-gateway', 'pod-to-node-eip'],
      'vpc:DescribeRouteTables': ['nat-gateway', 'pod-to-node-eip'],
      // Then the rules are asked for as they were written.
      'vpc:DescribeSecurityGroupExpandedPolicies': [],
      'vpc:DescribeSecurityGroupExpandedPolicies vpc:DescribeSecurityGroupPolicies': [...GROUPS, 'pod-to-node-eip'],
      // Route tables name their subnets, too.
      'vpc:DescribeSubnets': [],
      'vpc:DescribeVpcs': ['pod-cidr-overlap'],
    },
  },
  'tke-overlay on native nodes': {
    data: NATIVE_NODES,
    unknown: {
      // Then the nodes' network interfaces tell.
      'tke:DescribeClusterInstances': [],
      'tke:DescribeClusterInstances vpc:DescribeNetworkInterfaces': [...GROUPS, 'nat-gateway', 'pod-to-node-eip'],
    },
  },
  'tke-native': {
    data: REFERENCES['tke-native'],
    unknown: {
      'cvm:DescribeInstances': ['sg-node-to-node', 'nat-gateway', 'pod-to-node-eip'],
      // The cluster's own objects tell its network and the subnets of its Pods.
      'tke:DescribeClusters': [],
      'tke:DescribeIPAMD': [],
      'vpc:DescribeAddresses': ['eip-state'],
      'vpc:DescribeNatGateways': ['nat-gateway', 'pod-subnet-exit', 'pod-to-node-eip'],
      'vpc:DescribeRouteTables': ['nat-gateway', 'pod-subnet-exit', 'pod-to-node-eip'],
      'vpc:DescribeSecurityGroupExpandedPolicies': [],
      'vpc:DescribeSecurityGroupExpandedPolicies vpc:DescribeSecurityGroupPolicies': [
        'sg-node-to-node',
        'pod-to-node-eip',
      ],
      'vpc:DescribeSubnets': [],
      // Nothing is masqueraded that the VPC's ranges would matter for.
      'vpc:DescribeVpcs': [],
    },
  },
};

/** Asked for only where a node does not name its server, or a group shows no rules; no check hangs on them alone. */
const ELSEWHERE = ['cce:node:list', 'vpc:securityGroups:get'];

it('speaks of every action that doctor uses', () => {
  const denied = Object.values(UNKNOWN).flatMap(({ unknown }) => Object.keys(unknown).flatMap((one) => one.split(' ')));
  const used = [...Object.keys(HUAWEI_ACTIONS), ...Object.keys(TENCENT_ACTIONS)];
  expect([...new Set([...denied, ...ELSEWHERE])].toSorted()).toEqual(used.toSorted());
});

describe.each(Object.entries(UNKNOWN))('%s', (_, { data, unknown }) => {
  it('passes every check that applies, and asks for just these actions', async () => {
    const { outcomes, asked } = await readOver(data, []);
    const others = outcomes.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'not-applicable');
    expect(others.map(({ check, findings }) => [check.id, findings])).toEqual([]);
    const first = Object.keys(unknown).flatMap((one) => one.split(' ').slice(0, 1));
    expect(asked).toEqual(expect.arrayContaining(first));
    if (first.length > 2) expect(new Set(asked)).toEqual(new Set(first));
  });

  it.each(Object.entries(unknown))('without %s only %j are unknown', async (actions, wanted) => {
    const denied = actions.split(' ');
    const before = await readOver(data, []);
    const { outcomes, asked } = await readOver(data, denied);
    expect(asked).toEqual(expect.arrayContaining(denied));
    const verdicts = Object.fromEntries(before.outcomes.map(({ check, verdict }) => [check.id, verdict]));
    const expected = { ...verdicts, ...Object.fromEntries(wanted.map((id) => [id, 'unknown'])) };
    expect(Object.fromEntries(outcomes.map(({ check, verdict }) => [check.id, verdict]))).toEqual(expected);
    // Each says which action was denied.
    for (const { findings } of outcomes) {
      for (const { verdict, message, fix } of findings) {
        if (verdict === 'unknown') expect(denied.some((one) => `${message} ${fix}`.includes(one))).toBe(true);
      }
    }
  });
});

/** What the checks come to where these actions are denied, and the actions that were asked for. */
async function readOver(
  cluster: ClusterData,
  denied: readonly string[],
): Promise<{ readonly outcomes: readonly CheckOutcome[]; readonly asked: readonly string[] }> {
  const { reader, asked } = await openCloud(cluster.cloud, denied);
  const { outcomes } = runChecks(CHECKS, await worldOf(cluster, { reader }));
  return { outcomes, asked: asked() };
}

async function openCloud(
  data: CloudData,
  denied: readonly string[],
): Promise<{ readonly reader: CloudReader; readonly asked: () => string[] }> {
  const clusterId = data.cluster.id;
  if (data.cloud === 'huawei') {
    const fake = await fakeHuawei(huaweiWorldOf(data));
    const body = JSON.stringify({ error_code: 'APIGW.0302', error_msg: 'Policy does not allow it to be performed.' });
    for (const action of denied) fake.fail(action, { kind: 'answer', status: 403, body }, Number.POSITIVE_INFINITY);
    return { reader: huaweiReader(fake, { clusterId }), asked: () => Object.keys(fake.counts()) };
  }
  const fake = await fakeTencent(tencentWorldOf(data));
  for (const action of denied) fake.denied.add(action);
  return { reader: tencentReader(fake, { clusterId }), asked: () => Object.keys(fake.counts()) };
}
