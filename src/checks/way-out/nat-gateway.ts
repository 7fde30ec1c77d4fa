import type { Finding } from '../../plan/plan.types.ts';
import { requestsOf, unanswered } from '../asked.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { readCilium } from '../facts/cilium.ts';
import { egressNodeNames } from '../facts/egress-policies.ts';
import { describeRoute, type Exit, exitOf, type Source } from '../facts/exits.ts';
import { listOf } from '../facts/names.ts';
import { addRouteCommand } from '../facts/route-command.ts';
import { exitWorldOf, masquerades, nodeSources, placedNodes, podSources, podsAreInVpc } from '../facts/subnets.ts';
import type { DoctorWorld } from '../world.types.ts';

type Reason =
  | 'NatGatewayAbsent'
  | 'NatGatewayNotRunning'
  | 'NatGatewayPending'
  | 'NatGatewayStateUnknown'
  | 'NatGatewayWithoutEip'
  | 'SnatMissing'
  | 'SnatNotActive'
  | 'NatRouteMissing';

/** A subnet that leaves by NAT, or has no other way out. */
interface Wanting extends Source {
  /** `the nodes`, `Pods`. */
  readonly whose: string;
  /** It has no other way out. */
  readonly needsNat: boolean;
}

export const natGateway = defineCheck({
  id: 'nat-gateway',
  section: 'way-out',
  link: 'way out',
  title: 'The NAT gateway lets out what is routed to it',
  looksAt: "the VPC's NAT gateways with their SNAT rules, the route tables of the subnets of nodes and Pods",
  docs: PAGES.natGateways,
  needs: ['nodes', 'ciliumConfig', 'daemonSets', 'eniConfigs', 'egressPolicies'],
  reasons: {
    NatGatewayAbsent: 'A default route leads to a NAT gateway that is not there any more.',
    NatGatewayNotRunning: 'The NAT gateway is frozen, stopped or failed.',
    NatGatewayPending: 'The NAT gateway is being made or changed.',
    NatGatewayStateUnknown: 'The cloud describes the NAT gateway in words that this program does not know.',
    NatGatewayWithoutEip: 'The NAT gateway has no public address, or all of them are blocked.',
    SnatMissing: 'No SNAT rule of the NAT gateway is for this subnet.',
    SnatNotActive: 'The SNAT rule for this subnet is frozen, mostly with its EIP, or failed.',
    NatRouteMissing: 'The VPC has a NAT gateway, and no default route of the subnet leads to it.',
  },
  run(world, say) {
    const { natGateways, routeTables, instances } = world.cloud;
    for (const asked of [natGateways, routeTables, instances]) {
      if (asked.state !== 'answered') return [unanswered('nat-gateway', asked)];
    }
    const exits = exitWorldOf(world);
    if (exits === undefined || natGateways.state !== 'answered') return [];
    const evidence = { requests: requestsOf(natGateways.from) };
    let served = 0;
    const findings = wantingSubnets(world).flatMap((wanting) => {
      const exit = exitOf(wanting, exits);
      // A firewall or CCN may lead out as well: that is for the checks of the exits.
      if (exit.way === 'elsewhere') return [];
      if (exit.way === 'nat') served += 1;
      if (exit.way === 'none') {
        const [gateway] = exits.gateways;
        if (!wanting.needsNat || gateway === undefined) return [];
        const disabled = exit.disabled && exit.table ? ` (there is ${describeRoute(exit.disabled, exit.table)})` : '';
        return [
          say.fail('NatRouteMissing', {
            message: `The VPC has NAT gateway ${gateway.id}, and subnet ${wanting.subnetId} of ${wanting.whose} has no default route to it${disabled}: nothing gets out.`,
            fix: `Add the route 0.0.0.0/0 → ${gateway.id} to the subnet's route table: ${addRouteCommand(world, exit.table?.id, gateway.id)}`,
            evidence: {
              subnet: wanting.subnetId,
              routeTable: exit.table?.id ?? null,
              natGateway: gateway.id,
              ...evidence,
            },
          }),
        ];
      }
      return problemFindings(exit, wanting, say, evidence);
    });
    if (findings.length > 0) return findings;
    if (served === 0) return [say.notApplicable('No subnet of nodes or Pods is routed to a NAT gateway.')];
    const ids = exits.gateways.map(({ id }) => id);
    return [say.pass(`NAT gateway ${listOf(ids)} lets out what is routed to it.`, { evidence })];
  },
});

