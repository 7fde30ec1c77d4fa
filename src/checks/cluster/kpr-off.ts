import { CONFIG_MAPS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { readCilium } from '../facts/cilium.ts';
import { wantsEnvoy } from '../facts/wants-envoy.ts';

export const kprOff = defineCheck({
  id: 'kpr-off',
  section: 'cluster',
  link: 'Envoy',
  title: 'Cilium replaces kube-proxy, as the Gateway API needs it to',
  looksAt: '`kube-proxy-replacement` of cilium-config',
  docs: PAGES.gatewayApi,
  needs: ['ciliumConfig'],
  reasons: {
    KubeProxyReplacementOff: "Without it Cilium's operator switches the Gateway API off, with nothing but a log line.",
  },
  run({ kube }, say) {
    const cilium = readCilium(kube);
    const wanted = wantsEnvoy(kube, cilium);
    if (cilium === undefined || wanted === undefined) {
      return [say.notApplicable('Neither Gateway API nor Ingress is asked of Cilium.')];
    }
    const { kubeProxyReplacement: value } = cilium;
    if (value === 'true') return [say.pass('kube-proxy-replacement is true.')];
    const [configMap] = kube.ciliumConfig.items;
    return [
      say.fail('KubeProxyReplacementOff', {
        target: configMap && targetOf(CONFIG_MAPS, configMap.meta),
        message: `kube-proxy-replacement is ${value}, so Cilium's operator ignores ${wanted}, without saying so on any object.`,
        fix: "Set it in Cilium's Helm values: kubeProxyReplacement=true; then restart the operator and the agents.",
        evidence: { 'kube-proxy-replacement': value },
      }),
    ];
  },
});
