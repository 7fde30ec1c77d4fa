import { ciliumConfig, cloud, type Edit, patch, withObjects } from '../cluster-data.ts';
import { configMap } from '../reference/parts.ts';
import type { Scenarios } from '../scenario.types.ts';

/** TKE's native network with Cilium's ip-masq-agent, as its chart sets it up. */
function agent(config: string): Edit[] {
  return [
    ciliumConfig({
      'enable-bpf-masquerade': 'true',
      'enable-ip-masq-agent': 'true',
      'enable-ipv4-masquerade': 'true',
    }),
    withObjects(configMap('ip-masq-agent', { config }, 'helm')),
  ];
}

function masq(config: string): Edit {
  return patch('ConfigMap kube-system/ip-masq-agent', { data: { config } });
}

/** A second range, as a VPC gets them over the years. */
const SECOND_RANGE = cloud(({ vpc }) => ({
  vpc: { ...vpc, cidrs: [...vpc.cidrs, { cidr: '10.60.0.0/16', kind: 'secondary' as const }] },
}));

/** No route of the Pods to NAT: they leave with the address of their node. */
const WITHOUT_NAT = cloud(({ routeTables }) => ({
  natGateways: [],
  routeTables: routeTables.map((table) => ({ ...table, routes: [] })),
}));

export const scenarios: Scenarios = [
  {
    symptom: 'policies by label fail across nodes; receivers see the addresses of nodes or 169.254.x.x',
    reference: 'tke-native',
    given: agent('nonMasqueradeCIDRs:\n- 172.16.0.0/17\n- 172.16.128.0/17\nmasqLinkLocal: true\n'),
    broken: [SECOND_RANGE],
    reason: 'ExclusionsMissing',
  },
  {
    symptom: 'the same: one half of the range was forgotten',
    reference: 'tke-native',
    given: agent('{"NonMasqueradeCIDRs":["172.16.0.0/16"],"MasqLinkLocal":true}'),
    broken: [
      masq('{"NonMasqueradeCIDRs":["172.16.0.0/17"],"NonMasqueradeSrcCIDRs":["172.16.128.0/17"],"MasqLinkLocal":true}'),
    ],
    reason: 'ExclusionsMissing',
  },
  {
    symptom: 'the same, with Egress Gateway and without an ip-masq-agent: only one range can be given',
    reference: 'tke-native',
    given: [
      ciliumConfig({
        'enable-bpf-masquerade': 'true',
        'enable-egress-gateway': 'true',
        'enable-ipv4-masquerade': 'true',
        'ipv4-native-routing-cidr': '172.16.0.0/16',
      }),
    ],
    broken: [SECOND_RANGE],
    reason: 'ExclusionsMissing',
  },
  {
    symptom: "TKE's own advice, 0.0.0.0/0, was taken over: Pods reach nothing public",
    reference: 'tke-native',
    given: [...agent('{"NonMasqueradeCIDRs":["0.0.0.0/0"],"MasqLinkLocal":true}')],
    broken: [WITHOUT_NAT],
    reason: 'ExclusionsEverything',
    follows: ['pod-to-node-eip'],
  },
  {
    symptom: 'a typing mistake: the agent keeps the list from before',
    reference: 'tke-native',
    given: agent('nonMasqueradeCIDRs: [172.16.0.0/16]\nmasqLinkLocal: true\n'),
    broken: [masq('nonMasqueradeCIDRs: [172.16.0.0]\nmasqLinkLocal: true\n')],
    reason: 'ExclusionsUnreadable',
  },
  {
    symptom: 'metadata.tencentyun.com does not answer in Pods',
    reference: 'tke-native',
    given: agent('nonMasqueradeCIDRs: [172.16.0.0/16]\nmasqLinkLocal: true\n'),
    broken: [masq('nonMasqueradeCIDRs: [172.16.0.0/16]\n')],
    verdict: 'warn',
    reason: 'LinkLocalExcluded',
  },
];
