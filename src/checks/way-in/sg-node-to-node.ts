import { NODES } from '../../kube/resources.ts';
import { describeRange } from '../../lib/cidr-sets.ts';
import { targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { pairsOf, servedOf } from '../facts/balanced.ts';
import { readCilium } from '../facts/cilium.ts';
import { listOf } from '../facts/names.ts';
import type { Packet } from '../security/evaluate.ts';
import {
  type GuardedNodes,
  judgeAll,
  nodeGroupsOf,
  nodeSenders,
  packetText,
  ruleEvidence,
  untoldText,
} from '../security/node-groups.ts';
import type { DoctorWorld } from '../world.types.ts';

const ID = 'sg-node-to-node';

type Reason = 'NodesDenied' | 'HealthDenied' | 'NodesUndecided';

/** A packet between nodes, and what it is for. */
interface Needed {
  readonly packet: Packet;
  readonly what: string;
  /** Without it nothing but Cilium's own health report suffers. */
  readonly onlyHealth: boolean;
}

export const sgNodeToNode = defineCheck({
  id: ID,
  section: 'way-in',
  link: 'security group',
  title: "The nodes' security groups admit the nodes to each other",
  looksAt:
    "security groups of the nodes' servers for the tunnel (8472/udp or 6081/udp), Cilium's health (4240/tcp, ICMP) and the NodePorts that lead from node to node",
  docs: PAGES.routing,
  needs: ['nodes', 'ciliumConfig'],
  reasons: {
    NodesDenied: 'Packets between nodes are dropped, so Pods of different nodes do not reach each other.',
    HealthDenied: "Only Cilium's own health probes between nodes are dropped: cilium-health calls nodes unreachable.",
    NodesUndecided: 'A rule that decides cannot be evaluated, or the cloud does not tell the groups of a server.',
  },
  run(world, say) {
    const { kube } = world;
    if (kube.nodes.items.length < 2) return [say.notApplicable('There are not two nodes.')];
    const nodeGroups = nodeGroupsOf(world, ID);
    const { guarded, missing, untold } = nodeGroups;
    if (missing.length > 0) return missing;
    const needed = neededOf(world);
    if (untold.length > 0) {
      return [
        say.unknown('NodesUndecided', {
          message: untoldText(nodeGroups),
          fix: 'Look at the security groups of these servers in the console.',
          evidence: { nodes: untold.slice(0, 20) },
        }),
      ];
    }
    const findings = needed.flatMap((one) => guarded.flatMap((nodes) => judge(world, nodes, one, say)));
    return findings.length > 0
      ? findings
      : [
          say.pass('The nodes reach each other.', {
            evidence: { packets: needed.map(({ packet }) => packetText(packet)) },
          }),
        ];
  },
});

function neededOf(world: DoctorWorld): Needed[] {
  const cilium = readCilium(world.kube);
  const needed: Needed[] = [];
  if (cilium !== undefined && cilium.routing === 'tunnel') {
    const geneve = cilium.data['tunnel-protocol']?.trim() === 'geneve';
    const port = Number(cilium.data['tunnel-port'] ?? 0) || (geneve ? 6081 : 8472);
    needed.push({
      packet: { protocol: 'udp', port },
      what: `the tunnel (${geneve ? 'Geneve' : 'VXLAN'})`,
      onlyHealth: false,
    });
  }
  // With node-port a node hands the connection to the NodePort of another one.
  for (const served of servedOf(world)) {
    if (served.exposure !== 'node-port') continue;
    for (const { gateway } of pairsOf(served)) {
      if (gateway.nodePort === 0) continue;
      needed.push({
        packet: { protocol: gateway.protocol === 'UDP' ? 'udp' : 'tcp', port: gateway.nodePort },
        what: `the NodePort of ${served.subject.key}, to which nodes hand connections over`,
        onlyHealth: false,
      });
    }
  }
  if (cilium !== undefined && cilium.data['enable-health-checking']?.trim() !== 'false') {
    const port = Number(cilium.data['cluster-health-port'] ?? 0) || 4240;
    needed.push(
      { packet: { protocol: 'tcp', port }, what: "Cilium's health probes", onlyHealth: true },
      { packet: { protocol: 'icmp', port: undefined }, what: "Cilium's health probes", onlyHealth: true },
    );
  }
  return needed;
}

function judge(
  world: DoctorWorld,
  nodes: GuardedNodes,
  { packet, what, onlyHealth }: Needed,
  say: Say<Reason>,
): Finding[] {
  const judged = judgeAll(
    nodes.groups,
    nodeSenders(world).filter(({ range }) => range.family === 4),
    packet,
  );
  const denied = judged.find(({ verdict }) => verdict === 'deny');
  const open = judged.find(({ verdict }) => verdict === 'unknown');
  const found = denied ?? open;
  if (found === undefined) return [];
  const names = listOf(nodes.servers.map(({ nodeName }) => nodeName));
  const groups = nodes.groups.map(({ id }) => id).join(', ');
  const node = world.kube.nodes.items.find(({ meta }) => meta.name === nodes.servers[0]?.nodeName);
  const said = {
    target: node && targetOf(NODES, node.meta),
    fix: `Add an inbound rule to security group ${nodes.groups[0]?.id ?? ''} that allows ${packetText(packet)} from the nodes' group (or their subnets), before any that denies it.`,
    evidence: {
      packet: packetText(packet),
      nodes: nodes.servers.slice(0, 20).map(({ nodeName }) => nodeName),
      ...ruleEvidence(nodes, found),
    },
  };
  if (denied === undefined) {
    return [
      say.unknown('NodesUndecided', {
        ...said,
        message: `Whether ${names} admit ${packetText(packet)} from ${describeRange(found.range)} hangs on rule ${found.by?.ruleId ?? ''} of ${found.by?.groupId ?? ''}, and ${found.why}.`,
        fix: 'Look at that rule in the console; templates are resolved where the account may read them.',
      }),
    ];
  }
  const message = `The security groups (${groups}) of ${names} drop ${packetText(packet)} from ${describeRange(denied.range)}, which is ${what}.`;
  return [onlyHealth ? say.warn('HealthDenied', { ...said, message }) : say.fail('NodesDenied', { ...said, message })];
}
