import { asArray, asRecord, asString, readMeta } from '../kube/read.ts';
import type { Meta, RawObject } from '../kube/types.ts';
import { type CiliumVersion, compareVersions, versionOfImage } from './version.ts';

/** Label selector of the Pods that matter: the agents and, where it runs apart, Envoy. */
export const CILIUM_POD_SELECTOR = 'k8s-app in (cilium, cilium-envoy)';

/** The namespace that Cilium's chart and both clouds' guides install it into. */
const DEFAULT_CILIUM_NAMESPACE = 'kube-system';

/** Labels that Cilium's chart puts on its Pods: what a selector is tried on where no Pod can be seen. */
const KNOWN_POD_LABELS: readonly Readonly<Record<string, string>>[] = [
  { 'k8s-app': 'cilium', 'app.kubernetes.io/name': 'cilium-agent', 'app.kubernetes.io/part-of': 'cilium' },
  { 'k8s-app': 'cilium-envoy', 'app.kubernetes.io/name': 'cilium-envoy', 'app.kubernetes.io/part-of': 'cilium' },
];

/** A Pod of Cilium's, agent or Envoy. */
export interface CiliumPod {
  readonly meta: Meta;
  readonly node: string;
  readonly ready: boolean;
  /** Of the container `cilium-agent`; undefined for Envoy, or when the image's tag is no release. */
  readonly version: CiliumVersion | undefined;
}

export function trimCiliumPod(raw: RawObject): CiliumPod {
  const spec = asRecord(raw.spec);
  const status = asRecord(raw.status);
  const agent = asArray(spec.containers)
    .map(asRecord)
    .find((container) => asString(container.name) === 'cilium-agent');
  return {
    meta: readMeta(raw),
    node: asString(spec.nodeName),
    ready: asArray(status.conditions)
      .map(asRecord)
      .some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    version: agent === undefined ? undefined : versionOfImage(asString(agent.image)),
  };
}

export function isAgent(pod: CiliumPod): boolean {
  return pod.meta.labels['k8s-app'] === 'cilium';
}

/** A DaemonSet of Cilium's: says the version where its Pods cannot be seen. */
export interface CiliumDaemonSet {
  readonly meta: Meta;
  readonly version: CiliumVersion | undefined;
}

export function trimCiliumDaemonSet(raw: RawObject): CiliumDaemonSet {
  const template = asRecord(asRecord(raw.spec).template);
  const containers = asArray(asRecord(template.spec).containers).map(asRecord);
  const agent = containers.find((container) => asString(container.name) === 'cilium-agent');
  return {
    meta: readMeta(raw),
    version: agent === undefined ? undefined : versionOfImage(asString(agent.image)),
  };
}

/**
 * The oldest version that runs: during an upgrade the weakest agent decides what may be written.
 * Undefined when no version is known.
 */
export function oldestVersion(
  pods: readonly CiliumPod[],
  daemonSets: readonly CiliumDaemonSet[],
): CiliumVersion | undefined {
  const running = pods.filter(isAgent).flatMap((pod) => (pod.version === undefined ? [] : [pod.version]));
  const versions =
    running.length > 0 ? running : daemonSets.flatMap((set) => (set.version === undefined ? [] : [set.version]));
  return [...versions].sort(compareVersions)[0];
}

/** Cilium's namespace: where its agents run, else where its DaemonSet is, else the default. The first by name wins. */
export function findNamespace(pods: readonly CiliumPod[], daemonSets: readonly CiliumDaemonSet[]): string {
  const agents = pods.filter(isAgent).map((pod) => pod.meta.namespace);
  const candidates = agents.length > 0 ? agents : daemonSets.map((set) => set.meta.namespace);
  if (candidates.length === 0 || candidates.includes(DEFAULT_CILIUM_NAMESPACE)) return DEFAULT_CILIUM_NAMESPACE;
  return [...candidates].sort()[0] ?? DEFAULT_CILIUM_NAMESPACE;
}

/** Whether a Service with this selector, in Cilium's namespace, reaches the agents or Envoy on their nodes. */
export function selectsCilium(selector: Readonly<Record<string, string>>, pods: readonly CiliumPod[]): boolean {
  const wanted = Object.entries(selector);
  if (wanted.length === 0) return false;
  const labels = pods.length > 0 ? pods.map((pod) => pod.meta.labels) : KNOWN_POD_LABELS;
  return labels.some((set) => wanted.every(([key, value]) => set[key] === value));
}
