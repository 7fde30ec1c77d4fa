import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium } from '../facts/cilium.ts';
import { wantsEnvoy } from '../facts/wants-envoy.ts';

export const delegatedPlugin = defineCheck({
  id: 'delegated-plugin',
  section: 'cluster',
  link: 'Envoy',
  title: 'Gateways are asked for only where Cilium can serve them',
  looksAt: '`ipam` of cilium-config, Gateways of its classes',
  docs: PAGES.gatewayApi,
  causes: ['cni-chaining'],
  needs: ['ciliumConfig', 'gateways', 'gatewayClasses'],
  reasons: {
    GatewaysOnDelegatedPlugin:
      "Cilium's agents refuse Envoy where another plugin gives the addresses (TKE's native network).",
  },
  run({ kube }, say) {
    const cilium = readCilium(kube);
    if (cilium === undefined) return [say.notApplicable('There is no cilium-config.')];
    if (cilium.ipam !== 'delegated-plugin') return [say.pass(`ipam is ${cilium.ipam}, with which Cilium runs Envoy.`)];
    const wanted = wantsEnvoy(kube, cilium);
    if (wanted === undefined)
      return [say.pass('No Gateway is asked of Cilium, and with ipam delegated-plugin none could be.')];
    return [
      say.fail('GatewaysOnDelegatedPlugin', {
        target: configTarget(kube),
        message: `ipam is delegated-plugin, with which Cilium's agents accept no Envoy configuration: ${wanted} cannot be served in this cluster.`,
        fix: 'Install Cilium as an overlay (Helm: routingMode=tunnel, ipam.mode=multi-pool), which means new Pod addresses; or serve these Gateways with another controller and set gatewayAPI.enabled=false.',
        evidence: { ipam: cilium.ipam, wanted },
      }),
    ];
  },
});
