import { compareVersions } from '../../cilium/version.ts';
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf, configTarget, operatorsOf, readCilium, restartCommand } from '../facts/cilium.ts';
import { wantsEnvoy } from '../facts/wants-envoy.ts';
import { GATEWAY_CRDS, NEWER_GATEWAY_CRDS } from '../gather-kube.ts';
import type { KubeWorld } from '../world.types.ts';

export const gatewayCrds = defineCheck({
  id: 'gateway-crds',
  section: 'cluster',
  link: 'Envoy',
  title: 'The Gateway API is installed, switched on, and older than the operator that serves it',
  looksAt: "`enable-gateway-api` of cilium-config, CRDs of the Gateway API, the start of Cilium's operator",
  docs: PAGES.gatewayApi,
  causes: ['delegated-plugin', 'kpr-off', 'operator-pending'],
  needs: ['ciliumConfig', 'crds', 'gateways', 'gatewayClasses', 'pods'],
  reasons: {
    GatewayApiOff: 'There are Gateways of a class of Cilium, and its Gateway API is switched off.',
    GatewayCrdMissing: "A CRD is missing that Cilium's operator looks for: it switches the Gateway API off.",
    GatewayCrdNewerThanOperator: 'The operator looks for the CRDs once, when it starts; these came later.',
  },
  run({ kube }, say) {
    const cilium = readCilium(kube);
    const wanted = wantsEnvoy(kube, cilium);
    if (cilium === undefined || wanted === undefined || (!cilium.gatewayApi && wanted === 'every Ingress')) {
      return [say.notApplicable('The Gateway API is not asked of Cilium.')];
    }
    const restart = restartCommand(kube);
    if (!cilium.gatewayApi) {
      return [
        say.fail('GatewayApiOff', {
          target: configTarget(kube),
          message: `enable-gateway-api is not set, so nobody serves ${wanted}.`,
          fix: `Switch it on, in Cilium's Helm values: gatewayAPI.enabled=true; then: ${restart}`,
          evidence: { 'enable-gateway-api': cilium.data['enable-gateway-api'] ?? 'absent' },
        }),
      ];
    }
    const needed = neededCrds(kube);
    const missing = needed.filter((name) => !kube.crds.items.some(({ meta }) => meta.name === name));
    if (missing.length > 0) {
      return [
        say.fail('GatewayCrdMissing', {
          message: `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not installed, so Cilium's operator has switched the Gateway API off.`,
          fix: `Install the CRDs of the Gateway API release that your Cilium asks for (1.18 and 1.19: v1.3 or v1.4, 1.20: v1.6.1), such as: kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.4.1/standard-install.yaml   and then: ${restart}`,
          evidence: { missing },
        }),
      ];
    }
    const started = operatorsOf(kube)
      .flatMap(({ containers }) => containers.map(({ startedAt }) => Date.parse(startedAt)))
      .filter(Number.isFinite);
    const oldest = Math.min(...started);
    const newer = kube.crds.items.find(
      ({ meta }) => needed.includes(meta.name) && Date.parse(meta.creationTimestamp) > oldest,
    );
    if (started.length > 0 && newer !== undefined) {
      return [
        say.fail('GatewayCrdNewerThanOperator', {
          target: targetOf(CUSTOM_RESOURCE_DEFINITIONS, newer.meta),
          message: `${newer.meta.name} was installed after Cilium's operator started, and the operator looks for it only then: it ignores ${wanted}.`,
          fix: `Restart it: kubectl -n ${kube.ciliumNamespace} rollout restart deployment/cilium-operator`,
          evidence: { installed: newer.meta.creationTimestamp, operatorStarted: new Date(oldest).toISOString() },
        }),
      ];
    }
    return [say.pass(`All ${needed.length} CRDs are there, and were before the operator started.`)];
  },
});

/** What the operator looks for: more since Cilium 1.20. */
function neededCrds(kube: KubeWorld): string[] {
  const versions = agentsOf(kube).flatMap(({ version }) => version ?? []);
  const isNewer = versions.some((version) => compareVersions(version, { major: 1, minor: 20, patch: 0 }) >= 0);
  return isNewer ? [...GATEWAY_CRDS, ...NEWER_GATEWAY_CRDS] : [...GATEWAY_CRDS];
}
