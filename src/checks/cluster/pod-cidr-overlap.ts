import { covers, firstOverlap, parseCidr, parseCidrs } from '../../lib/cidr.ts';
import type { Finding } from '../../plan/plan.types.ts';
import { requestsOf, unanswered } from '../asked.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium } from '../facts/cilium.ts';
import { answerOf, ordinaryNodes } from '../facts/network.ts';
import { podCidrsOf } from '../facts/pod-cidrs.ts';

export const podCidrOverlap = defineCheck({
  id: 'pod-cidr-overlap',
  section: 'cluster',
  link: 'Pod',
  title: 'The addresses of Pods belong to nobody else',
  looksAt: "the Pod CIDRs, the VPC's ranges, the Service CIDR, addresses of nodes and Services",
  docs: PAGES.ipam,
  needs: ['ciliumConfig', 'podPools', 'nodes', 'services'],
  reasons: {
    PodCidrOverlapsVpc: 'A range of Pods is one of the VPC, too: hosts there, or Pods, cannot be reached.',
    PodCidrOverlapsServices: 'A range of Pods is one of Services, too.',
  },
  run({ kube, cloud }, say) {
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    const { cidrs, from } = podCidrsOf(kube, cilium);
    if (cidrs.length === 0) return [say.notApplicable(`Cilium gives no addresses here (ipam ${cilium.ipam}).`)];
    const target = configTarget(kube);
    const pools = parseCidrs(cidrs);
    const isIn = (address: string): boolean => {
      const range = parseCidr(address);
      return range !== undefined && covers(pools, range);
    };
    const fix =
      "The range of a running cluster cannot be moved: choose one outside the VPC's and the Services' (Helm: ipam.operator.clusterPoolIPv4PodCIDRList, or the CiliumPodIPPool), and install Cilium anew.";
    const findings: Finding[] = [];

    const vpc = cloud.vpc.state === 'answered' ? cloud.vpc : undefined;
    const ranges = vpc?.value.cidrs.filter(({ kind }) => kind !== 'container').map(({ cidr }) => cidr) ?? [];
    const shared = firstOverlap(cidrs, ranges);
    const node = ordinaryNodes(kube).find(({ internalIps }) => internalIps.some(isIn));
    if (shared !== undefined || node !== undefined) {
      const other =
        shared === undefined ? `the node ${node?.meta.name} has an address in it` : `the VPC has ${shared.b}`;
      findings.push(
        say.fail('PodCidrOverlapsVpc', {
          target,
          message: `Pods get addresses of ${shared?.a ?? cidrs.join(', ')} (${from}), and ${other}: what is sent to one is delivered to the other.`,
          fix,
          evidence: { podCidrs: cidrs, vpc: ranges, requests: requestsOf(vpc?.from ?? []) },
        }),
      );
    }
    const serviceCidrs = answerOf(cloud.cluster)?.serviceCidrs ?? [];
    const both = firstOverlap(cidrs, serviceCidrs);
    const service = kube.services.items.find(({ clusterIps }) => clusterIps.some(isIn));
    if (both !== undefined || service !== undefined) {
      const other =
        both === undefined
          ? `Service ${service?.meta.namespace}/${service?.meta.name} has ${service?.clusterIps.join(', ')}`
          : `Services have ${both.b}`;
      findings.push(
        say.fail('PodCidrOverlapsServices', {
          target,
          message: `Pods get addresses of ${both?.a ?? cidrs.join(', ')} (${from}), and ${other}.`,
          fix,
          evidence: { podCidrs: cidrs, serviceCidrs },
        }),
      );
    }
    if (findings.length > 0) return findings;
    if (cloud.vpc.state !== 'answered') return [unanswered('pod-cidr-overlap', cloud.vpc)];
    // Asked, and refused: the range of the Services is known by the addresses of some only.
    if (cloud.cluster.state === 'failed') return [unanswered('pod-cidr-overlap', cloud.cluster)];
    return [
      say.pass(`${cidrs.join(', ')} (${from}) overlaps neither the VPC nor the Services.`, {
        evidence: { vpc: ranges },
      }),
    ];
  },
});
