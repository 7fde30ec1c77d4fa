import { readBoolean } from '../../cilium/settings.ts';
import { DAEMON_SETS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium, restartCommand } from '../facts/cilium.ts';

/** With it Cilium still sets Pods up itself, and only leaves their hostPorts to the plugin portmap. */
const OWN_MODES: ReadonlySet<string> = new Set(['portmap']);

export const cniChaining = defineCheck({
  id: 'cni-chaining',
  section: 'cluster',
  link: 'Pod',
  title: 'Cilium is the only network plugin, except where it must be chained',
  looksAt: '`cni-chaining-mode`, `cni-exclusive` and `ipam` of cilium-config, DaemonSet multus',
  docs: PAGES.chaining,
  needs: ['ciliumConfig', 'daemonSets'],
  reasons: {
    ChainedWhereAlone: 'Cilium is chained behind another plugin, where it should give Pods their network itself.',
    NotChainedOnNative:
      "On TKE's native network Pods get their addresses from VPC-CNI, and Cilium must be chained behind it.",
    ExclusiveBesideMultus: "Cilium removes the configuration of other plugins, Multus' too.",
  },
  run({ kube }, say) {
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    const mode = (cilium.data['cni-chaining-mode'] ?? '').trim() || 'none';
    const exclusive = readBoolean(cilium.data['cni-exclusive']) ?? true;
    const isNative = cilium.ipam === 'delegated-plugin';
    const evidence = { 'cni-chaining-mode': mode, 'cni-exclusive': String(exclusive), ipam: cilium.ipam };
    const target = configTarget(kube);
    const restart = restartCommand(kube);
    if (isNative && mode !== 'generic-veth') {
      return [
        say.fail('NotChainedOnNative', {
          target,
          message: `ipam is delegated-plugin, so VPC-CNI gives Pods their addresses, but cni-chaining-mode is ${mode}: Cilium does not see these Pods.`,
          fix: `Chain it, in Cilium's Helm values: cni.chainingMode=generic-veth, cni.customConf=true, cni.configMap=cni-config and cni.externalRouting=true; then: ${restart}`,
          evidence,
        }),
      ];
    }
    if (!isNative && mode !== 'none' && !OWN_MODES.has(mode)) {
      return [
        say.fail('ChainedWhereAlone', {
          target,
          message: `cni-chaining-mode is ${mode}, while Cilium gives addresses itself (ipam ${cilium.ipam}): the other plugin and Cilium both set up each Pod.`,
          fix: `Let Cilium be alone, in its Helm values: cni.chainingMode=none; then: ${restart}`,
          evidence,
        }),
      ];
    }
    const multus = kube.daemonSets.items.find(
      ({ meta, images, wanted }) =>
        wanted > 0 && (meta.name.includes('multus') || images.some((image) => /\/multus[^/]*$/.test(image))),
    );
    if (multus !== undefined && exclusive) {
      return [
        say.fail('ExclusiveBesideMultus', {
          target: targetOf(DAEMON_SETS, multus.meta),
          message: `Multus runs here, and cni-exclusive is true: Cilium renames Multus' configuration on each node, and Pods get no further interfaces.`,
          fix: `Let it stand, in Cilium's Helm values: cni.exclusive=false; then: ${restart}`,
          evidence,
        }),
      ];
    }
    return [say.pass(isNative ? 'Cilium is chained behind VPC-CNI.' : 'Cilium stands alone.', { evidence })];
  },
});
