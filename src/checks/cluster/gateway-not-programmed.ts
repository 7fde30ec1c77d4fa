import { oldestVersion } from '../../cilium/agents.ts';
import { type CiliumVersion, compareVersions, formatVersion } from '../../cilium/version.ts';
import type { Finding, Target } from '../../plan/plan.types.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf, readCilium } from '../facts/cilium.ts';
import { gatewaysOf, NO_GATEWAYS } from '../facts/gateways.ts';
import type { KubeWorld } from '../world.types.ts';

type Reason =
  | 'GatewayAddressMissing'
  | 'GatewayAddressNotTaken'
  | 'HostNetworkAddressMissing'
  | 'HostNetworkNeverProgrammed';

/** Gateways on the nodes' network are given the nodes' addresses (#47456). */
const NODE_ADDRESSES_SINCE: CiliumVersion = { major: 1, minor: 19, patch: 6 };

export const gatewayNotProgrammed = defineCheck({
  id: 'gateway-not-programmed',
  section: 'cluster',
  link: 'Envoy',
  title: 'Each Gateway is Programmed, with an address',
  looksAt: 'conditions and addresses of the Gateways, status of the Services that Cilium made',
  docs: PAGES.gatewayApi,
  causes: [
    'delegated-plugin',
    'kpr-off',
    'l7-off',
    'envoy-config-off',
    'gateway-crds',
    'operator-pending',
    'gateway-service-unserved',
    'second-writer',
    'lb-domain-only',
  ],
  needs: ['services', 'gateways', 'gatewayClasses', 'pods'],
  reasons: {
    GatewayAddressMissing: 'Nobody has given the Service of the Gateway an address, which Cilium waits for.',
    GatewayAddressNotTaken: 'The Service has an address, and Cilium has not taken it over.',
    HostNetworkNeverProgrammed:
      "Envoy listens on the nodes' network, where Cilium before 1.19.6 gives a Gateway no address, and 1.18.3 to 1.19.5 never mark it.",
    HostNetworkAddressMissing:
      "Envoy listens on the nodes' network, and this release of Cilium should give the Gateway their addresses, and has not.",
  },
  run(world, say) {
    const gateways = gatewaysOf(world);
    if (gateways.length === 0) return [say.notApplicable(NO_GATEWAYS)];
    const { kube } = world;
    const findings = gateways.flatMap(({ subject, entrypoint }) => {
      const { gateway, service, target, key } = subject;
      const programmed = gateway?.conditions.find(({ type }) => type === 'Programmed');
      const addresses = gateway?.addresses.map(({ value }) => value) ?? [];
      if (programmed?.status === 'True' && addresses.length > 0) return [];
      const said = programmed === undefined ? 'no condition' : `${programmed.reason}: ${programmed.message}`;
      const given = (service?.ingress ?? []).map(({ ip, hostname }) => ip || hostname);
      const evidence = { condition: said, addresses, serviceStatus: given };
      if (subject.hostNetwork === true) {
        return [
          hostNetworkFinding({ key, target, said, isProgrammed: programmed?.status === 'True', evidence }, kube, say),
        ];
      }
      if (given.length > 0) {
        return [
          say.fail('GatewayAddressNotTaken', {
            target,
            message: `The Service of ${key} has ${given.join(', ')}, but the Gateway is not Programmed with it (${said}).`,
            fix: `See what the operator says: kubectl -n ${kube.ciliumNamespace} logs deployment/cilium-operator --tail=100`,
            evidence,
          }),
        ];
      }
      const shown = entrypoint?.ingress.map(({ ip, hostname }) => ip || hostname) ?? [];
      return [
        say.fail('GatewayAddressMissing', {
          target,
          message: `${key} is not Programmed (${said}): the Service that Cilium made for it has no address${shown.length === 0 ? '' : `, while its entrypoint has ${shown.join(', ')}`}.`,
          fix: 'Let cilium-cloud-bridge write the real address: run its controller, or once: cilium-cloud-bridge --once --adopt auto',
          evidence: { ...evidence, entrypoint: shown },
        }),
      ];
    });
    return findings.length > 0 ? findings : [say.pass(`Every Gateway is Programmed with an address.`)];
  },
});

/** What becomes of a Gateway on the nodes' network hangs on the release (cilium.md §0). */
function hostNetworkFinding(
  given: { key: string; target: Target; said: string; isProgrammed: boolean; evidence: Finding['evidence'] },
  kube: KubeWorld,
  say: Say<Reason>,
): Finding {
  const { key, target, said, isProgrammed } = given;
  const evidence = {
    ...given.evidence,
    'gateway-api-hostnetwork-enabled': String(readCilium(kube)?.hostNetwork === true),
  };
  const version = oldestVersion(agentsOf(kube), []);
  if (version !== undefined && compareVersions(version, NODE_ADDRESSES_SINCE) >= 0) {
    return say.fail('HostNetworkAddressMissing', {
      target,
      message: `${key} is served on the nodes' network, and Cilium ${formatVersion(version)} should have programmed it with the nodes' addresses (${said}).`,
      fix: `See what the operator says: kubectl -n ${kube.ciliumNamespace} logs deployment/cilium-operator --tail=100`,
      evidence,
    });
  }
  return say.warn('HostNetworkNeverProgrammed', {
    target,
    message: isProgrammed
      ? `${key} is served on the nodes' network, and this Cilium gives such a Gateway no address: external-dns and GitOps wait for ever.`
      : `${key} is served on the nodes' network, and this Cilium does not call such a Gateway Programmed: external-dns and GitOps wait for ever.`,
    fix: "Upgrade Cilium to 1.19.6 or 1.20, where it is Programmed with the nodes' addresses.",
    evidence,
  });
}
