import { readBoolean } from '../../cilium/settings.ts';
import { NODES } from '../../kube/resources.ts';
import { parseCidr } from '../../lib/cidr.ts';
import { targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import type { CloudSecurityGroup } from '../../providers/provider.types.ts';
import { requestsOf, unanswered } from '../asked.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium } from '../facts/cilium.ts';
import { describeRoute, exitOf, type Source } from '../facts/exits.ts';
import { listOf } from '../facts/names.ts';
import { addRouteCommand } from '../facts/route-command.ts';
import { exitWorldOf, nodeSources, type PlacedNode, placedNodes, podSources, podsAreInVpc } from '../facts/subnets.ts';
import { type Judged, judgeIngress } from '../security/evaluate.ts';
import type { DoctorWorld } from '../world.types.ts';

type Reason = 'NodeEipNeedsNat' | 'NodeEipDeniesPing' | 'NodeEipPingNotKnown';

export const podToNodeEip = defineCheck({
  id: 'pod-to-node-eip',
  section: 'way-out',
  link: 'way out',
  title: 'A Pod reaches the public addresses of nodes, by ping',
  looksAt:
    "ExternalIPs of the nodes; whether the Pods' subnets leave by NAT; the security groups of the nodes, for ICMP from the addresses that Pods leave with",
  docs: PAGES.masquerading,
  causes: ['eip-state', 'nat-gateway', 'node-public-exit', 'pod-subnet-exit', 'masq-needs-exclusions'],
  needs: ['nodes', 'ciliumConfig', 'daemonSets', 'eniConfigs'],
  reasons: {
    NodeEipNeedsNat:
      'With native routing Cilium does not masquerade what goes to an address of a node, and the Pod has no public exit of its own.',
    NodeEipDeniesPing: 'The security group of the node does not admit ICMP from outside.',
    NodeEipPingNotKnown: 'A rule of the security group that decides about ICMP cannot be resolved.',
  },
  run(world, say) {
    const { kube, cloud } = world;
    const cilium = readCilium(kube);
    const placed = placedNodes(world);
    const withEip = placed.filter(({ node }) => node.externalIps.length > 0);
    if (withEip.length === 0) return [say.notApplicable('No node shows a public address (ExternalIP).')];
    for (const asked of [cloud.instances, cloud.routeTables, cloud.natGateways]) {
      if (asked.state !== 'answered') return [unanswered('pod-to-node-eip', asked)];
    }
    const leavesAsItself = podsAreInVpc(world) && readBoolean(cilium?.data['enable-remote-node-masquerade']) !== true;
    const sources = leavesAsItself ? podSources(world) : nodeSources(placed);
    if (leavesAsItself && sources.length === 0) {
      for (const asked of [cloud.cluster, cloud.subnets]) {
        if (asked.state !== 'answered') return [unanswered('pod-to-node-eip', asked)];
      }
      return [say.notApplicable("No subnet of Pods' network interfaces is known.")];
    }
    const eips = withEip.flatMap(({ node }) => node.externalIps);
    const needsNat = leavesAsItself ? natFindings(sources, eips, world, say) : [];
    const senders = sendersOf(sources, placed, leavesAsItself, world);
    // All nodes that are in the same groups admit the same: one of them stands for them.
    const alike = Map.groupBy(withEip, ({ node }) => groupIdsOf(node.meta.name, world).join(','));
    const pings = [...alike.values()].flatMap(([one]) =>
      one === undefined ? [] : pingFindings(one, senders, world, say),
    );
    const findings = [...needsNat, ...pings];
    return findings.length > 0 ? findings : [say.pass(`Pods reach the public addresses of nodes (${listOf(eips)}).`)];
  },
});

/** Condition 1: the Pod's own subnet leaves by NAT. */
function natFindings(
  sources: readonly Source[],
  eips: readonly string[],
  world: DoctorWorld,
  say: Say<Reason>,
): Finding[] {
  const exits = exitWorldOf(world);
  if (exits === undefined) return [];
  return sources.flatMap((source) => {
    const exit = exitOf(source, exits);
    if (exit.way === 'elsewhere' || (exit.way === 'nat' && exit.problem === undefined)) return [];
    const gateway = exits.gateways.find(({ state }) => state === 'running')?.id ?? '<NAT gateway>';
    const route = exit.way === 'nat' ? describeRoute(exit.route, exit.table) : 'none';
    return [
      say.fail('NodeEipNeedsNat', {
        target: configTarget(world.kube),
        message: `A Pod that pings a node's public address (${listOf(eips)}) gets no answer: Cilium knows the address as a node's and does not masquerade, so the packet leaves with the Pod's own address, and subnet ${source.subnetId} has no working route to a NAT gateway. Other public addresses may well answer.`,
        fix: `Route the Pods' subnet to a NAT gateway: ${addRouteCommand(world, exit.table?.id, gateway)}   Or leave it: hardly anything but cilium connectivity test does this.`,
        evidence: { subnet: source.subnetId, route, nodeAddresses: eips.slice(0, 20) },
      }),
    ];
  });
}

/** The public addresses that Pods leave with: of the NAT gateway, or of their nodes. */
function sendersOf(
  sources: readonly Source[],
  placed: readonly PlacedNode[],
  leavesAsItself: boolean,
  world: DoctorWorld,
): string[] {
  const exits = exitWorldOf(world);
  const byNat = sources.flatMap((source) => {
    const exit = exits && exitOf(source, exits);
    if (exit?.way !== 'nat' || exit.problem !== undefined) return [];
    const rules = exit.gateway?.sources === 'routed' ? [] : (exit.gateway?.sources ?? []);
    const own = rules.filter(({ subnetId }) => subnetId === source.subnetId).flatMap(({ publicIps }) => publicIps);
    const all = exit.gateway?.publicIps.filter(({ blocked }) => !blocked).map(({ address }) => address) ?? [];
    return own.length > 0 ? own : all;
  });
  // Without a NAT gateway what the group says of the nodes' own addresses is the best that can be told.
  const ofNodes = leavesAsItself && byNat.length > 0 ? [] : placed.flatMap(({ publicIps }) => publicIps);
  return [...new Set([...byNat, ...ofNodes])];
}

/** The security groups of a node's server; empty: none, or not told. */
function groupIdsOf(node: string, { cloud }: DoctorWorld): readonly string[] {
  if (cloud.instances.state !== 'answered') return [];
  return cloud.instances.value.find(({ nodeName }) => nodeName === node)?.securityGroupIds ?? [];
}

/** Condition 2: the node's security groups admit ICMP from there. */
function pingFindings(
  { node, publicIps }: PlacedNode,
  senders: readonly string[],
  world: DoctorWorld,
  say: Say<Reason>,
): Finding[] {
  const ids = groupIdsOf(node.meta.name, world);
  const groups: CloudSecurityGroup[] = [];
  const requests: ReturnType<typeof requestsOf>[] = [];
  for (const id of ids) {
    const asked = world.cloud.securityGroups.get(id);
    if (asked === undefined) return [];
    if (asked.state !== 'answered') return [unanswered('pod-to-node-eip', asked)];
    groups.push(asked.value);
    requests.push(requestsOf(asked.from));
  }
  if (groups.length === 0) return [];
  const judged = senders.flatMap((address) => judgePing(groups, address, publicIps));
  const denied = judged.filter(({ verdict }) => verdict === 'deny');
  const unknown = judged.find(({ verdict }) => verdict === 'unknown');
  const common = { target: targetOf(NODES, node.meta) };
  const evidence = { securityGroups: [...ids], from: [...senders], nodeAddresses: [...node.externalIps], requests };
  const [first] = denied;
  if (first !== undefined) {
    const by =
      first.by === undefined
        ? 'no rule admits it'
        : `rule ${first.by.ruleId} (index ${first.by.index}) of ${first.by.groupId} denies it`;
    return [
      say.fail('NodeEipDeniesPing', {
        ...common,
        message: `Security group ${listOf(ids)} of node ${node.meta.name} does not admit ICMP from ${listOf(senders)}, which Pods leave with: ${by}. A ping from a Pod to ${node.externalIps.join(', ')} gets no answer.`,
        fix: `Admit ICMP from there in security group ${ids[0]}: an inbound rule ICMP, ${listOf(senders.map((address) => `${address}/32`))}, accept, before any that denies it. Or leave it: nothing but pings needs it.`,
        evidence: { ...evidence, decidedBy: first.by === undefined ? 'no rule' : { ...first.by } },
      }),
    ];
  }
  if (unknown === undefined) return [];
  return [
    say.unknown('NodeEipPingNotKnown', {
      ...common,
      message: `Whether security group ${listOf(ids)} of node ${node.meta.name} admits ICMP from ${listOf(senders)} cannot be told: ${unknown.why}.`,
      fix: `Try it: kubectl run ping-test --rm -it --restart=Never --image=busybox -- ping -c 3 ${node.externalIps[0]}`,
      evidence,
    }),
  ];
}

/** What becomes of a ping from a public address; a node's own address does not come in from outside. */
function judgePing(groups: readonly CloudSecurityGroup[], address: string, own: readonly string[]): readonly Judged[] {
  const range = parseCidr(address);
  if (range === undefined || own.includes(address)) return [];
  return judgeIngress(
    groups,
    { range, groupIds: [] },
    { protocol: range.family === 4 ? 'icmp' : 'icmpv6', port: undefined },
  );
}
