import { requestsOf, unanswered } from '../asked.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { egressNodeNames } from '../facts/egress-policies.ts';
import { describeRoute, exitOf } from '../facts/exits.ts';
import { listOf } from '../facts/names.ts';
import { exitWorldOf, nodeSources, placedNodes } from '../facts/subnets.ts';

export const nodePublicExit = defineCheck({
  id: 'node-public-exit',
  section: 'way-out',
  link: 'way out',
  title: 'Nodes reach the public internet',
  looksAt: "public addresses of the nodes, default routes of their subnets, the VPC's NAT gateways",
  docs: PAGES.natGateways,
  causes: ['eip-state', 'nat-gateway'],
  needs: ['nodes'],
  reasons: {
    NodeWithoutExit: 'The node has neither a public address nor a default route to a NAT gateway that runs.',
    NodeExitNotKnown:
      'The default route leads to a firewall, VPN or CCN: the cloud does not tell whether that leads out.',
  },
  run(world, say) {
    const { cloud } = world;
    // What leaves by the nodes of an Egress Gateway is for the check of that.
    const egress = new Set(egressNodeNames(world.kube));
    const placed = placedNodes(world).filter(({ node }) => !egress.has(node.meta.name));
    if (placed.length === 0) return [say.notApplicable('There is no node, except those of an Egress Gateway.')];
    const without = placed.filter(({ publicIps }) => publicIps.length === 0);
    if (without.length === 0) return [say.pass('Each node has a public address.')];
    if (cloud.instances.state !== 'answered' && without.some(({ subnetId }) => subnetId === undefined)) {
      return [unanswered('node-public-exit', cloud.instances)];
    }
    if (cloud.routeTables.state !== 'answered') return [unanswered('node-public-exit', cloud.routeTables)];
    if (cloud.natGateways.state !== 'answered') return [unanswered('node-public-exit', cloud.natGateways)];
    const exits = exitWorldOf(world);
    if (exits === undefined) return [];
    const requests = requestsOf([...cloud.routeTables.from, ...cloud.natGateways.from]);
    const findings = nodeSources(without).flatMap((source) => {
      const exit = exitOf(source, exits);
      const names = source.nodes.map(({ node }) => node.meta.name);
      const who = names.length === 1 ? `Node ${names[0]} has` : `${names.length} nodes (${listOf(names)}) have`;
      const evidence = { subnet: source.subnetId, nodes: names.slice(0, 20), requests };
      if (exit.way === 'elsewhere') {
        const routes = exit.routes.map((route) => describeRoute(route, exit.table));
        return [
          say.warn('NodeExitNotKnown', {
            message: `${who} no public address, and the default route of subnet ${source.subnetId} leads elsewhere: ${listOf(routes)}. Whether that leads out, the cloud does not tell.`,
            fix: `Try it from a node: kubectl debug node/${names[0]} -it --image=busybox -- wget -qO- -T 5 http://mirrors.aliyun.com/ ; where it answers, all is well.`,
            evidence: { ...evidence, routes },
          }),
        ];
      }
      if (exit.way === 'nat' && (exit.problem === undefined || isOpen(exit.problem.kind))) return [];
      const route = exit.way === 'nat' ? describeRoute(exit.route, exit.table) : 'none';
      const why =
        exit.way === 'nat'
          ? `whose default route leads to a NAT gateway that lets nothing out`
          : 'without a default route';
      return [
        say.fail('NodeWithoutExit', {
          message: `${who} no public address and no way out of subnet ${source.subnetId}, ${why}: images, updates and public services are out of reach of nodes and Pods.`,
          fix: `Make a NAT gateway with an EIP in the VPC and route 0.0.0.0/0 of ${exit.table?.id ?? 'the main route table'} to it; or bind an EIP to each node.`,
          evidence: { ...evidence, route },
        }),
      ];
    });
    if (findings.length > 0) return findings;
    const count = without.length;
    const others = count === placed.length ? 'Nodes leave' : `Nodes have public addresses; ${count} leave`;
    return [say.pass(`${others} by a NAT gateway.`, { evidence: { requests } })];
  },
});

/** What may well work is left to the check of the gateway. */
function isOpen(kind: string): boolean {
  return kind === 'pending' || kind === 'state-unknown';
}
