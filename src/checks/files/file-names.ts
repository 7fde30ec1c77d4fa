import type { Resource } from '../../kube/resources.ts';
import * as kinds from '../../kube/resources.ts';

/** Every kind that checks look at. */
const RESOURCES: readonly Resource[] = Object.values(kinds);
const FORMATS = { yaml: 'yaml', yml: 'yaml', json: 'json' } as const;
/** What `cilium sysdump` ends its names with, in the time of the machine that it ran on. */
const SYSDUMP_STAMP = /-\d{8}-\d{6}$/;
const SYSDUMP_PREFIX = /^(?:k8s-|gatewayapi-)/;
const SYSDUMP_OWN_NAMES: Readonly<Record<string, string>> = { ciliumingresses: 'ingresses' };
/** Files of a sysdump with some objects of a kind, never all. */
const SYSDUMP_PARTS = [
  'cilium-configmap',
  'cilium-daemonset',
  'cilium-envoy-daemonset',
  'cilium-node-init-daemonset',
  'cilium-operator-deployment',
];

/** What a file's name tells. */
export interface FileRole {
  readonly format: 'yaml' | 'json';
  /** The kind that the file lists, by its name; undefined: only its content tells. */
  readonly lists: Resource | undefined;
  /** Whether a list in it may be all objects of its kind. */
  readonly mayBeAll: boolean;
}

/**
 * What a file is for; undefined: it is not read. Hidden files are none of ours: macOS puts a `._nodes.yaml` beside each. The names of a sysdump are known, and most of it is logs, metrics (in
 * `k8s-metrics-….yaml`, too) and archives. Any other YAML or JSON file may be what kubectl printed.
 */
export function roleOf(path: string): FileRole | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  const extension = name.slice(dot + 1).toLowerCase();
  if (name.startsWith('.') || !isFormat(extension)) return undefined;
  const format = FORMATS[extension];
  const stem = name.slice(0, dot);
  if (!SYSDUMP_STAMP.test(stem)) return { format, lists: resourceNamed(stem), mayBeAll: true };
  const subject = stem.replace(SYSDUMP_STAMP, '');
  if (SYSDUMP_PARTS.includes(subject)) return { format, lists: undefined, mayBeAll: false };
  const plural = SYSDUMP_OWN_NAMES[subject] ?? subject.replace(SYSDUMP_PREFIX, '');
  const lists = RESOURCES.find((resource) => resource.plural === plural);
  return lists === undefined ? undefined : { format, lists, mayBeAll: true };
}

/** `services`, `gateways.gateway.networking.k8s.io`. */
function resourceNamed(stem: string): Resource | undefined {
  const wanted = stem.toLowerCase();
  return RESOURCES.find(({ plural, group }) => wanted === plural || wanted === `${plural}.${group}`);
}

function isFormat(extension: string): extension is keyof typeof FORMATS {
  return Object.hasOwn(FORMATS, extension);
}

/** The kind of an object that checks look at, whatever its version. */
export function resourceOf(apiVersion: string, kind: string): Resource | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return RESOURCES.find((resource) => resource.kind === kind && resource.group === group);
}
