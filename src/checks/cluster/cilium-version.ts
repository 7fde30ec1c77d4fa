import { type CiliumVersion, compareVersions, formatVersion } from '../../cilium/version.ts';
import { PODS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf } from '../facts/cilium.ts';

/** From the first to before the last: the minor versions that this program knows (design §6). */
const OLDEST: CiliumVersion = { major: 1, minor: 17, patch: 0 };
const TOO_NEW: CiliumVersion = { major: 1, minor: 21, patch: 0 };

/** Releases with a fault that Gateways meet (cilium.md §0). */
const FAULTS: readonly { readonly from: string; readonly to: string; readonly what: string; readonly next: string }[] =
  [
    {
      from: '1.18.0',
      to: '1.18.0',
      what: 'its datapath does not honour ipMode, so that one address on two Services makes it drop one of them',
      next: '1.18.1',
    },
    {
      from: '1.19.0',
      to: '1.19.4',
      what: 'the EndpointSlice of a Gateway Service has no label kubernetes.io/service-name, so that cloud controllers find no endpoints',
      next: '1.19.5',
    },
  ];

export const ciliumVersion = defineCheck({
  id: 'cilium-version',
  section: 'cluster',
  link: 'Envoy',
  title: 'Cilium is of one version, and one that is known to work',
  looksAt: "image tags of the agents' Pods",
  docs: PAGES.upgrade,
  needs: ['pods'],
  reasons: {
    VersionNotKnown: 'The version of Cilium is outside 1.17 to 1.20, for which this program was made.',
    VersionHasFault: 'That release of Cilium has a fault that Gateways meet.',
    VersionsMixed: 'Agents of several versions run: an upgrade that has not come to its end.',
    VersionNotSaid: "The image's tag is no release of Cilium, so that its version cannot be told.",
  },
  run({ kube }, say) {
    const agents = agentsOf(kube);
    const [first] = agents;
    if (first === undefined) return [say.notApplicable('No agent of Cilium can be seen.')];
    const target = targetOf(PODS, first.meta);
    const known = new Map(
      agents.flatMap(({ version }) => (version === undefined ? [] : [[formatVersion(version), version]])),
    );
    const versions = [...known.values()].toSorted(compareVersions);
    const names = versions.map(formatVersion);
    const [oldest] = versions;
    if (oldest === undefined) {
      const image = first.containers.find(({ name }) => name === 'cilium-agent')?.image ?? '';
      return [
        say.unknown('VersionNotSaid', {
          target,
          message: `The agents run ${image}, whose tag is no release.`,
          fix: `See what it is: kubectl -n ${kube.ciliumNamespace} exec daemonset/cilium -- cilium-dbg version`,
          evidence: { image },
        }),
      ];
    }
    const evidence = { versions: names };
    const outside = versions.filter(
      (version) => compareVersions(version, OLDEST) < 0 || compareVersions(version, TOO_NEW) >= 0,
    );
    if (outside.length > 0) {
      return [
        say.warn('VersionNotKnown', {
          target,
          message: `The agents run Cilium ${outside.map(formatVersion).join(', ')}; this program was tried with 1.17 to 1.20. ${knownOf(outside)}`,
          fix: `Upgrade to the last release of 1.19 or 1.20: helm upgrade cilium cilium/cilium -n ${kube.ciliumNamespace} --reuse-values --version 1.19.6`,
          evidence,
        }),
      ];
    }
    const faults = FAULTS.filter(({ from, to }) => names.some((name) => isBetween(name, from, to)));
    if (faults.length > 0) {
      return faults.map(({ what, next }) =>
        say.warn('VersionHasFault', {
          target,
          message: `The agents run Cilium ${names.join(', ')}: ${what}.`,
          fix: `Upgrade to ${next} or later: helm upgrade cilium cilium/cilium -n ${kube.ciliumNamespace} --reuse-values --version ${next}`,
          evidence,
        }),
      );
    }
    if (versions.length > 1) {
      return [
        say.warn('VersionsMixed', {
          target,
          message: `The agents run Cilium ${names.join(' and ')}: an upgrade has not come to its end.`,
          fix: `See how far it is: kubectl -n ${kube.ciliumNamespace} rollout status daemonset/cilium`,
          evidence,
        }),
      ];
    }
    return [say.pass(`All agents run Cilium ${names.join('')}.`, { evidence })];
  },
});

/** What is known of releases outside (cilium.md §0). */
function knownOf(outside: readonly CiliumVersion[]): string {
  const isOld = outside.some((version) => compareVersions(version, OLDEST) < 0);
  return isOld
    ? 'Known of the older ones: they do not honour ipMode nor service.cilium.io/type, so that one address on two Services makes them drop one of them, and know no CiliumGatewayClassConfig.'
    : 'Nothing is known of the newer ones yet.';
}

function isBetween(name: string, from: string, to: string): boolean {
  const [version, first, last] = [name, from, to].map(parse);
  return (
    version !== undefined &&
    first !== undefined &&
    last !== undefined &&
    compareVersions(version, first) >= 0 &&
    compareVersions(version, last) <= 0
  );
}

function parse(text: string): CiliumVersion {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return { major, minor, patch };
}
