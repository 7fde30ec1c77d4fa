import { readCilium } from '../facts/cilium.ts';
import { cloudOfCluster } from '../facts/network.ts';
import { runChecks } from '../run.ts';
import { nodePublicExit } from '../way-out/node-public-exit.ts';
import { podSubnetExit } from '../way-out/pod-subnet-exit.ts';
import { podToNodeEip } from '../way-out/pod-to-node-eip.ts';
import type { DoctorWorld } from '../world.types.ts';
import { isInMainland } from './region.ts';
import { type ExternalTargets, MAINLAND_HOST, OTHER_MAINLAND_HOST } from './targets.ts';

/** `cilium connectivity test` as this cluster needs it. */
export interface ConnectivityTest {
  /** One line to paste into a shell. */
  readonly command: string;
  /** What is in it besides the bare command, in its order. */
  readonly parts: readonly TestPart[];
}

/** Words of the line that belong together. */
export interface TestPart {
  /** `--test '!/pod-to-world'`, as it stands in the line. */
  readonly text: string;
  /** One sentence. */
  readonly reason: string;
}

/** Namespaces that cilium-cli makes: `cilium-test` and a number, `cilium-test-ccnp1`. */
const LEFTOVER = /^cilium-test(?:-(?:ccnp)?\d+)?$/;

/** Tencent Cloud's mirror of quay.io, and where others mirror registry.k8s.io and gcr.io (tencent.md §1.2). */
const TENCENT_IMAGES = [
  ['--curl-image', 'quay.tencentcloudcr.com/cilium/alpine-curl:v1.10.0'],
  ['--json-mock-image', 'quay.tencentcloudcr.com/cilium/json-mock:v1.3.9'],
  ['--dns-test-server-image', 'docker.io/k8smirror/coredns:v1.14.2'],
  ['--echo-image', 'docker.io/k8smirror/echo-advanced:v20251204-v1.4.1'],
] as const;

/** Whether public hosts that answer must be looked for: the cluster is where Cilium's own don't, and has a way out. */
export function wantsTargets(world: DoctorWorld): boolean {
  return isInMainland(world) && hasPublicExit(world);
}

/**
 * The line, by what is known of the cluster.
 * @param targets what was found at run time where `wantsTargets`; undefined: no two addresses that answer
 */
export function connectivityTestOf(world: DoctorWorld, targets: ExternalTargets | undefined): ConnectivityTest {
  const leftovers = leftoverParts(world);
  const flags = [
    ...externalParts(world, targets),
    ...exitParts(world),
    ...nodeParts(world),
    ...chainingParts(world),
    ...imageParts(world),
  ];
  const test = ['cilium connectivity test', ...namespaceFlag(world), ...flags.map(({ text }) => text)].join(' ');
  return { command: [...leftovers.map(({ text }) => text), test].join(' && '), parts: [...leftovers, ...flags] };
}

/** Cilium in another namespace is not found by itself. */
function namespaceFlag({ kube }: DoctorWorld): string[] {
  return kube.ciliumNamespace === 'kube-system' ? [] : [`--namespace ${kube.ciliumNamespace}`];
}

function leftoverParts({ kube }: DoctorWorld): TestPart[] {
  const names = kube.namespaces.items.map(({ meta }) => meta.name).filter((name) => LEFTOVER.test(name));
  return names.toSorted().map((name) => ({
    text: `kubectl -n ${name} delete deployments,daemonsets,pods --all && kubectl delete namespace ${name}`,
    reason: `Namespace ${name} is left over from an earlier run. Its Pods go first: TKE refuses to delete a namespace that holds some.`,
  }));
}

function externalParts(world: DoctorWorld, targets: ExternalTargets | undefined): TestPart[] {
  if (!wantsTargets(world)) return [];
  const hosts = {
    text: `--external-target ${MAINLAND_HOST}. --external-other-target ${OTHER_MAINLAND_HOST}.`,
    reason: 'In the Chinese mainland one.one.one.one and k8s.io do not answer.',
  };
  const insecure = { text: '--curl-insecure', reason: 'No certificate there is for a bare IP address.' };
  if (targets !== undefined) {
    const { ip, otherIp, cidr } = targets;
    return [
      {
        text: `--external-ip ${ip} --external-other-ip ${otherIp} --external-cidr ${cidr}`,
        reason: `1.1.1.1 and 1.0.0.1 do not answer there; these two did just now, and they move: run doctor again for each test.`,
      },
      hosts,
      insecure,
    ];
  }
  const reason =
    'No two public addresses answered HTTPS without a name just now: tests by address would fail for that.';
  return [
    hosts,
    insecure,
    // Filters match <test>/<scenario>: the name of a test stands before the slash.
    ...['!/pod-to-cidr', '!to-cidr-external', '!/from-cidr'].map((filter) => skip(filter, reason)),
  ];
}

function exitParts(world: DoctorWorld): TestPart[] {
  if (hasPublicExit(world)) return [];
  const reason = 'Pods have no public exit (node-public-exit, pod-subnet-exit).';
  return [skip('!/pod-to-world', reason), skip('!/pod-to-cidr', reason)];
}

function nodeParts(world: DoctorWorld): TestPart[] {
  if (!fails(world, podToNodeEip)) return [];
  const reason =
    'Pings from Pods to the public addresses of nodes get no answer (pod-to-node-eip); $ keeps pod-to-hostport.';
  return [skip('!/pod-to-host$', reason)];
}

function chainingParts({ kube }: DoctorWorld): TestPart[] {
  const mode = (readCilium(kube)?.data['cni-chaining-mode'] ?? '').trim();
  if (mode === '' || mode === 'none') return [];
  const reason = `Chained behind another plugin (${mode}), Cilium cannot tell that the backend itself is the sender.`;
  return [skip('!local-redirect-policy/lrp-skip-redirect-from-backend', reason)];
}

function imageParts(world: DoctorWorld): TestPart[] {
  if (cloudOfCluster(world.kube) !== 'tke' || !isInMainland(world)) return [];
  return TENCENT_IMAGES.map(([flag, image]) => ({
    text: `${flag} ${image}`,
    reason:
      flag === '--echo-image'
        ? 'The Chinese mainland does not reach gcr.io; leave it out where an older cilium-cli does not know the flag.'
        : 'Nodes pull mirrored images without the public internet.',
  }));
}

function skip(filter: string, reason: string): TestPart {
  return { text: `--test '${filter}'`, reason };
}

function hasPublicExit(world: DoctorWorld): boolean {
  return !fails(world, nodePublicExit) && !fails(world, podSubnetExit);
}

function fails(world: DoctorWorld, check: typeof nodePublicExit): boolean {
  return runChecks([check], world).brokenLink !== undefined;
}
