import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/all.ts';
import { questionsOf } from '../../src/checks/cloud-questions.ts';
import { gatherCloud } from '../../src/checks/gather-cloud.ts';
import { runChecks } from '../../src/checks/run.ts';
import type { ClusterData } from './cluster-data.ts';
import { fakeCloud } from './fake-cloud.ts';
import { REFERENCES } from './reference/all.ts';
import { cilium, node } from './reference/parts.ts';
import { identityOf } from './reference/tke.ts';
import { worldOf } from './world-of.ts';

const TKE = REFERENCES['tke-overlay'];

/** The TKE overlay with so many nodes, in two security groups. */
function large(count: number): ClusterData {
  const places = Array.from({ length: count }, (_, index) => ({
    name: `172.16.${1 + Math.floor(index / 200)}.${index % 200}`,
    ip: `172.16.${1 + Math.floor(index / 200)}.${index % 200}`,
    id: `ins-${index}`,
  }));
  const others = TKE.objects.filter((raw) => raw.kind !== 'Node' && raw.kind !== 'Pod');
  const config = TKE.objects.find((raw) => raw.kind === 'ConfigMap')?.data;
  return {
    objects: [
      ...others.filter((raw) => raw.kind !== 'ConfigMap' && raw.kind !== 'DaemonSet'),
      ...cilium({
        nodes: places,
        registry: 'quay.io/cilium',
        config: Object.fromEntries(Object.entries(config ?? {}).map(([key, value]) => [key, String(value)])),
        operatorTolerations: [],
      }),
      ...places.map((place) => node(place.name, { ip: place.ip, ...identityOf(place) })),
    ],
    cloud: {
      ...TKE.cloud,
      instances: places.flatMap(({ name, ip, id }, index) =>
        TKE.cloud.instances.slice(0, 1).map((server) => ({
          ...server,
          nodeName: name,
          id,
          privateIps: [ip],
          publicIps: [],
          securityGroupIds: [index % 2 === 0 ? 'sg-tke0node' : 'sg-tke0more'],
        })),
      ),
      targets: Object.fromEntries(
        Object.entries(TKE.cloud.targets).map(([balancer, members]) => [
          balancer,
          places.flatMap(({ ip, id }) => members.slice(0, 1).map((one) => ({ ...one, address: ip, instanceId: id }))),
        ]),
      ),
      securityGroups: TKE.cloud.securityGroups.flatMap((group) => [group, { ...group, id: 'sg-tke0more' }]),
    },
  };
}

describe('asking the cloud', () => {
  it('asks for exactly what the cluster needs, each thing once, in two rounds', async () => {
    const { kube } = await worldOf(TKE);
    const cloud = fakeCloud(TKE.cloud);
    await gatherCloud(
      cloud,
      questionsOf(kube, { clusterId: 'cls-6k2m9xq1', vpcId: undefined }),
      AbortSignal.timeout(9_000),
    );
    expect(cloud.calls.slice(0, 5).toSorted()).toEqual([
      'cluster',
      'instances',
      'listeners',
      'loadBalancer',
      'targets',
    ]);
    expect(cloud.calls.slice(5).toSorted()).toEqual([
      'natGateways',
      'publicIps',
      'routeTables',
      'securityGroup',
      'subnets',
      'vpc',
    ]);
  });

  it('learns the VPC from the servers where nothing else tells it', async () => {
    const cluster = { ...TKE, objects: TKE.objects.filter((raw) => raw.kind !== 'ConfigMap') };
    const { cloud } = await worldOf(cluster, { config: { cloud: {} } });
    expect(cloud.cluster).toEqual({
      state: 'not-asked',
      why: 'the id of the CCE or TKE cluster is not known; set cloud.clusterId',
    });
    expect(cloud.vpc).toMatchObject({ state: 'answered', value: { id: 'vpc-8q3f0zk1' } });
  });

  it("asks for no public address that is the load balancer's own", async () => {
    const { kube } = await worldOf(TKE);
    const questions = { ...questionsOf(kube, { clusterId: 'cls-6k2m9xq1', vpcId: undefined }), addresses: [] };
    const instances = TKE.cloud.instances.map((server) => ({ ...server, publicIps: [] }));
    const stateWith = async (ownsAddresses: boolean): Promise<string> => {
      const loadBalancers = TKE.cloud.loadBalancers.map((one) => ({ ...one, ownsAddresses }));
      const cloud = fakeCloud({ ...TKE.cloud, instances, loadBalancers });
      return (await gatherCloud(cloud, questions, AbortSignal.timeout(9_000))).publicIps.state;
    };
    expect([await stateWith(false), await stateWith(true)]).toEqual(['answered', 'not-asked']);
  });

  it('keeps each failure to itself', async () => {
    const { cloud } = await worldOf(TKE, { failing: { vpc: 'throttled', listeners: 'denied' } });
    expect(cloud.vpc).toMatchObject({
      state: 'failed',
      category: 'throttled',
      action: 'fake:vpc',
      requestId: 'req-failed',
    });
    expect([...cloud.loadBalancers.values()].map((one) => [one.loadBalancer.state, one.listeners.state])).toEqual([
      ['answered', 'failed'],
    ]);
    expect(cloud.routeTables.state).toBe('answered');
  });

  it('needs at most 15 calls and 3 seconds for 100 nodes, one load balancer and two security groups', async () => {
    const data = large(100);
    const { kube } = await worldOf(data);
    const cloud = fakeCloud(data.cloud, { latencyMs: 50 });
    const started = performance.now();
    const answers = await gatherCloud(
      cloud,
      questionsOf(kube, { clusterId: data.cloud.cluster.id, vpcId: undefined }),
      AbortSignal.timeout(9_000),
    );
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(cloud.calls.length).toBeLessThanOrEqual(15);
    expect([...answers.securityGroups.keys()]).toEqual(['sg-tke0more', 'sg-tke0node']);
    expect(answers.instances).toMatchObject({ state: 'answered', value: { length: 100 } });
  });

  it('finds a healthy cluster of 100 nodes healthy', async () => {
    const { outcomes } = runChecks(CHECKS, await worldOf(large(100)));
    const wrong = outcomes.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn');
    expect(wrong.map(({ check, findings }) => [check.id, findings])).toEqual([]);
  });
});
