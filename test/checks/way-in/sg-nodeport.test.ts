import { describe, expect, it } from 'vitest';
import { sgNodeport } from '../../../src/checks/way-in/sg-nodeport.ts';
import type {
  CloudLoadBalancer,
  CloudSecurityGroup,
  CloudSecurityRule,
} from '../../../src/providers/provider.types.ts';
import { type ClusterData, cloud, type Edit, edited } from '../cluster-data.ts';
import { REFERENCES } from '../reference/all.ts';
import { worldOf } from '../world-of.ts';

const CCE = REFERENCES['cce-overlay'];
const TKE = REFERENCES['tke-overlay'];

async function reasons(cluster: ClusterData, ...edits: readonly Edit[]): Promise<string[]> {
  return sgNodeport.run(await worldOf(edited(cluster, edits))).map(({ verdict, reason }) => `${verdict} ${reason}`);
}

function groups(change: (group: CloudSecurityGroup) => readonly CloudSecurityGroup[]): Edit {
  return cloud(({ securityGroups }) => ({ securityGroups: securityGroups.flatMap(change) }));
}

/** Only these inbound rules. */
function inbound(...rules: readonly Partial<CloudSecurityRule>[]): Edit {
  return groups((group) => [
    {
      ...group,
      rules: rules.map((parts, index) => ({
        id: String(index),
        direction: 'ingress',
        allow: true,
        priority: 1,
        family: 'ipv4',
        protocol: 'tcp',
        ports: 'all',
        peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
        ...parts,
      })),
    },
  ]);
}

function balancer(change: Partial<CloudLoadBalancer>): Edit {
  return cloud(({ loadBalancers }) => ({ loadBalancers: loadBalancers.map((one) => ({ ...one, ...change })) }));
}

const UNPROVEN: Edit = cloud(({ targets }) => ({
  targets: Object.fromEntries(
    Object.entries(targets).map(([id, all]) => [id, all.map((one) => ({ ...one, health: 'pending' as const }))]),
  ),
}));

const NO_PROBES: Edit = cloud(({ listeners }) => ({
  listeners: Object.fromEntries(
    Object.entries(listeners).map(([id, all]) => [
      id,
      all.map((one) => ({ ...one, healthCheck: { ...one.healthCheck, enabled: false } })),
    ]),
  ),
}));

const WELL = ['pass AsItShouldBe'];

describe('sg-nodeport', () => {
  it('believes members that pass their probes more than its own reading of the rules', async () => {
    expect(await reasons(CCE, inbound())).toEqual(WELL);
    expect(await reasons(CCE, inbound(), UNPROVEN)).toEqual(['fail ProbesDenied']);
  });

  it('does not mind probes where there are none', async () => {
    const bypassing = balancer({ admission: { probeSources: undefined, clientTraffic: 'bypasses' } });
    expect(await reasons(CCE, inbound(), bypassing, NO_PROBES, UNPROVEN)).toEqual(WELL);
  });

  it('lets the first of several groups decide, in the order in which they are bound', async () => {
    const bound = (...ids: readonly string[]): Edit =>
      cloud(({ instances }) => ({ instances: instances.map((one) => ({ ...one, securityGroupIds: ids })) }));
    const denying = groups((group) => [
      group,
      { ...group, id: 'sg-deny', rules: group.rules.map((rule) => ({ ...rule, priority: 100, allow: false })) },
    ]);
    expect(await reasons(CCE, denying, bound('sg-deny', 'sg-node-7b3f'), UNPROVEN)).toEqual(['fail ProbesDenied']);
    expect(await reasons(CCE, denying, bound('sg-node-7b3f', 'sg-deny'), UNPROVEN)).toEqual(WELL);
  });

  it('takes a rule that shuts some addresses out for a wish', async () => {
    const shut = { allow: false, peer: { kind: 'cidrs', cidrs: ['203.0.113.9/32'] } } as const;
    expect(await reasons(TKE, inbound(shut, {}))).toEqual(WELL);
    expect(await reasons(TKE, inbound({ allow: false }))).toEqual(['fail ClientsDenied']);
  });

  it('asks for the VPC only where the load balancer is private', async () => {
    const vpc = inbound({ peer: { kind: 'cidrs', cidrs: ['172.16.0.0/17', '172.16.128.0/17', '100.64.0.0/10'] } });
    expect(await reasons(TKE, vpc, balancer({ isPublic: false }))).toEqual(WELL);
    expect(await reasons(TKE, vpc)).toEqual(['fail ClientsDenied']);
    const half = inbound({ peer: { kind: 'cidrs', cidrs: ['172.16.0.0/17', '100.64.0.0/10'] } });
    expect(await reasons(TKE, half, balancer({ isPublic: false }))).toEqual(['fail ClientsDenied']);
  });

  it('says unknown of servers whose groups are not told', async () => {
    const untold = cloud(({ instances }) => ({
      instances: instances.map((one) => ({ ...one, securityGroupIds: undefined })),
    }));
    expect(await reasons(TKE, untold)).toEqual(['unknown AdmissionUnknown']);
  });

  it('names rule, group and addresses', async () => {
    const world = await worldOf(
      edited(TKE, [inbound({ id: 'deny-all', allow: false, peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] } })]),
    );
    expect(sgNodeport.run(world)[0]?.evidence).toMatchObject({
      at: 'tcp port 31544',
      from: '0.0.0.0/0',
      securityGroup: 'sg-tke0node',
      rule: 'deny-all',
      ruleIndex: 0,
    });
  });
});
