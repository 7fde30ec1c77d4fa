import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { wantsEnvoy } from '../facts/wants-envoy.ts';

export const l7Off = defineCheck({
  id: 'l7-off',
  section: 'cluster',
  link: 'Envoy',
  title: "Cilium's layer-7 proxy is on",
  looksAt: '`enable-l7-proxy` of cilium-config',
  docs: PAGES.gatewayApi,
  causes: ['delegated-plugin'],
  needs: ['ciliumConfig', 'gateways', 'gatewayClasses'],
  reasons: {
    LayerSevenProxyOff: 'Envoy does not run without it.',
  },
  run({ kube }, say) {
    const cilium = readCilium(kube);
    const wanted = wantsEnvoy(kube, cilium);
    if (cilium === undefined || wanted === undefined) {
      return [say.notApplicable('Neither Gateway API nor Ingress is asked of Cilium.')];
    }
    if (cilium.l7Proxy) return [say.pass('enable-l7-proxy is true.')];
    return [
      say.fail('LayerSevenProxyOff', {
        target: configTarget(kube),
        message: `enable-l7-proxy is false: there is no Envoy, so nothing answers for ${wanted}.`,
        fix: `Switch it on, in Cilium's Helm values: l7Proxy=true; then: ${restartCommand(kube)}`,
        evidence: { 'enable-l7-proxy': 'false' },
      }),
    ];
  },
});
