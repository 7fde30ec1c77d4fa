import { createHash } from 'node:crypto';
import type { RawObject } from '../../src/kube/types.ts';

/** A node of the demo. Its name is its address, as both clouds have it. */
export interface NodeWishes {
  readonly address: string;
  readonly taints?: readonly RawObject[];
  /** What the kubelet says while it is not Ready; default: it is Ready. */
  readonly notReady?: string;
  readonly cordoned?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Seconds for which it has been what it is; default an hour. */
  readonly age?: number;
}

export const ROUTE_UNREACHABLE = { key: 'node.kubernetes.io/route-unreachable', effect: 'NoSchedule' };
export const ENI_IP_UNAVAILABLE = {
  key: 'tke.cloud.tencent.com/eni-ip-unavailable',
  value: 'true',
  effect: 'NoSchedule',
};

/** So many seconds ago, as Kubernetes writes times. */
export function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The same each time for the same words; looks like a random UUID. */
function uuidOf(...words: readonly string[]): string {
  const hex = createHash('sha256').update(words.join(' ')).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** A node of a CCE cluster with the VPC network: podCIDR, bare UUID as providerID, CCE's labels (huawei.md §2.2). */
export function cceNode(wishes: NodeWishes): RawObject {
  const zone = 'cn-north-4a';
  return node(wishes, {
    labels: {
      'cce.cloud.com/cce-nodepool': 'workers',
      'node.kubernetes.io/container-engine': 'containerd',
      'node.kubernetes.io/subnetid': 'a4f4d1c2-5c0b-4f8c-9a34-2a1f0b8d7e66',
      'os.name': 'Huawei_Cloud_EulerOS_2.0_x86_64',
      'topology.kubernetes.io/region': 'cn-north-4',
      'topology.kubernetes.io/zone': zone,
    },
    spec: {
      providerID: uuidOf('cce', wishes.address),
      podCIDR: `172.16.${wishes.address.split('.').at(-1) ?? '0'}.0/24`,
    },
    nodeInfo: {
      kubeletVersion: 'v1.33.5-r0-33.0.5',
      osImage: 'Huawei Cloud EulerOS 2.0 (x86_64)',
      kernelVersion: '5.10.0-182.0.0.95.r2220_156.hce2.x86_64',
    },
  });
}

/** A node of a TKE cluster: `qcloud:` providerID, short region and numeric zone (tencent.md §3). */
export function tkeNode(wishes: NodeWishes): RawObject {
  const instance = `ins-${uuidOf('tke', wishes.address).slice(0, 8)}`;
  return node(wishes, {
    labels: {
      'cloud.tencent.com/node-instance-id': instance,
      'node.kubernetes.io/instance-type': 'SA5.LARGE8',
      'tke.cloud.tencent.com/nodepool-id': 'np-3kd7c2qh',
      'topology.kubernetes.io/region': 'gz',
      'topology.kubernetes.io/zone': '100006',
    },
    spec: { providerID: `qcloud:///100006/${instance}` },
    nodeInfo: {
      kubeletVersion: 'v1.34.1-tke.1',
      osImage: 'TencentOS Server 4.4',
      kernelVersion: '6.6.92-34.1.tl4.x86_64',
    },
  });
}

interface CloudParts {
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: RawObject;
  readonly nodeInfo: RawObject;
}

function node(wishes: NodeWishes, cloud: CloudParts): RawObject {
  const { address, taints = [], notReady, cordoned = false, annotations = {}, age = 3600 } = wishes;
  const times = { lastTransitionTime: ago(age), lastHeartbeatTime: ago(20) };
  const resources = { cpu: '4', memory: '7933Mi', pods: '110', 'ephemeral-storage': '50Gi' };
  const fine = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({ type, status: 'False', ...times }));
  const ready =
    notReady === undefined
      ? { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { status: 'False', reason: 'KubeletNotReady', message: notReady };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: address,
      labels: {
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': address,
        'kubernetes.io/os': 'linux',
        ...cloud.labels,
      },
      annotations,
    },
    spec: {
      ...cloud.spec,
      ...(taints.length === 0 ? {} : { taints }),
      ...(cordoned ? { unschedulable: true } : {}),
    },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address },
      ],
      capacity: resources,
      allocatable: resources,
      conditions: [...fine, { type: 'Ready', ...ready, ...times }],
      nodeInfo: {
        architecture: 'amd64',
        operatingSystem: 'linux',
        containerRuntimeVersion: 'containerd://1.7.28',
        bootID: uuidOf('boot', address),
        machineID: uuidOf('machine', address),
        systemUUID: uuidOf('machine', address),
        ...cloud.nodeInfo,
      },
    },
  };
}
