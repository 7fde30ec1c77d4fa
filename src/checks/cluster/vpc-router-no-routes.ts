import { unanswered } from '../asked.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { listOf } from '../facts/names.ts';
import { answerOf, networkOfCluster } from '../facts/network.ts';
import { unroutedNodes } from '../facts/pod-routes.ts';

export const vpcRouterNoRoutes = defineCheck({
  id: 'vpc-router-no-routes',
  section: 'cluster',
  link: 'Pod',
  title: "The VPC's routes lead to the Pods of each node, where Cilium does not tunnel",
  looksAt: "network mode of the CCE cluster, `routing-mode`, the nodes' Pod CIDRs, the VPC's route tables",
  docs: PAGES.cceNetworks,
  causes: ['cilium-eni-mode'],
  needs: ['nodes', 'ciliumConfig', 'ciliumNodes', 'daemonSets'],
  reasons: {
    VpcRouteMissing:
      "CCE adds a node's route only when its own network plugin is ready, which under Cilium it never is.",
  },
  run(world, say) {
    const { kube, cloud } = world;
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    const { mode } = networkOfCluster(world);
    if (mode !== 'cce-vpc-router') return [say.notApplicable(`The network is ${mode}, not vpc-router.`)];
    if (cilium.routing !== 'native') return [say.pass('Cilium tunnels: the VPC need not know the Pods.')];
    if (cloud.routeTables.state !== 'answered') return [unanswered('vpc-router-no-routes', cloud.routeTables)];
    const unrouted = unroutedNodes(kube, cloud.routeTables.value, answerOf(cloud.instances) ?? []);
    if (unrouted.length === 0) return [say.pass("Each node's Pod CIDR has a route to its server.")];
    const told = unrouted.map(({ node, podCidr, wrong }) =>
      wrong === undefined ? `${podCidr} of ${node}` : `${podCidr} of ${node} (leads to ${wrong.target} instead)`,
    );
    return [
      say.fail('VpcRouteMissing', {
        target: configTarget(kube),
        message: `routing-mode is native on a vpc-router network, and no route leads to ${listOf(told)}: DNS and everything else between nodes fails.`,
        fix: `Let Cilium tunnel, in its Helm values: routingMode=tunnel and tunnelProtocol=vxlan; then: ${restartCommand(kube)}   Or add the routes to the VPC's route table, each with the node's server as the next hop.`,
        evidence: { unrouted: told.slice(0, 20), routeTables: cloud.routeTables.value.map(({ id }) => id) },
      }),
    ];
  },
});
