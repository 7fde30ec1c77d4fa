import type { CloudSecurityRule } from '../../../src/providers/provider.types.ts';
import { ciliumConfig, cloud, type Edit } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

/** Changes the rules by which nodes reach each other. */
function inner(change: (rule: CloudSecurityRule) => readonly CloudSecurityRule[]): Edit {
  return cloud(({ securityGroups }) => ({
    securityGroups: securityGroups.map((group) => ({
      ...group,
      rules: group.rules.flatMap((rule) =>
        rule.direction === 'ingress' && rule.protocol === 'all' ? change(rule) : [rule],
      ),
    })),
  }));
}

const only = (protocol: string, port?: number) =>
  inner((rule) => [
    {
      ...rule,
      family: 'ipv4',
      protocol,
      ports: port === undefined ? 'all' : [{ from: port, to: port }],
    },
  ]);

export const scenarios: Scenarios = [
  {
    symptom: 'Pods of different nodes do not reach each other: half of the nodes are in a group of their own',
    reference: 'cce-overlay',
    broken: [
      cloud(({ instances, securityGroups }) => ({
        instances: instances.map((one, index) =>
          index === 0 ? { ...one, securityGroupIds: ['sg-second-pool'] } : one,
        ),
        securityGroups: [
          ...securityGroups,
          ...securityGroups.map((group) => ({
            ...group,
            id: 'sg-second-pool',
            name: 'second-pool',
            rules: group.rules.map(
              (rule): CloudSecurityRule =>
                rule.peer.kind === 'group' ? { ...rule, peer: { kind: 'group', groupId: 'sg-second-pool' } } : rule,
            ),
          })),
        ],
      })),
    ],
    reason: 'NodesDenied',
  },
  {
    symptom: 'the same after a hardening: Geneve needs 6081/udp, and the rule that was made is the one for VXLAN',
    reference: 'tke-overlay',
    given: [ciliumConfig({ 'tunnel-protocol': 'geneve' })],
    broken: [
      inner((rule) => [
        { ...rule, protocol: 'udp', ports: [{ from: 8472, to: 8472 }] },
        { ...rule, protocol: 'tcp' },
      ]),
    ],
    reason: 'NodesDenied',
  },
  {
    symptom: '`cilium-health status` calls every other node unreachable, and traffic works',
    reference: 'cce-overlay',
    broken: [only('udp', 8472)],
    verdict: 'warn',
    reason: 'HealthDenied',
  },
  {
    symptom: 'the nodes are admitted by a template that this account cannot read',
    reference: 'tke-overlay',
    broken: [inner((rule) => [{ ...rule, peer: { kind: 'unknown', name: 'ipmg-nodes' } }])],
    verdict: 'unknown',
    reason: 'NodesUndecided',
  },
];
