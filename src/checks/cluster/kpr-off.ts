import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { wantsEnvoy } from '../facts/wants-envoy.ts';

export const kprOff = defineCheck({
  id: 'kpr-off',
  section: 'cluster',
  link: 'Envoy',
  title: 'Cilium replaces kube-proxy, as the Gateway API needs it to',
  looksAt: '`kube-proxy-replacement` of cilium-config',
  docs: PAGES.gatewayApi,
  causes: ['delegated-plugin'],
  needs: ['ciliumConfig', 'gateways', 'gatewayClasses'],
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
    return [
      say.fail('KubeProxyReplacementOff', {
        target: configTarget(kube),
        message: `kube-proxy-replacement is ${value}, so Cilium's operator ignores ${wanted}, without saying so on any object.`,
        fix: `Set it in Cilium's Helm values: kubeProxyReplacement=true, with k8sServiceHost and k8sServicePort of the API server; then: ${restartCommand(kube)}`,
        evidence: { 'kube-proxy-replacement': value },
      }),
    ];
  },
});
