import { EGRESS_POLICIES } from '../../kube/resources.ts';
import { covers, parseCidr, parseCidrs } from '../../lib/cidr.ts';
import { targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import { requestsOf, unanswered } from '../asked.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { type CiliumSetup, configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { type EgressGateway, egressGateways } from '../facts/egress-policies.ts';
import { describeRoute, type Exit, exitOf } from '../facts/exits.ts';
import { hasEgressGateway } from '../facts/masquerade.ts';
import { namesOf } from '../facts/names.ts';
import { exitWorldOf, type PlacedNode, placedNodes } from '../facts/subnets.ts';
import type { DoctorWorld, KubeWorld } from '../world.types.ts';

type Reason =
  | 'EgressGatewayOff'
  | 'EgressNeedsMasquerade'
  | 'EgressNodeMissing'
  | 'EgressIpElsewhere'
  | 'EgressNodeWithoutEip'
  | 'EgressLeavesByNat';

/** Destinations that no public address is needed for. */
const PRIVATE = parseCidrs([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  'fc00::/7',
]);

export const egressGatewayNeeds = defineCheck({
  id: 'egress-gateway-needs',
  section: 'way-out',
  link: 'way out',
  title: 'Egress Gateway has what it needs',
  looksAt:
    '`enable-egress-gateway`, `enable-ipv4-masquerade`, `enable-bpf-masquerade` of cilium-config; CiliumEgressGatewayPolicies, their nodes with public addresses and default routes',
  docs: PAGES.egressGateway,
  causes: ['eip-state'],
  needs: ['ciliumConfig', 'egressPolicies', 'nodes'],
  reasons: {
    EgressGatewayOff: 'There are policies of Egress Gateway, and it is switched off: they do nothing.',
    EgressNeedsMasquerade: 'With Egress Gateway on and masquerading off, the agents do not start.',
    EgressNodeMissing: 'No node matches the nodeSelector of a policy: what it selects is dropped.',
    EgressIpElsewhere: "The policy's egressIP is no address of its node: what it selects is dropped.",
    EgressNodeWithoutEip: 'The node that public traffic must leave by has neither a public address nor a NAT gateway.',
    EgressLeavesByNat:
      "The node's default route leads to a NAT gateway: traffic leaves with its address, not with the node's.",
  },
  run(world, say) {
    const { kube } = world;
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    const policies = kube.egressPolicies.items;
    if (!hasEgressGateway(cilium)) {
      if (policies.length === 0) return [say.notApplicable('Egress Gateway is off, and there is no policy of it.')];
      return [
        say.fail('EgressGatewayOff', {
          target: configTarget(kube),
          message: `There are policies (${namesOf(policies)}), and Egress Gateway is off: Pods leave as if there were none.`,
          fix: `Switch it on in Cilium's Helm values: egressGateway.enabled=true, enableIPv4Masquerade=true and bpf.masquerade=true; then: ${restartCommand(kube)}`,
          evidence: { 'enable-egress-gateway': 'false', policies: policies.map(({ meta }) => meta.name).slice(0, 20) },
        }),
      ];
    }
    const masquerade = masqueradeFindings(kube, cilium, say);
    if (masquerade.length > 0) return masquerade;
    const gateways = egressGateways(kube);
    if (gateways.length === 0) return [say.pass('Egress Gateway is on with masquerading, and no policy uses it.')];
    const findings = gateways.flatMap((gateway) => gatewayFindings(gateway, world, say));
    return findings.length > 0
      ? findings
      : [say.pass(`Each of the ${gateways.length} egress gateways has what it needs.`)];
  },
});

function masqueradeFindings(kube: KubeWorld, cilium: CiliumSetup, say: Say<Reason>): Finding[] {
  const off = [
    ...(cilium.ipv4Masquerade ? [] : ['enable-ipv4-masquerade']),
    ...(cilium.bpfMasquerade ? [] : ['enable-bpf-masquerade']),
  ];
  if (off.length === 0) return [];
  return [
    say.fail('EgressNeedsMasquerade', {
      target: configTarget(kube),
      message: `Egress Gateway is on, and ${off.join(' and ')} ${off.length === 1 ? 'is' : 'are'} off: the agents do not start.`,
      fix: `Switch them on in Cilium's Helm values: enableIPv4Masquerade=true and bpf.masquerade=true; then: ${restartCommand(kube)}`,
      evidence: Object.fromEntries(['enable-egress-gateway', ...off].map((key) => [key, String(!off.includes(key))])),
    }),
  ];
}

function gatewayFindings(gateway: EgressGateway, world: DoctorWorld, say: Say<Reason>): Finding[] {
  const { policy, nodes, egressIp, selector } = gateway;
  const target = targetOf(EGRESS_POLICIES, policy);
  // Cilium takes the first by name.
  const [node] = nodes.toSorted((a, b) => (a.meta.name < b.meta.name ? -1 : 1));
  if (node === undefined) {
    return [
      say.fail('EgressNodeMissing', {
        target,
        message: `No node matches the nodeSelector ${selector} of policy ${policy.name}: what the policy selects is dropped.`,
        fix: 'Label the node that traffic must leave by, as the policy says: kubectl label node <node> <key>=<value>',
        evidence: { nodeSelector: selector },
      }),
    ];
  }
  const { name } = node.meta;
  if (egressIp !== '' && !node.internalIps.includes(egressIp)) {
    return [
      say.fail('EgressIpElsewhere', {
        target,
        message: `egressIP ${egressIp} of policy ${policy.name} is no InternalIP of ${name}, the ${nodes.length === 1 ? 'node' : 'first of the nodes'} that its nodeSelector matches: what the policy selects is dropped.`,
        fix: `Set it to the node's own: kubectl patch ciliumegressgatewaypolicy ${policy.name} --type merge -p '{"spec":{"egressGateway":{"egressIP":"${node.internalIps[0] ?? '<InternalIP>'}"}}}'`,
        evidence: { egressIP: egressIp, node: name, internalIps: [...node.internalIps] },
      }),
    ];
  }
  if (!leadsToPublic(gateway)) return [];
  const placed = placedNodes(world).find((one) => one.node.meta.name === name);
  return placed === undefined ? [] : publicFindings(placed, gateway, world, say);
}

function publicFindings(
  placed: PlacedNode,
  { policy }: EgressGateway,
  world: DoctorWorld,
  say: Say<Reason>,
): Finding[] {
  const { cloud } = world;
  const target = targetOf(EGRESS_POLICIES, policy);
  const { name } = placed.node.meta;
  const exit = exitOfNode(placed, world);
  if (exit === undefined) {
    for (const asked of [cloud.instances, cloud.routeTables, cloud.natGateways]) {
      if (asked.state !== 'answered') return [unanswered('egress-gateway-needs', asked)];
    }
  }
  const hasEip = placed.publicIps.length > 0;
  const byNat = exit?.way === 'nat';
  const evidence = {
    node: name,
    publicIps: [...placed.publicIps],
    route: byNat ? describeRoute(exit.route, exit.table) : (exit?.way ?? 'unknown'),
    requests: cloud.routeTables.state === 'answered' ? requestsOf(cloud.routeTables.from) : [],
  };
  // Elsewhere a server's own EIP goes before the route to a NAT gateway.
  if (byNat && (!hasEip || cloud.cloud === 'tencent')) {
    const table = exit.table.id;
    return [
      say.warn('EgressLeavesByNat', {
        target,
        message: `Node ${name} of policy ${policy.name} is in a subnet whose default route leads to NAT gateway ${exit.route.target}: traffic leaves with the NAT gateway's address, not with ${hasEip ? placed.publicIps.join(', ') : 'one of the node'}.`,
        fix: `Put the egress nodes into a subnet with a route table of its own, without 0.0.0.0/0 → NAT (${table} has it), and give each an EIP; or, where the NAT gateway's address is the one that you want, leave it.`,
        evidence,
      }),
    ];
  }
  if (hasEip || exit?.way === 'elsewhere' || byNat) return [];
  return [
    say.fail('EgressNodeWithoutEip', {
      target,
      message: `Node ${name} of policy ${policy.name} has no public address, and its subnet no way out: what the policy sends to public addresses is lost.`,
      fix: `Bind an EIP to node ${name} (${placed.node.internalIps.join(', ')}) in the console of the cloud.`,
      evidence,
    }),
  ];
}

function exitOfNode({ subnetId, node }: PlacedNode, world: DoctorWorld): Exit | undefined {
  const exits = exitWorldOf(world);
  if (exits === undefined || subnetId === undefined) return undefined;
  return exitOf({ subnetId, addresses: node.internalIps }, exits);
}

function leadsToPublic({ destinations }: EgressGateway): boolean {
  return destinations.some((text) => {
    const range = parseCidr(text);
    return range !== undefined && range.family === 4 && !covers(PRIVATE, range);
  });
}
