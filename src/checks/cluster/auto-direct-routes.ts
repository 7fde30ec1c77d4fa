import { readBoolean } from '../../cilium/settings.ts';
import { unanswered } from '../asked.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { listOf } from '../facts/names.ts';
import { answerOf, ordinaryNodes } from '../facts/network.ts';
import { unroutedNodes } from '../facts/pod-routes.ts';
import type { DoctorWorld } from '../world.types.ts';

/** CCE's label with the subnet of a node. */
const SUBNET_LABEL = 'node.kubernetes.io/subnetid';

export const autoDirectRoutes = defineCheck({
  id: 'auto-direct-routes',
  section: 'cluster',
  link: 'Pod',
  title: 'With native routing, nodes know the way to the Pods of other nodes',
  looksAt: "`routing-mode` and `auto-direct-node-routes` of cilium-config, the nodes' subnets, the VPC's route tables",
  docs: PAGES.routing,
  causes: ['cilium-eni-mode', 'vpc-router-no-routes'],
  needs: ['nodes', 'ciliumConfig', 'ciliumNodes'],
  reasons: {
    DirectRoutesAcrossSubnets: 'Direct routes need nodes on one layer-2 network, and these are in several subnets.',
    NativeWithoutRoutes: 'Cilium does not tunnel, and nobody has routes to the Pods.',
  },
  run(world, say) {
    const { kube, cloud } = world;
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    if (cilium.routing !== 'native') return [say.notApplicable('Cilium tunnels.')];
    if (cilium.ipam === 'delegated-plugin') return [say.pass('Pods have addresses of the VPC, which routes them.')];
    const tunnel = `let Cilium tunnel, in its Helm values: routingMode=tunnel and tunnelProtocol=vxlan; then: ${restartCommand(kube)}`;
    if (readBoolean(cilium.data['auto-direct-node-routes']) === true) {
      const subnets = subnetsOf(world);
      if (subnets.length === 0) {
        return [
          cloud.instances.state === 'answered'
            ? say.pass('The nodes are in one subnet.')
            : unanswered('auto-direct-routes', cloud.instances),
        ];
      }
      if (subnets.length === 1) return [say.pass(`All nodes are in subnet ${subnets[0]}.`)];
      return [
        say.fail('DirectRoutesAcrossSubnets', {
          target: configTarget(kube),
          message: `auto-direct-node-routes is on, and the nodes are in ${subnets.length} subnets (${listOf(subnets)}): a node reaches no Pod on a node of another subnet.`,
          fix: `Keep the nodes in one subnet; or ${tunnel}`,
          evidence: { 'auto-direct-node-routes': 'true', subnets },
        }),
      ];
    }
    if (cloud.routeTables.state !== 'answered') return [unanswered('auto-direct-routes', cloud.routeTables)];
    const unrouted = unroutedNodes(kube, cloud.routeTables.value, answerOf(cloud.instances) ?? []);
    if (unrouted.length === 0) return [say.pass("The VPC has a route to each node's Pods.")];
    return [
      say.fail('NativeWithoutRoutes', {
        target: configTarget(kube),
        message: `routing-mode is native without auto-direct-node-routes, and the VPC has no route to ${listOf(unrouted.map(({ node, podCidr }) => `${podCidr} of ${node}`))}: Pods on different nodes don't reach each other.`,
        fix: `Best, ${tunnel}`,
        evidence: { 'routing-mode': 'native', unrouted: unrouted.map(({ podCidr }) => podCidr).slice(0, 20) },
      }),
    ];
  },
});

/** Subnets of the nodes: as the cloud says, else by CCE's label. */
function subnetsOf({ kube, cloud }: DoctorWorld): string[] {
  const servers = answerOf(cloud.instances) ?? [];
  const labels = ordinaryNodes(kube).map(({ meta }) => meta.labels[SUBNET_LABEL] ?? '');
  const all = servers.length > 0 ? servers.map(({ subnetId }) => subnetId) : labels;
  return [...new Set(all)].filter((subnet) => subnet !== '').toSorted();
}
