import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { type Audit, type AuditScene, type AuditSize, huaweiAudit, tencentAudit } from './audit-scene.ts';
import { type Bundle, buildBundle } from './cloud-scene.ts';

/*
 * What an audit of 100 nodes, one load balancer and two security groups costs, counted at the cloud: HTTP requests, of the
 * program that is shipped, as a process of its own. How long it takes: `npm run bench:doctor`.
 */

const MOST_CALLS = 15;
const MOST_MIB = 150;
const LONG_MS = 120_000;

let bundle: Bundle;

beforeAll(async () => {
  bundle = await buildBundle();
}, LONG_MS);
afterAll(() => bundle.remove());

const Report = z.looseObject({
  checks: z.array(z.looseObject({ findings: z.array(z.looseObject({ reason: z.string() })) })),
});

async function audited(
  open: (program: string, size: AuditSize) => Promise<AuditScene>,
  size: AuditSize,
): Promise<Audit & { readonly total: number }> {
  const scene = await open(bundle.file, size);
  try {
    const audit = await scene.audit();
    const { checks } = Report.parse(JSON.parse(audit.stdout));
    const reasons = checks.flatMap(({ findings }) => findings.map(({ reason }) => reason));
    // Everything was asked, and answered.
    expect(reasons.filter((reason) => /^Cloud(NotAsked|Denied|Failed)$|^NotReadable$/.test(reason))).toEqual([]);
    return { ...audit, total: Object.values(audit.calls).reduce((sum, n) => sum + n, 0) };
  } finally {
    await scene.stop();
  }
}

const HUAWEI = {
  'cce:cluster:get': 1,
  'ecs:cloudServers:list': 1,
  'elb:loadbalancers:get': 1,
  'elb:listeners:list': 1,
  'elb:members:list': 1,
  'elb:localPorts:list': 1,
  'vpc:vpcs:get': 1,
  'vpc:subnets:list': 1,
  'vpc:routeTables:list': 1,
  'vpc:routeTables:get': 1,
  'vpc:securityGroupRules:list': 1,
  'nat:natGateways:list': 1,
  'nat:snatRules:list': 1,
  'vpc:publicIps:list': 1,
  'vpc:bandwidths:get': 1,
};

test('Huawei Cloud, a dedicated ELB', { timeout: LONG_MS }, async () => {
  const { calls, total, peakMiB } = await audited(huaweiAudit, { nodes: 100 });
  expect(calls).toEqual(HUAWEI);
  expect(total).toBeLessThanOrEqual(MOST_CALLS);
  expect(peakMiB).toBeLessThanOrEqual(MOST_MIB);
});

test('Huawei Cloud: servers in several groups each cost one call more, for all of them', {
  timeout: LONG_MS,
}, async () => {
  const { calls } = await audited(huaweiAudit, { nodes: 100, kind: 'shared', groups: 'both' });
  const { 'elb:localPorts:list': _, ...shared } = HUAWEI;
  expect(calls).toEqual({ ...shared, 'vpc:ports:list': 1 });
});

test('Tencent Cloud', { timeout: LONG_MS }, async () => {
  const { calls, total, peakMiB } = await audited(tencentAudit, { nodes: 100, groups: 'both' });
  expect(calls).toEqual({
    'tke:DescribeClusters': 1,
    'tke:DescribeIPAMD': 1,
    'cvm:DescribeInstances': 1,
    'clb:DescribeLoadBalancers': 1,
    'clb:DescribeListeners': 1,
    'clb:DescribeTargets': 1,
    'clb:DescribeTargetHealth': 1,
    'vpc:DescribeVpcs': 1,
    'vpc:DescribeSubnets': 1,
    'vpc:DescribeRouteTables': 1,
    'vpc:DescribeNatGateways': 1,
    'vpc:DescribeSecurityGroupExpandedPolicies': 2,
  });
  expect(total).toBeLessThanOrEqual(MOST_CALLS);
  expect(peakMiB).toBeLessThanOrEqual(MOST_MIB);
});
