import { compareVersions } from '../../cilium/version.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, GATEWAYS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf, configTarget, operatorsOf, readCilium, restartCommand } from '../facts/cilium.ts';
import { wantsEnvoy } from '../facts/wants-envoy.ts';
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
    const lacking = needed.filter(
      ({ name, version }) =>
        !kube.crds.items.some(({ meta, served }) => meta.name === name && served.includes(version)),
    );
    if (lacking.length > 0) {
      const told = lacking.map(({ name, version }) => {
        const served = kube.crds.items.find(({ meta }) => meta.name === name)?.served;
        return served === undefined ? name : `${name} ${version} (only ${served.join(', ') || 'no version'} is served)`;
      });
      return [
        say.fail('GatewayCrdMissing', {
          message: `${told.join(', ')} ${told.length === 1 ? 'is' : 'are'} not installed, so Cilium's operator has switched the Gateway API off.`,
          fix: `Install the CRDs of the Gateway API release that your Cilium asks for (1.17: v1.2, 1.18 and 1.19: v1.3 or v1.4, 1.20: v1.6.1), such as: kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.4.1/standard-install.yaml   and then: ${restart}`,
          evidence: { missing: told },
        }),
      ];
    }
    const names = new Set(needed.map(({ name }) => name));
    const started = operatorsOf(kube).flatMap(({ containers }) => {
      const instants = containers.map(({ startedAt }) => Date.parse(startedAt)).filter(Number.isFinite);
      return instants.length === 0 ? [] : [Math.max(...instants)];
    });
    const newer = (instant: number) =>
      kube.crds.items.find(({ meta }) => names.has(meta.name) && Date.parse(meta.creationTimestamp) > instant);
    const oldest = Math.min(...started);
    const late = started.length === 0 ? undefined : newer(oldest);
    if (late !== undefined) {
      const said = {
        target: targetOf(CUSTOM_RESOURCE_DEFINITIONS, late.meta),
        fix: `Restart it: kubectl -n ${kube.ciliumNamespace} rollout restart deployment/cilium-operator`,
        evidence: { installed: late.meta.creationTimestamp, operatorStarted: new Date(oldest).toISOString() },
      };
      const what = `${late.meta.name} was installed after Cilium's operator started, and the operator looks for it only then`;
      // One that started later has seen them: it hangs on which of the two leads.
      return [
        newer(Math.max(...started)) === undefined
          ? say.warn('GatewayCrdNewerThanOperator', {
              ...said,
              message: `${what}: where that Pod leads, and not the one that started later, it ignores ${wanted}.`,
            })
          : say.fail('GatewayCrdNewerThanOperator', { ...said, message: `${what}: it ignores ${wanted}.` }),
      ];
    }
    return [say.pass(`All ${needed.length} CRDs are there, and were before the operator started.`)];
  },
});

/** A CRD and the version of it that the operator asks for. */
interface NeededCrd {
  readonly name: string;
  readonly version: string;
}

/** What the operator looks for (`requiredGVKs` of its gateway-api): more since Cilium 1.20, and all of it in v1. */
function neededCrds(kube: KubeWorld): NeededCrd[] {
  const versions = agentsOf(kube).flatMap(({ version }) => version ?? []);
  const isNewer = versions.some((version) => compareVersions(version, { major: 1, minor: 20, patch: 0 }) >= 0);
  const older = ['gatewayclasses', 'gateways', 'httproutes', 'grpcroutes'];
  const needed = isNewer
    ? [...older, 'referencegrants', 'tlsroutes', 'backendtlspolicies'].map((plural) => ({ plural, version: 'v1' }))
    : [...older.map((plural) => ({ plural, version: 'v1' })), { plural: 'referencegrants', version: 'v1beta1' }];
  return needed.map(({ plural, version }) => ({ name: `${plural}.${GATEWAYS.group}`, version }));
}
