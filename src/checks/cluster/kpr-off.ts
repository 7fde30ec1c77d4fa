import { oldestVersion } from '../../cilium/agents.ts';
import { readBoolean } from '../../cilium/settings.ts';
import { compareVersions } from '../../cilium/version.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf, type CiliumSetup, configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { wantsEnvoy } from '../facts/wants-envoy.ts';
import type { KubeWorld } from '../world.types.ts';

export const kprOff = defineCheck({
  id: 'kpr-off',
  section: 'cluster',
  link: 'Envoy',
  title: 'Cilium replaces kube-proxy, as the Gateway API needs it to',
  looksAt: '`kube-proxy-replacement` of cilium-config (up to Cilium 1.18 also `enable-node-port`)',
  docs: PAGES.gatewayApi,
  causes: ['delegated-plugin'],
  needs: ['ciliumConfig', 'gateways', 'gatewayClasses', 'pods'],
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
    if (nodePortSuffices(kube, cilium)) {
      return [say.pass('enable-node-port is true, with which this Cilium serves the Gateway API, too.')];
    }
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

/** Up to 1.18 the operator asks for either of the two (`initGatewayAPIController`). */
function nodePortSuffices(kube: KubeWorld, { data }: CiliumSetup): boolean {
  const version = oldestVersion(agentsOf(kube), []);
  const asksForEither = version !== undefined && compareVersions(version, { major: 1, minor: 19, patch: 0 }) < 0;
  return asksForEither && readBoolean(data['enable-node-port']) === true;
}
