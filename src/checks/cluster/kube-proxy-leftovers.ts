import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { answerOf, cloudOfCluster } from '../facts/network.ts';
import type { DoctorWorld } from '../world.types.ts';

export const kubeProxyLeftovers = defineCheck({
  id: 'kube-proxy-leftovers',
  section: 'cluster',
  link: 'Pod',
  title: "kube-proxy's iptables rules and Cilium's don't collide",
  looksAt:
    '`kube-proxy-replacement` and `enable-bpf-masquerade` of cilium-config, DaemonSet kube-proxy, kube-proxy mode of CCE',
  docs: PAGES.masquerading,
  causes: ['cilium-eni-mode'],
  needs: ['ciliumConfig', 'daemonSets', 'nodes'],
  reasons: {
    IptablesMasqueradeBesideKubeProxy:
      'Cilium masquerades by iptables where kube-proxy has rules, too: connections to Services time out.',
  },
  run(world, say) {
    const { kube } = world;
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    if (cilium.kubeProxyReplacement !== 'true') {
      return [say.notApplicable('kube-proxy does its work here: Cilium does not replace it.')];
    }
    if (!cilium.ipv4Masquerade) return [say.pass('Cilium masquerades nothing.')];
    if (cilium.bpfMasquerade) return [say.pass('Cilium masquerades in BPF, beside every rule of kube-proxy.')];
    const kubeProxy = findKubeProxy(world);
    if (kubeProxy === undefined) return [say.pass('No kube-proxy runs in this cluster.')];
    return [
      say.fail('IptablesMasqueradeBesideKubeProxy', {
        target: configTarget(kube),
        message: `Cilium replaces kube-proxy and masquerades by iptables, while ${kubeProxy} still writes its own rules: connections to Services, CoreDNS to the API server first, time out.`,
        fix: `Let Cilium masquerade in BPF, in its Helm values: bpf.masquerade=true; then: ${restartCommand(kube)}`,
        evidence: { 'kube-proxy-replacement': 'true', 'enable-bpf-masquerade': 'false', 'kube-proxy': kubeProxy },
      }),
    ];
  },
});

/** What of kube-proxy runs here, in words. */
function findKubeProxy({ kube, cloud }: DoctorWorld): string | undefined {
  const daemonSet = kube.daemonSets.items.find(({ meta, wanted }) => meta.name.includes('kube-proxy') && wanted > 0);
  if (daemonSet !== undefined) return `DaemonSet ${daemonSet.meta.namespace}/${daemonSet.meta.name}`;
  if (cloudOfCluster(kube) !== 'cce') return undefined;
  const mode = answerOf(cloud.cluster)?.kubeProxyMode ?? '';
  return `the kube-proxy that CCE runs on each node${mode === '' ? '' : ` (mode ${mode})`}`;
}
