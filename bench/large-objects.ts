import { asArray, asRecord, at } from '../src/kube/read.ts';
import type { KubeObject } from '../test/control-plane/objects.ts';
import { agentPod, cceNode } from '../test/taints/fixture.ts';

/*
 * Objects as large as real ones: a node of CCE is about 10 kB of JSON, most of it the images that it holds, the Pod of
 * Cilium's agent 20 kB. What is read and thrown away again costs memory, too.
 */

/** A node tells fifty images at most (`--node-status-max-images`). */
const IMAGES = 50;
const INIT_CONTAINERS = ['config', 'mount-cgroup', 'apply-sysctl-overwrites', 'mount-bpf-fs', 'clean-cilium-state'];
const VOLUMES = 16;
const ENVIRONMENT = 12;

/** What `kubectl get node -o yaml` shows of a node of CCE. */
export function largeNode(name: string): KubeObject {
  const node = cceNode(name, {
    taints: [],
    readySince: ago(3600),
    heartbeat: ago(30),
    labels: {
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/os': 'linux',
      'topology.kubernetes.io/region': 'cn-north-4',
      'topology.kubernetes.io/zone': 'cn-north-4a',
      'node.kubernetes.io/instance-type': 'c7n.2xlarge.2',
      'cce.cloud.com/cce-nodepool': 'pool-1',
    },
    annotations: {
      'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      'csi.volume.kubernetes.io/nodeid': JSON.stringify({
        'disk.csi.everest.io': `id-${name}`,
        'nas.csi.everest.io': `id-${name}`,
        'obs.csi.everest.io': `id-${name}`,
      }),
    },
  });
  const condition = { status: 'False', reason: 'KubeletHasNoPressure', message: 'kubelet has no such pressure' };
  const times = { lastHeartbeatTime: ago(30), lastTransitionTime: ago(3600) };
  const quantities = {
    cpu: '8',
    memory: '15965468Ki',
    pods: '128',
    'ephemeral-storage': '51286496Ki',
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
  };
  return {
    ...node,
    status: {
      ...asRecord(node.status),
      addresses: [
        { type: 'InternalIP', address: '192.168.1.10' },
        { type: 'Hostname', address: name },
      ],
      capacity: quantities,
      allocatable: quantities,
      conditions: [
        ...asArray(at(node, 'status', 'conditions')),
        ...['DiskPressure', 'PIDPressure', 'NetworkUnavailable', 'CorruptDockerOverlay2', 'FrequentKubeletRestart'].map(
          (type) => ({ type, ...condition, ...times }),
        ),
      ],
      nodeInfo: {
        bootID: `boot-1-${name}`,
        machineID: 'e1f4c4b4a5c94b1f8a9d6f8c1f0f6f3e',
        systemUUID: '2c1f5a1e-6f0e-4d0c-9a6f-1f8c4b7a5e3d',
        kernelVersion: '5.10.0-182.0.0.95.r1941_123.hce2.x86_64',
        osImage: 'Huawei Cloud EulerOS 2.0 (x86_64)',
        containerRuntimeVersion: 'containerd://1.6.14',
        kubeletVersion: 'v1.33.5-r0-33.0.4',
        kubeProxyVersion: '',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
      images: Array.from({ length: IMAGES }, (_, index) => ({
        names: [
          `swr.cn-north-4.myhuaweicloud.com/team-${index % 7}/service-${index}@sha256:${String(index).padStart(64, 'f')}`,
          `swr.cn-north-4.myhuaweicloud.com/team-${index % 7}/service-${index}:v1.${index}.0`,
        ],
        sizeBytes: 120_000_000 + index,
      })),
    },
  };
}

/** A Pod of Cilium's DaemonSet as its chart makes it, but for values that are not read. */
export function largeAgent(node: string, setUid: string): KubeObject {
  const pod = agentPod(node, { startedAt: ago(3700), readySince: ago(3650), ownerUid: setUid });
  const image = `quay.io/cilium/cilium:v1.19.1@sha256:${'41'.repeat(32)}`;
  const mounts = Array.from({ length: VOLUMES }, (_, index) => ({
    name: `volume-${index}`,
    mountPath: `/var/run/cilium/part-${index}`,
    mountPropagation: 'HostToContainer',
  }));
  const container = {
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-ec', 'cp /usr/bin/cilium-mount /hostbin/cilium-mount && nsenter --mount="$CGROUP" /hostbin/it'],
    env: Array.from({ length: ENVIRONMENT }, (_, index) => ({
      name: `CILIUM_SETTING_${index}`,
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } },
    })),
    securityContext: { capabilities: { add: ['SYS_ADMIN', 'SYS_CHROOT', 'SYS_PTRACE'], drop: ['ALL'] } },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: mounts,
  };
  const status = {
    image,
    imageID: image,
    ready: true,
    restartCount: 0,
    containerID: `containerd://${'ab'.repeat(32)}`,
  };
  const ended = { terminated: { exitCode: 0, reason: 'Completed', startedAt: ago(3720), finishedAt: ago(3710) } };
  return {
    ...pod,
    spec: {
      nodeName: node,
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      priority: 2_000_001_000,
      restartPolicy: 'Always',
      initContainers: INIT_CONTAINERS.map((name) => ({
        ...container,
        name,
        env: container.env.slice(0, 2),
        volumeMounts: mounts.slice(0, 3),
      })),
      containers: [{ ...container, name: 'cilium-agent' }],
      tolerations: [{ operator: 'Exists' }],
      volumes: mounts.map(({ name, mountPath }) => ({
        name,
        hostPath: { path: mountPath, type: 'DirectoryOrCreate' },
      })),
    },
    status: {
      ...asRecord(pod.status),
      hostIP: '192.168.1.10',
      podIP: '192.168.1.10',
      initContainerStatuses: INIT_CONTAINERS.map((name) => ({ ...status, name, state: ended })),
    },
  };
}

function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
