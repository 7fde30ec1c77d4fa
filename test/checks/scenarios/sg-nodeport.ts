import type { CloudSecurityGroup, CloudSecurityRule } from '../../../src/providers/provider.types.ts';
import { cloud, type Edit, patch } from '../cluster-data.ts';
import { CCE_ELB } from '../reference/cce-overlay.ts';
import type { Scenarios } from '../scenario.types.ts';

function rules(
  change: (rules: readonly CloudSecurityRule[], group: CloudSecurityGroup) => readonly CloudSecurityRule[],
): Edit {
  return cloud(({ securityGroups }) => ({
    securityGroups: securityGroups.map((group) => ({ ...group, rules: change(group.rules, group) })),
  }));
}

/** Changes the rule that opens the NodePorts, of CCE's default group or of TKE's. */
function nodePortRule(change: Partial<CloudSecurityRule>): Edit {
  return rules((all) =>
    all.map((rule) =>
      rule.protocol === 'tcp' && rule.direction === 'ingress' && rule.ports !== 'all' ? { ...rule, ...change } : rule,
    ),
  );
}

/** As the ELB sees members whose probes are dropped. */
const UNHEALTHY: Edit = cloud(({ targets }) => ({
  targets: {
    ...targets,
    [CCE_ELB]: (targets[CCE_ELB] ?? []).map((one) => ({ ...one, health: 'unhealthy', reason: 'CONNECT_TIMEOUT' })),
  },
}));

const denied = (parts: Partial<CloudSecurityRule>): CloudSecurityRule => ({
  id: 'rule-deny',
  direction: 'ingress',
  allow: false,
  priority: 1,
  family: 'ipv4',
  protocol: 'tcp',
  ports: 'all',
  peer: { kind: 'cidrs', cidrs: ['100.125.0.0/16'] },
  ...parts,
});

/** A CLB with a security group of its own. */
const BALANCER_GROUP: Edit = cloud(({ loadBalancers, securityGroups }) => ({
  loadBalancers: loadBalancers.map((one) => ({ ...one, securityGroupIds: ['sg-clb'] })),
  securityGroups: [
    ...securityGroups,
    {
      id: 'sg-clb',
      name: 'web',
      evaluation: 'first-match',
      rules: [
        {
          id: '0',
          direction: 'ingress',
          allow: true,
          priority: 1,
          family: 'ipv4',
          protocol: 'tcp',
          ports: [{ from: 80, to: 80 }],
          peer: { kind: 'cidrs', cidrs: ['0.0.0.0/0'] },
        },
      ],
    },
  ],
}));

export const scenarios: Scenarios = [
  {
    symptom: 'timeouts through the ELB, all members abnormal: the NodePort rule was narrowed to the VPC',
    reference: 'cce-overlay',
    broken: [nodePortRule({ peer: { kind: 'cidrs', cidrs: ['10.2.0.0/16'] } }), UNHEALTHY],
    reason: 'ProbesDenied',
    follows: ['lb-health'],
  },
  {
    symptom: 'the same: half of 100.125.0.0/16 is admitted, the other half was forgotten',
    reference: 'cce-overlay',
    given: [nodePortRule({ peer: { kind: 'cidrs', cidrs: ['100.125.0.0/17', '100.125.128.0/17'] } })],
    broken: [nodePortRule({ peer: { kind: 'cidrs', cidrs: ['100.125.0.0/17'] } }), UNHEALTHY],
    reason: 'ProbesDenied',
    follows: ['lb-health'],
  },
  {
    symptom: 'the same: a rule that denies, of the same priority as the one that allows',
    reference: 'cce-overlay',
    broken: [rules((all) => [...all, denied({})]), UNHEALTHY],
    reason: 'ProbesDenied',
    follows: ['lb-health'],
  },
  {
    symptom: 'every client times out, while the CLB finds its targets alive: the group admits internal ranges only',
    reference: 'tke-overlay',
    broken: [
      nodePortRule({
        peer: { kind: 'cidrs', cidrs: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'] },
      }),
    ],
    reason: 'ClientsDenied',
  },
  {
    symptom: 'the permitted office cannot reach the Gateway: a rule with a lower index denies half of it',
    reference: 'tke-overlay',
    given: [patch('Service kube-system/web-lb', { spec: { loadBalancerSourceRanges: ['198.51.100.0/24'] } })],
    broken: [rules((all) => [denied({ id: 'first', peer: { kind: 'cidrs', cidrs: ['198.51.100.128/25'] } }), ...all])],
    reason: 'ClientsDenied',
  },
  {
    symptom: 'every client times out: the CLB got a security group that was made for another port',
    reference: 'tke-overlay',
    given: [BALANCER_GROUP],
    broken: [
      cloud(({ securityGroups }) => ({
        securityGroups: securityGroups.map((group) =>
          group.id === 'sg-clb'
            ? { ...group, rules: group.rules.map((rule) => ({ ...rule, ports: [{ from: 443, to: 443 }] })) }
            : group,
        ),
      })),
    ],
    reason: 'BalancerGroupDenies',
  },
  {
    symptom: 'clients of one country get through, all others time out',
    reference: 'tke-overlay',
    broken: [nodePortRule({ peer: { kind: 'cidrs', cidrs: ['203.0.113.0/24', '100.64.0.0/10'] } })],
    verdict: 'warn',
    reason: 'SomeClientsDenied',
  },
  {
    symptom: 'the group admits an address template that this account cannot read',
    reference: 'tke-overlay',
    broken: [nodePortRule({ peer: { kind: 'unknown', name: 'ipm-0office' } })],
    verdict: 'unknown',
    reason: 'RuleUndecided',
  },
  {
    symptom: 'the ELB does not say where its probes come from',
    reference: 'cce-overlay',
    broken: [
      cloud(({ loadBalancers }) => ({
        loadBalancers: loadBalancers.map((one) => ({
          ...one,
          admission: {
            probeSources: undefined,
            clientTraffic: 'bypasses',
            unknownBecause: 'elb:local-ports is not served.',
          },
        })),
      })),
    ],
    verdict: 'unknown',
    reason: 'AdmissionUnknown',
  },
];
