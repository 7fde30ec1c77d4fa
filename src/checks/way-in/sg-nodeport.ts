import { SERVICES } from '../../kube/resources.ts';
import type { AddressRange } from '../../lib/cidr.ts';
import { parseCidrs } from '../../lib/cidr.ts';
import { describeRange, subtract } from '../../lib/cidr-sets.ts';
import { targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import type { CloudLoadBalancer, CloudTarget } from '../../providers/provider.types.ts';
import { unanswered } from '../asked.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { type Balanced, eachBalancer, withAnswer } from '../facts/balanced.ts';
import { listenerFor, memberPortOf } from '../facts/listeners.ts';
import { listOf } from '../facts/names.ts';
import { answerOf } from '../facts/network.ts';
import type { Judged, Packet } from '../security/evaluate.ts';
import {
  type GuardedNodes,
  groupsOf,
  judgeAll,
  type NodeGroups,
  nodeGroupsOf,
  outsideSenders,
  packetText,
  rangesWith,
  ruleEvidence,
  untoldText,
} from '../security/node-groups.ts';
import type { DoctorWorld } from '../world.types.ts';

const ID = 'sg-nodeport';

/** What no client of a public load balancer comes from (RFC 1918, carrier-grade NAT, loopback, link-local). */
const PRIVATE = parseCidrs([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
]);

type Reason =
  | 'ProbesDenied'
  | 'ClientsDenied'
  | 'BalancerGroupDenies'
  | 'SomeClientsDenied'
  | 'AdmissionUnknown'
  | 'RuleUndecided';

/** Who must get through, and what is said when they don't. */
interface Wanted {
  readonly who: 'probes' | 'clients';
  readonly cidrs: readonly string[];
  /** Every one of them must; else (clients that nobody has named) it is enough when some that matter do. */
  readonly all: boolean;
}

export const sgNodeport = defineCheck({
  id: ID,
  section: 'way-in',
  link: 'security group',
  title: 'The security groups of the nodes, and of the load balancer itself, admit it and its clients',
  looksAt:
    "security groups of the nodes' servers, evaluated as the cloud does, for the load balancer's probes and for clients, at the ports of its members; groups of the load balancer itself (CLB) at its listeners",
  docs: PAGES.loadBalancerServices,
  causes: ['lb-exists'],
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: {
    ProbesDenied: "The nodes' security groups do not admit the load balancer's own probes (or its proxied traffic).",
    ClientsDenied: "The clients' packets arrive with their own addresses, and the security groups drop them.",
    BalancerGroupDenies: 'The load balancer has a security group of its own, which drops its clients.',
    SomeClientsDenied: 'Some clients get through, others that nobody has excluded by a rule do not.',
    AdmissionUnknown: 'The cloud does not say whom the security groups see.',
    RuleUndecided: 'A rule that decides cannot be evaluated, as it hangs on a template or on unknown members.',
  },
  run(world, say) {
    const nodeGroups = nodeGroupsOf(world, ID);
    const { guarded, missing, untold } = nodeGroups;
    return eachBalancer(world, say, 'Probes and clients are admitted at the ports of the members.', (one) =>
      withAnswer(ID, one.asked.loadBalancer, (balancer) => {
        const own = balancerFindings(world, one, balancer, say);
        const wanted = wantedOf(world, one, balancer, say);
        if ('finding' in wanted) return [...own, wanted.finding];
        if (wanted.list.length === 0) return own;
        if (missing.length > 0) return [...own, ...missing];
        if (untold.length > 0) return [...own, notTold(one, nodeGroups, say)];
        return [
          ...own,
          ...packetsOf(one).flatMap((packet) =>
            guarded.flatMap((nodes) => wanted.list.flatMap((who) => judge(one, balancer, nodes, packet, who, say))),
          ),
        ];
      }),
    );
  },
});

function packetsOf(one: Balanced): Packet[] {
  return one.entrypoint.ports.flatMap((port): Packet[] => {
    const at = memberPortOf(one, port);
    if (at === 0) return [];
    return [{ protocol: port.protocol === 'UDP' ? 'udp' : 'tcp', port: at }];
  });
}

function wantedOf(
  world: DoctorWorld,
  one: Balanced,
  { id, admission, isPublic }: CloudLoadBalancer,
  say: Say<Reason>,
): { readonly list: readonly Wanted[] } | { readonly finding: Finding } {
  const { probeSources, clientTraffic, unknownBecause } = admission;
  const { entrypoint, asked } = one;
  const listeners = answerOf(asked.listeners) ?? [];
  const probed = entrypoint.ports.some((port) => listenerFor(port, listeners)?.healthCheck.enabled !== false);
  const needsSources = probed || clientTraffic === 'load-balancer';
  if (clientTraffic === undefined || (needsSources && probeSources === undefined)) {
    return {
      finding: say.unknown('AdmissionUnknown', {
        target: targetOf(SERVICES, entrypoint.meta),
        message: `Whom the security groups of the nodes see of load balancer ${id} cannot be told${unknownBecause === undefined ? '.' : `: ${unknownBecause}`}`,
        fix: 'Allow the actions that docs/cloud.md lists for load balancers, and run doctor again.',
        evidence: { loadBalancer: id, probeSources: probeSources ?? null, clientTraffic: clientTraffic ?? null },
      }),
    };
  }
  const sources = needsSources ? (probeSources ?? []) : [];
  const probes: Wanted[] = sources.length === 0 ? [] : [{ who: 'probes', cidrs: sources, all: true }];
  if (clientTraffic !== 'client') return { list: probes };
  const clients = clientsOf(world, one, isPublic);
  return 'finding' in clients ? clients : { list: [...probes, clients] };
}

/** Those that are permitted; where nobody says, the internet, or the VPC of a private load balancer. */
function clientsOf(
  { kube, cloud }: DoctorWorld,
  { entrypoint }: Balanced,
  isPublic: boolean | undefined,
): Wanted | { readonly finding: Finding } {
  const declared = kube.services.items.find(({ meta }) => meta.uid === entrypoint.meta.uid)?.sourceRanges ?? [];
  if (declared.length > 0) return { who: 'clients', cidrs: declared, all: true };
  if (isPublic !== false) return { who: 'clients', cidrs: ['0.0.0.0/0'], all: false };
  if (cloud.vpc.state !== 'answered') return { finding: unanswered(ID, cloud.vpc) };
  return { who: 'clients', cidrs: cloud.vpc.value.cidrs.map(({ cidr }) => cidr), all: true };
}

/** A CLB may have groups of its own, which clients meet at its listeners, before any node. */
function balancerFindings(world: DoctorWorld, one: Balanced, balancer: CloudLoadBalancer, say: Say<Reason>): Finding[] {
  const ids = balancer.securityGroupIds ?? [];
  if (ids.length === 0) return [];
  const clients = clientsOf(world, one, balancer.isPublic);
  if ('finding' in clients) return [clients.finding];
  const { groups, missing } = groupsOf(world, ids, ID);
  if (missing.length > 0) return [...missing];
  return one.entrypoint.ports.flatMap(({ port, protocol }) => {
    const packet: Packet = { protocol: protocol === 'UDP' ? 'udp' : 'tcp', port };
    return judge(one, balancer, { servers: [], groups }, packet, clients, say);
  });
}

function judge(
  one: Balanced,
  { id, isPublic }: CloudLoadBalancer,
  nodes: GuardedNodes,
  packet: Packet,
  { who, cidrs, all }: Wanted,
  say: Say<Reason>,
): Finding[] {
  const judged = judgeAll(nodes.groups, outsideSenders(cidrs), packet);
  const admitted = rangesWith(judged, 'allow');
  const denied = judged.filter(({ verdict }) => verdict === 'deny');
  const open = judged.find(({ verdict }) => verdict === 'unknown');
  const atBalancer = nodes.servers.length === 0;
  const names = atBalancer ? `load balancer ${id} itself` : listOf(nodes.servers.map(({ nodeName }) => nodeName));
  const groups = nodes.groups.map((group) => group.id).join(', ');
  const target = targetOf(SERVICES, one.entrypoint.meta);
  const at = packetText(packet);
  const fix = (from: string): string =>
    `Add an inbound rule to security group ${nodes.groups[0]?.id ?? ''} that allows ${at} from ${from}, before any that denies it.`;
  const about = (found: Judged | undefined) => ({
    loadBalancer: id,
    at,
    nodes: nodes.servers.slice(0, 20).map(({ nodeName }) => nodeName),
    wanted: cidrs,
    ...ruleEvidence(nodes, found),
  });
  // A rule that denies some addresses is somebody's wish; that no rule admits them is an oversight.
  const counted = all ? denied : denied.filter(({ by }) => by === undefined);
  const matters = all || isPublic === false ? admitted : admitted.flatMap((range) => subtract(range, PRIVATE));
  const [first] = counted.length > 0 ? counted : denied;
  if (who === 'probes' && first !== undefined && !provenHealthy(one)) {
    return [
      say.fail('ProbesDenied', {
        target,
        message: `The security groups (${groups}) of ${names} do not admit load balancer ${id}, which probes from ${listOf(cidrs)}: ${describeRange(first.range)} is denied at ${at}, so it takes the nodes for dead.`,
        fix: fix(listOf(cidrs)),
        evidence: about(first),
      }),
    ];
  }
  if (who === 'clients' && first !== undefined && (all || matters.length === 0) && open === undefined) {
    return [
      say.fail(atBalancer ? 'BalancerGroupDenies' : 'ClientsDenied', {
        target,
        message: `The security groups (${groups}) of ${names} do not admit ${clientsText(cidrs, all, admitted)} at ${at}${atBalancer ? '' : '; clients arrive with their own addresses'}, so they time out.`,
        fix: fix(listOf(cidrs)),
        evidence: about(first),
      }),
    ];
  }
  if (open !== undefined && !(who === 'probes' && provenHealthy(one))) {
    return [
      say.unknown('RuleUndecided', {
        target,
        message: `Whether ${names} admit ${describeRange(open.range)} at ${at} hangs on rule ${open.by?.ruleId ?? ''} of ${open.by?.groupId ?? ''}, and ${open.why}.`,
        fix: 'Look at that rule in the console; templates are resolved where the account may read them.',
        evidence: about(open),
      }),
    ];
  }
  if (who === 'clients' && counted.length > 0) {
    return [
      say.warn('SomeClientsDenied', {
        target,
        message: `The security groups (${groups}) of ${names} admit only ${listOf(admitted.map(describeRange))} at ${at}: all other clients time out.`,
        fix: `If that is meant, say so: kubectl -n ${one.entrypoint.meta.namespace} patch service ${one.entrypoint.meta.name} --type=merge -p '{"spec":{"loadBalancerSourceRanges":["<CIDR>"]}}'   Else: ${fix('0.0.0.0/0')}`,
        evidence: { ...about(counted[0]), admitted: admitted.slice(0, 20).map(describeRange) },
      }),
    ];
  }
  return [];
}

function clientsText(cidrs: readonly string[], all: boolean, admitted: readonly AddressRange[]): string {
  if (all) return `the permitted clients (${listOf(cidrs)})`;
  return admitted.length === 0
    ? 'any client'
    : `any client of the internet (only ${listOf(admitted.map(describeRange))} may come in)`;
}

/** Members that pass their probes prove that these get through, whatever the rules seem to say. */
function provenHealthy({ asked }: Balanced): boolean {
  const targets: readonly CloudTarget[] = answerOf(asked.targets) ?? [];
  return targets.length > 0 && targets.every(({ health }) => health === 'healthy');
}

function notTold({ entrypoint, id }: Balanced, nodeGroups: NodeGroups, say: Say<Reason>): Finding {
  return say.unknown('AdmissionUnknown', {
    target: targetOf(SERVICES, entrypoint.meta),
    message: untoldText(nodeGroups),
    fix: 'Look at the security groups of these servers in the console.',
    evidence: { loadBalancer: id, nodes: nodeGroups.untold.slice(0, 20) },
  });
}
