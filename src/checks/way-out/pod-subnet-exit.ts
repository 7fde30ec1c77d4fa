import { requestsOf, unanswered } from '../asked.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { describeRoute, exitOf } from '../facts/exits.ts';
import { listOf } from '../facts/names.ts';
import { networkOfCluster } from '../facts/network.ts';
import { addRouteCommand } from '../facts/route-command.ts';
import { exitWorldOf, podSources, podsAreInVpc } from '../facts/subnets.ts';

export const podSubnetExit = defineCheck({
  id: 'pod-subnet-exit',
  section: 'way-out',
  link: 'way out',
  title: 'Pods reach the public internet',
  looksAt:
    "`enable-ipv4-masquerade` of cilium-config, the subnets of the Pods' network interfaces, their default routes",
  docs: PAGES.masquerading,
  causes: ['nat-gateway'],
  needs: ['ciliumConfig', 'daemonSets', 'nodes', 'eniConfigs'],
  reasons: {
    PodSubnetWithoutNat:
      'Pods leave with their own addresses, which have no EIP, and their subnet has no default route to a NAT gateway.',
    PodExitNotKnown:
      "The default route of the Pods' subnet leads to a firewall, VPN or CCN, which may or may not lead out.",
    MasqueradeOff: 'Pods leave with addresses that the VPC does not know: nothing finds the way back to them.',
  },
  run(world, say) {
    const { kube, cloud } = world;
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    const target = configTarget(kube);
    if (cilium.ipv4Masquerade) return [say.pass('Pods leave with the address of their node (enable-ipv4-masquerade).')];
    const restart = restartCommand(kube);
    if (!podsAreInVpc(world)) {
      if (networkOfCluster(world).mode === 'unknown') {
        return [say.notApplicable('Cilium masquerades nothing, and how Pods get their addresses is not known.')];
      }
      return [
        say.fail('MasqueradeOff', {
          target,
          message: `enable-ipv4-masquerade is off, and Pods have addresses of their own (ipam ${cilium.ipam}) that neither the VPC nor a NAT gateway knows: they reach nothing outside the cluster.`,
          fix: `Switch it on in Cilium's Helm values: enableIPv4Masquerade=true and bpf.masquerade=true; then: ${restart}`,
          evidence: { 'enable-ipv4-masquerade': 'false', ipam: cilium.ipam },
        }),
      ];
    }
    const sources = podSources(world);
    if (sources.length === 0) {
      for (const asked of [cloud.cluster, cloud.subnets]) {
        if (asked.state !== 'answered') return [unanswered('pod-subnet-exit', asked)];
      }
      return [say.notApplicable("No subnet of Pods' network interfaces is known.")];
    }
    if (cloud.routeTables.state !== 'answered') return [unanswered('pod-subnet-exit', cloud.routeTables)];
    if (cloud.natGateways.state !== 'answered') return [unanswered('pod-subnet-exit', cloud.natGateways)];
    const exits = exitWorldOf(world);
    if (exits === undefined) return [];
    const requests = requestsOf([...cloud.routeTables.from, ...cloud.natGateways.from]);
    const findings = sources.flatMap((source) => {
      const exit = exitOf(source, exits);
      const evidence = { 'enable-ipv4-masquerade': 'false', subnet: source.subnetId, requests };
      if (exit.way === 'elsewhere') {
        const routes = exit.routes.map((route) => describeRoute(route, exit.table));
        return [
          say.warn('PodExitNotKnown', {
            target,
            message: `The default route of the Pods' subnet ${source.subnetId} leads elsewhere: ${listOf(routes)}. Whether that leads out, the cloud does not tell.`,
            fix: 'Try it from a Pod: kubectl run exit-test --rm -it --restart=Never --image=busybox -- wget -qO- -T 5 http://mirrors.aliyun.com/',
            evidence: { ...evidence, routes },
          }),
        ];
      }
      if (
        exit.way === 'nat' &&
        (exit.problem === undefined || exit.problem.kind === 'pending' || exit.problem.kind === 'state-unknown')
      ) {
        return [];
      }
      const gateway = exits.gateways.find(({ state }) => state === 'running')?.id ?? '<NAT gateway>';
      const route = exit.way === 'nat' ? `${describeRoute(exit.route, exit.table)}, which lets nothing out` : 'none';
      return [
        say.fail('PodSubnetWithoutNat', {
          target,
          message: `Pods leave with their own addresses of subnet ${source.subnetId} (enable-ipv4-masquerade is off), which have no EIP, and its default route is ${route}: they reach nothing public. A NAT route of the nodes' subnet does not help them.`,
          fix: `Route the Pods' subnet to a NAT gateway: ${addRouteCommand(world, exit.table?.id, gateway)}   Or let Pods leave with the node's address, in Cilium's Helm values: enableIPv4Masquerade=true, bpf.masquerade=true, ipMasqAgent.enabled=true, and every CIDR of the VPC in ipMasqAgent.config.nonMasqueradeCIDRs.`,
          evidence: { ...evidence, route, routeTable: exit.table?.id ?? null },
        }),
      ];
    });
    if (findings.length > 0) return findings;
    return [say.pass(`The Pods' subnets (${listOf(sources.map(({ subnetId }) => subnetId))}) leave by NAT.`)];
  },
});
