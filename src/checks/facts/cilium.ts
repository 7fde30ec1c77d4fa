import { readBoolean } from '../../cilium/settings.ts';
import { CONFIG_MAPS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import type { Target } from '../../plan/plan.types.ts';
import type { DoctorPod } from '../models/pod.ts';
import type { KubeWorld } from '../world.types.ts';

/** How Cilium is set up, with its defaults for what cilium-config leaves out (cilium.md §8). */
export interface CiliumSetup {
  /** Every key, as it stands there. */
  readonly data: Readonly<Record<string, string>>;
  /** `tunnel` or `native`. */
  readonly routing: string;
  readonly ipam: string;
  /** `true`, `false`, or a word of an older version. */
  readonly kubeProxyReplacement: string;
  readonly ipv4Masquerade: boolean;
  readonly bpfMasquerade: boolean;
  readonly gatewayApi: boolean;
  readonly ingress: boolean;
  readonly hostNetwork: boolean;
  readonly l7Proxy: boolean;
  readonly envoyConfig: boolean;
  /** Envoy runs in a DaemonSet of its own. */
  readonly externalEnvoy: boolean;
}

/** Undefined: there is no cilium-config. */
export function readCilium(kube: KubeWorld): CiliumSetup | undefined {
  const data = kube.ciliumConfig.items[0]?.data;
  if (data === undefined) return undefined;
  const is = (key: string, fallback: boolean): boolean => readBoolean(data[key]) ?? fallback;
  const text = (key: string, fallback: string): string => (data[key] ?? '').trim() || fallback;
  return {
    data,
    routing: text('routing-mode', data.tunnel?.trim() === 'disabled' ? 'native' : 'tunnel'),
    ipam: text('ipam', 'cluster-pool'),
    kubeProxyReplacement: text('kube-proxy-replacement', 'false'),
    ipv4Masquerade: is('enable-ipv4-masquerade', true),
    bpfMasquerade: is('enable-bpf-masquerade', false),
    gatewayApi: is('enable-gateway-api', false),
    ingress: is('enable-ingress-controller', false),
    hostNetwork: is('gateway-api-hostnetwork-enabled', false),
    l7Proxy: is('enable-l7-proxy', true),
    envoyConfig: is('enable-envoy-config', false),
    externalEnvoy: is('external-envoy-proxy', false),
  };
}

/** `cilium-config`, as the object that findings are about. */
export function configTarget(kube: KubeWorld): Target | undefined {
  const [configMap] = kube.ciliumConfig.items;
  return configMap && targetOf(CONFIG_MAPS, configMap.meta);
}

/** The command by which a change of cilium-config comes into force. */
export function restartCommand({ ciliumNamespace }: KubeWorld): string {
  return `kubectl -n ${ciliumNamespace} rollout restart deployment/cilium-operator daemonset/cilium`;
}

/** The agents' Pods. */
export function agentsOf({ pods, ciliumNamespace }: KubeWorld): DoctorPod[] {
  return pods.items.filter(
    ({ meta }) => meta.namespace === ciliumNamespace && meta.labels['k8s-app'] === 'cilium' && !meta.deleting,
  );
}

/** The agents' Pods that are being deleted, as each is when its DaemonSet is rolled out. */
export function leavingAgentsOf({ pods, ciliumNamespace }: KubeWorld): DoctorPod[] {
  return pods.items.filter(
    ({ meta }) => meta.namespace === ciliumNamespace && meta.labels['k8s-app'] === 'cilium' && meta.deleting,
  );
}

/** The operator's Pods that are not over. */
export function operatorsOf(kube: KubeWorld): DoctorPod[] {
  return operatorPodsOf(kube).filter(({ meta }) => !meta.deleting);
}

/** Those that are being deleted. */
export function leavingOperatorsOf(kube: KubeWorld): DoctorPod[] {
  return operatorPodsOf(kube).filter(({ meta }) => meta.deleting);
}

function operatorPodsOf({ pods, ciliumNamespace }: KubeWorld): DoctorPod[] {
  return pods.items.filter(
    ({ meta, phase }) =>
      meta.namespace === ciliumNamespace &&
      meta.labels['io.cilium/app'] === 'operator' &&
      phase !== 'Failed' &&
      phase !== 'Succeeded',
  );
}
