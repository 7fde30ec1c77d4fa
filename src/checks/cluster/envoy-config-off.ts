import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { wantsEnvoy } from '../facts/wants-envoy.ts';

export const envoyConfigOff = defineCheck({
  id: 'envoy-config-off',
  section: 'cluster',
  link: 'Envoy',
  title: 'The agents take CiliumEnvoyConfigs',
  looksAt: '`enable-envoy-config` of cilium-config',
  docs: PAGES.gatewayApi,
  causes: ['delegated-plugin'],
  needs: ['ciliumConfig', 'gateways', 'gatewayClasses'],
  reasons: {
    EnvoyConfigOff: "Cilium's operator writes CiliumEnvoyConfigs for Gateways, and the agents don't look at them.",
  },
  run({ kube }, say) {
    const cilium = readCilium(kube);
    const wanted = wantsEnvoy(kube, cilium);
    if (cilium === undefined || wanted === undefined) {
      return [say.notApplicable('Neither Gateway API nor Ingress is asked of Cilium.')];
    }
    if (cilium.envoyConfig) return [say.pass('enable-envoy-config is true.')];
    return [
      say.fail('EnvoyConfigOff', {
        target: configTarget(kube),
        message: `enable-envoy-config is not true: the agents send nothing to Envoy, so requests to ${wanted} get no answer.`,
        fix: `Helm sets it with gatewayAPI.enabled=true or ingressController.enabled=true, or by itself: envoyConfig.enabled=true; then: ${restartCommand(kube)}`,
        evidence: { 'enable-envoy-config': cilium.data['enable-envoy-config'] ?? 'absent' },
      }),
    ];
  },
});
