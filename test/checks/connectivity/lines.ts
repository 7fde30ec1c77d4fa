import type { ExternalTargets } from '../../../src/checks/connectivity/targets.ts';
import { type ConnectivityTest, connectivityTestOf } from '../../../src/checks/connectivity/test-line.ts';
import { ciliumConfig, cloud, type Edit, edited, patch, withObjects } from '../cluster-data.ts';
import { REFERENCES, type ReferenceName } from '../reference/all.ts';
import { object } from '../reference/parts.ts';
import { worldOf } from '../world-of.ts';

/** A cluster, and what its line must have that the line of its twin has not. */
export interface LineCase {
  readonly name: string;
  readonly reference: ReferenceName;
  readonly given?: readonly Edit[];
  readonly edits: readonly Edit[];
  /** Two public addresses that answer; null: there are none. Default: there are. */
  readonly targets?: null;
  readonly has: readonly string[];
  /** Of those, what the twin has in their place. */
  readonly twinHas?: readonly string[];
}

export const TARGETS: ExternalTargets = { ip: '47.96.1.1', otherIp: '47.96.9.9', cidr: '47.96.0.0/16' };

/** A region outside of the Chinese mainland: no flag is for the country. */
export const ABROAD: readonly Edit[] = [
  cloud(() => ({ region: 'ap-singapore' })),
  patch('ConfigMap kube-system/tke-config', { data: { TKE_REGION: 'ap-singapore' } }),
];

const NO_EXIT = cloud(({ routeTables }) => ({
  natGateways: [],
  routeTables: routeTables.map((table) => ({ ...table, routes: [] })),
}));

const NO_PINGS = cloud(({ securityGroups }) => ({
  securityGroups: securityGroups.map((group) => ({
    ...group,
    rules: group.rules.filter(({ protocol }) => protocol !== 'icmp'),
  })),
}));

function namespace(name: string): Edit {
  return withObjects(object('v1', 'Namespace', name, {}, { spec: {}, status: { phase: 'Active' } }));
}

const EXTERNAL = [
  `--external-ip ${TARGETS.ip} --external-other-ip ${TARGETS.otherIp} --external-cidr ${TARGETS.cidr}`,
  '--external-target npmmirror.com. --external-other-target mirrors.aliyun.com.',
  '--curl-insecure',
];

export const LINE_CASES: readonly LineCase[] = [
  {
    name: 'targets in the Chinese mainland (Tencent Cloud), with images from a mirror',
    reference: 'tke-overlay',
    given: ABROAD,
    edits: [
      cloud(() => ({ region: 'ap-guangzhou' })),
      patch('ConfigMap kube-system/tke-config', { data: { TKE_REGION: 'ap-guangzhou' } }),
    ],
    has: [
      ...EXTERNAL,
      '--curl-image quay.tencentcloudcr.com/cilium/alpine-curl:v1.10.0',
      '--json-mock-image quay.tencentcloudcr.com/cilium/json-mock:v1.3.9',
      '--dns-test-server-image docker.io/k8smirror/coredns:v1.14.2',
      '--echo-image docker.io/k8smirror/echo-advanced:v20251204-v1.4.1',
    ],
  },
  {
    name: 'targets in the Chinese mainland (Huawei Cloud)',
    reference: 'cce-overlay',
    given: [cloud(() => ({ region: 'ap-southeast-1' }))],
    edits: [cloud(() => ({ region: 'cn-north-4' }))],
    has: EXTERNAL,
  },
  {
    name: 'no two addresses that answer there: no tests by address',
    reference: 'cce-overlay',
    edits: [],
    targets: null,
    has: ["--test '!/pod-to-cidr'", "--test '!to-cidr-external'", "--test '!/from-cidr'"],
    twinHas: [EXTERNAL[0] ?? ''],
  },
  {
    name: 'nodes without a public exit',
    reference: 'cce-overlay',
    given: [cloud(() => ({ region: 'ap-southeast-1' }))],
    edits: [NO_EXIT],
    has: ["--test '!/pod-to-world'", "--test '!/pod-to-cidr'"],
  },
  {
    name: 'Pods of the native network without a public exit: targets in the mainland do not matter either',
    reference: 'tke-native',
    edits: [NO_EXIT],
    has: ["--test '!/pod-to-world'", "--test '!/pod-to-cidr'", "--test '!/pod-to-host$'"],
    twinHas: EXTERNAL,
  },
  {
    name: 'nodes that do not answer pings at their public addresses',
    reference: 'tke-overlay',
    given: ABROAD,
    edits: [NO_PINGS],
    has: ["--test '!/pod-to-host$'"],
  },
  {
    name: 'Cilium chained behind another plugin',
    reference: 'cce-overlay',
    edits: [ciliumConfig({ 'cni-chaining-mode': 'generic-veth' })],
    has: ["--test '!local-redirect-policy/lrp-skip-redirect-from-backend'"],
  },
  {
    name: 'namespaces left over from an earlier run',
    reference: 'cce-overlay',
    given: [namespace('cilium-test-mine')],
    edits: [namespace('cilium-test-1'), namespace('cilium-test-ccnp1')],
    has: [
      'kubectl -n cilium-test-1 delete deployments,daemonsets,pods --all && kubectl delete namespace cilium-test-1',
      'kubectl -n cilium-test-ccnp1 delete deployments,daemonsets,pods --all && kubectl delete namespace cilium-test-ccnp1',
    ],
  },
];

/** The lines of a case and of its healthy twin. */
export async function linesOf(
  one: LineCase,
): Promise<{ readonly line: ConnectivityTest; readonly twin: ConnectivityTest }> {
  const given = edited(REFERENCES[one.reference], one.given ?? []);
  const targets = one.targets === null ? undefined : TARGETS;
  return {
    line: connectivityTestOf(await worldOf(edited(given, one.edits)), targets),
    twin: connectivityTestOf(await worldOf(given), TARGETS),
  };
}