/**
 * The subnets whose NAT is looked at: those without another way out; and on Tencent Cloud, where a route to a NAT
 * gateway goes before a server's own EIP, every one that is routed to it. The nodes of an Egress Gateway want the
 * opposite, and are left out.
 */
function wantingSubnets(world: DoctorWorld): Wanting[] {
  const goesBefore = world.cloud.cloud === 'tencent';
  const egress = new Set(egressNodeNames(world.kube));
  const nodes = nodeSources(placedNodes(world).filter(({ node }) => !egress.has(node.meta.name)));
  const ofNodes = nodes.flatMap((source): Wanting[] => {
    const needsNat = source.nodes.some(({ publicIps }) => publicIps.length === 0);
    return needsNat || goesBefore ? [{ ...source, whose: 'the nodes', needsNat }] : [];
  });
  if (!podsAreInVpc(world)) return ofNodes;
  const leaveAsThemselves = !masquerades(readCilium(world.kube));
  // Whether they need one is for the check of the Pods' own exit.
  const ofPods = podSources(world).map((source) => ({ ...source, whose: 'the Pods', needsNat: false }));
  return leaveAsThemselves ? [...ofNodes, ...ofPods] : ofNodes;
}

function problemFindings(
  { gateway, problem, route, table }: Exit & { readonly way: 'nat' },
  { subnetId, whose }: Wanting,
  say: Say<Reason>,
  requests: { readonly requests: ReturnType<typeof requestsOf> },
): Finding[] {
  if (problem === undefined) return [];
  const id = route.target;
  const evidence = {
    route: describeRoute(route, table),
    subnet: subnetId,
    natGateway: id,
    state: gateway?.stateText ?? 'absent',
    ...requests,
  };
  const outcome = `what leaves subnet ${subnetId} of ${whose} is lost`;
  switch (problem.kind) {
    case 'absent':
      return [
        say.fail('NatGatewayAbsent', {
          message: `The default route of subnet ${subnetId} leads to NAT gateway ${id}, which the VPC does not have: ${outcome}.`,
          fix: `Make a NAT gateway with an EIP in this VPC, and let the route 0.0.0.0/0 of route table ${table.id} lead to it.`,
          evidence,
        }),
      ];
    case 'not-running':
      return [
        say.fail('NatGatewayNotRunning', {
          message: `NAT gateway ${id} does not run (${gateway?.stateText}): ${outcome}.`,
          fix: `Bring ${id} back in the console of the cloud: pay what is due or lift the freeze; or let the route 0.0.0.0/0 of ${table.id} lead to one that runs.`,
          evidence,
        }),
      ];
    case 'pending':
      return [
        say.warn('NatGatewayPending', {
          message: `NAT gateway ${id} is being made or changed (${gateway?.stateText}).`,
          fix: 'Run doctor again in a minute; if it stays so, open a ticket with the cloud.',
          evidence,
        }),
      ];
    case 'state-unknown':
      return [
        say.unknown('NatGatewayStateUnknown', {
          message: `What the cloud says of NAT gateway ${id} is not understood: ${gateway?.stateText}.`,
          fix: 'Look at it in the console of the cloud; and report these words, so that they are learnt.',
          evidence,
        }),
      ];
    case 'no-address':
      return [
        say.fail('NatGatewayWithoutEip', {
          message: `NAT gateway ${id} has no public address that works: ${outcome}.`,
          fix: `Bind an EIP to ${id} in the console of the cloud (NAT gateway, bound EIPs).`,
          evidence: { ...evidence, publicIps: gateway?.publicIps.map(({ address }) => address) ?? [] },
        }),
      ];
    case 'no-source':
      return [
        say.fail('SnatMissing', {
          message: `NAT gateway ${id} has no SNAT rule for subnet ${subnetId} of ${whose}: ${outcome}.`,
          fix: `Add an SNAT rule for subnet ${subnetId} with an EIP to ${id} (console: NAT gateway ${id}, SNAT rules, add).`,
          evidence,
        }),
      ];
    case 'source-inactive':
      return [
        say.fail('SnatNotActive', {
          message: `The SNAT rule of NAT gateway ${id} for subnet ${subnetId} does not work (${listOf(problem.rules.map((rule) => `${rule.id}: ${rule.stateText}`))}): ${outcome}.`,
          fix: `Thaw the rule's EIP or give the rule another one (console: NAT gateway ${id}, SNAT rules, modify).`,
          evidence: { ...evidence, rules: problem.rules.map(({ id: rule, stateText }) => `${rule}: ${stateText}`) },
        }),
      ];
  }
}
