import { readBoolean } from '../../cilium/settings.ts';
import { CONFIG_MAPS } from '../../kube/resources.ts';
import { parseCidr } from '../../lib/cidr.ts';
import { targetOf } from '../../plan/make.ts';
import type { Target } from '../../plan/plan.types.ts';
import { requestsOf, unanswered } from '../asked.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { type CiliumSetup, configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { exitOf } from '../facts/exits.ts';
import {
  coversEverything,
  exclusionsOf,
  hasEgressGateway,
  hasMasqAgent,
  RFC_1918,
  uncovered,
  wantedExclusions,
} from '../facts/masquerade.ts';
import { cloudOfCluster } from '../facts/network.ts';
import { exitWorldOf, podSources, podsAreInVpc } from '../facts/subnets.ts';
import type { DoctorWorld, KubeWorld } from '../world.types.ts';

export const masqNeedsExclusions = defineCheck({
  id: 'masq-needs-exclusions',
  section: 'way-out',
  link: 'Pod',
  title: 'Within the VPC Pods keep their own addresses',
  looksAt:
    "`nonMasqueradeCIDRs` of Cilium's ip-masq-agent and `ipv4-native-routing-cidr`, against every CIDR of the VPC; `cloud.nonMasqueradeCidrs` of the configuration, TKE's ConfigMap ip-masq-agent-config",
  docs: PAGES.masquerading,
  causes: ['native-routing-cidr'],
  needs: ['ciliumConfig', 'masqConfig', 'tkeMasqConfig', 'daemonSets', 'nodes', 'eniConfigs'],
  reasons: {
    ExclusionsUnreadable:
      "Cilium's agent cannot read its ip-masq-agent configuration, and keeps the one before or none.",
    ExclusionsMissing: 'Pods reach parts of the VPC with the address of a node: policies by label do not match there.',
    ExclusionsEverything: 'Everything is excluded from masquerading, so Pods have no way out.',
    LinkLocalExcluded: "Link-local addresses are not masqueraded: Pods do not reach the server's metadata.",
  },
  run(world, say) {
    const { kube, cloud, config } = world;
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    if (!podsAreInVpc(world))
      return [say.notApplicable('Pods have no addresses of the VPC: between nodes they are tunnelled, or routed.')];
    if (!cilium.ipv4Masquerade)
      return [say.notApplicable('Cilium masquerades nothing (enable-ipv4-masquerade is off).')];
    if (!hasMasqAgent(cilium) && !hasEgressGateway(cilium) && !cilium.bpfMasquerade) {
      return [say.notApplicable('Neither ip-masq-agent nor Egress Gateway is on, and BPF masquerading is off.')];
    }
    const target = masqTarget(kube, cilium);
    const wanted = wantedExclusions(world);
    const exclusions = exclusionsOf(kube, cilium);
    if ('why' in exclusions) {
      return [
        say.fail('ExclusionsUnreadable', {
          target,
          message: `Key config of ConfigMap ${kube.ciliumNamespace}/ip-masq-agent is not understood: ${exclusions.why}. Pods may reach the VPC with the addresses of nodes.`,
          fix: `Set it in Cilium's Helm values: ${helmValues(wanted.cidrs)}`,
          evidence: { why: exclusions.why },
        }),
      ];
    }
    const { cidrs, from, masqLinkLocal } = exclusions;
    const evidence = {
      nonMasquerade: [...cidrs],
      from,
      requests: cloud.vpc.state === 'answered' ? requestsOf(cloud.vpc.from) : [],
    };
    if (coversEverything(cidrs) && !podsLeaveByNat(world)) {
      return [
        say.fail('ExclusionsEverything', {
          target,
          message: `${from} excludes 0.0.0.0/0 from masquerading, so nothing is masqueraded, and the Pods' subnets have no NAT gateway: Pods reach nothing public.`,
          fix: `List the VPC's ranges instead, in Cilium's Helm values: ${helmValues(wanted.cidrs)}`,
          evidence,
        }),
      ];
    }
    const vpc = cloud.vpc.state === 'answered' ? cloud.vpc.value.cidrs.map(({ cidr }) => cidr) : [];
    const ipv6 =
      readBoolean(cilium.data['enable-ipv6']) === true && readBoolean(cilium.data['enable-ipv6-masquerade']) !== false;
    const needed = [...new Set([...vpc, ...config.cloud.nonMasqueradeCidrs])].filter(
      (cidr) => ipv6 || parseCidr(cidr)?.family === 4,
    );
    const missing = uncovered(cidrs, needed);
    if (missing.length > 0) {
      const all = [...new Set([...wanted.cidrs, ...uncovered(wanted.cidrs, missing)])];
      return [
        say.fail('ExclusionsMissing', {
          target,
          message: `${from} leaves ${missing.join(', ')} of the VPC to be masqueraded: Pods of other nodes are seen there with the address of their node or a link-local one, and policies by label don't match them.`,
          fix: `Exclude every range of the VPC (taken from ${wanted.from}), in Cilium's Helm values: ${helmValues(all)}; then: ${restartCommand(kube)}`,
          evidence: { ...evidence, missing, vpc },
        }),
      ];
    }
    if (cloud.vpc.state !== 'answered' && uncovered(cidrs, RFC_1918).length > 0) {
      return [unanswered('masq-needs-exclusions', cloud.vpc)];
    }
    if (masqLinkLocal === false && cloudOfCluster(kube) === 'tke') {
      return [
        say.warn('LinkLocalExcluded', {
          target,
          message: `masqLinkLocal is off: Pods reach 169.254.0.0/16 with their own addresses, and the server's metadata (169.254.0.23, metadata.tencentyun.com) does not answer them.`,
          fix: "Switch it on in Cilium's Helm values: ipMasqAgent.config.masqLinkLocal=true",
          evidence,
        }),
      ];
    }
    return [say.pass(`Every range of the VPC is excluded from masquerading (${from}).`, { evidence })];
  },
});

function masqTarget(kube: KubeWorld, cilium: CiliumSetup): Target | undefined {
  const [configMap] = kube.masqConfig.items;
  return configMap !== undefined && hasMasqAgent(cilium) ? targetOf(CONFIG_MAPS, configMap.meta) : configTarget(kube);
}

function helmValues(cidrs: readonly string[]): string {
  return `ipMasqAgent.enabled=true, ipMasqAgent.config.masqLinkLocal=true and 'ipMasqAgent.config.nonMasqueradeCIDRs={${cidrs.join(',')}}'`;
}

/** Whether NAT lets Pods out as themselves. */
function podsLeaveByNat(world: DoctorWorld): boolean {
  const exits = exitWorldOf(world);
  const sources = podSources(world);
  if (exits === undefined || sources.length === 0) return false;
  return sources.every((source) => {
    const exit = exitOf(source, exits);
    return exit.way === 'nat' && exit.problem === undefined;
  });
}
