import { NODES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { unanswered } from '../asked.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf, readCilium } from '../facts/cilium.ts';
import { networkOfCluster, ordinaryNodes } from '../facts/network.ts';

export const ciliumEniMode = defineCheck({
  id: 'cilium-eni-mode',
  section: 'cluster',
  link: 'Pod',
  title: "The cluster's network is one that Cilium can serve",
  looksAt: 'network mode of the CCE or TKE cluster, node labels, DaemonSets of the cloud',
  docs: PAGES.networks,
  needs: ['nodes', 'daemonSets', 'ciliumConfig', 'pods'],
  reasons: {
    EniModeWithCilium: "Pods of this CCE cluster live on ENIs, which have no veth for Cilium's programs to hang on.",
    CloudsOwnCilium: "The Cilium in this cluster is the cloud's own: it is set up and upgraded by the cloud.",
  },
  run(world, say) {
    const { kube, cloud } = world;
    if (readCilium(kube) === undefined && agentsOf(kube).length === 0) {
      return [say.notApplicable('There is neither cilium-config nor an agent of Cilium.')];
    }
    const { mode, because, cloud: name } = networkOfCluster(world);
    const [node] = ordinaryNodes(kube);
    const evidence = { network: mode, because };
    switch (mode) {
      case 'cce-eni':
        return [
          say.fail('EniModeWithCilium', {
            target: node && targetOf(NODES, node.meta),
            message: `The cluster's network mode is eni (${because}): Pods use network interfaces of the VPC, and Cilium sees them with ifindex=0 and a MAC of zeros.`,
            fix: 'The mode cannot be changed: make a cluster with container_network_type overlay_l2 (tunnel network) and move the workloads there.',
            evidence,
          }),
        ];
      case 'cce-dataplane-v2':
      case 'tke-built-in':
        return [
          say.warn('CloudsOwnCilium', {
            message: `The Cilium that runs here belongs to the cloud (${because}): it takes no Helm values of yours, and the Gateway API is no documented part of it.`,
            fix: "For a Cilium of your own, make a cluster without the cloud's: CCE without DataPlane V2, TKE without CiliumOverlay and DataPlaneV2.",
            evidence,
          }),
        ];
      case 'unknown':
        if (name === 'unknown') return [say.notApplicable('The nodes are none of CCE or TKE.')];
        // Without the cloud's word, CCE's overlay_l2 and eni look alike.
        return cloud.cluster.state === 'answered'
          ? [say.pass(`The cloud says ${cloud.cluster.value.networkMode || 'nothing'} of the network.`, { evidence })]
          : [unanswered('cilium-eni-mode', cloud.cluster)];
      case 'cce-overlay':
      case 'cce-vpc-router':
      case 'tke-overlay':
      case 'tke-native':
        return [say.pass(`The network is ${mode} (${because}).`, { evidence })];
    }
  },
});
