import type { CiliumConfig } from './programs.ts';
import type { UserRequest } from './users.ts';

export interface ControlPlaneOptions {
  /** Release of the API server and the controller manager. Default: the main one of versions.ts. */
  readonly kubernetes?: string;
  /** Release of the operator and of Cilium's CRDs. */
  readonly cilium?: string;
  /** More flags of the API server, such as `--feature-gates=LoadBalancerIPMode=false`. They win over the usual ones. */
  readonly apiServerFlags?: readonly string[];
  /** Users beside the admin, known by static tokens; they may do nothing until RBAC objects say so. */
  readonly users?: readonly UserRequest[];
  /** Gateway API CRDs. Default true. */
  readonly gatewayCrds?: boolean;
  /** Cilium's CRDs. Default true; an operator makes those that are missing. */
  readonly ciliumCrds?: boolean;
  /** Garbage collection, deletion of namespaces, default ServiceAccounts. Default true. */
  readonly controllerManager?: boolean;
  /** The Cilium operator. Default true. */
  readonly operator?: boolean;
  /** Keys of cilium-config that differ from programs.ts; `undefined` takes one away. */
  readonly ciliumConfig?: CiliumConfig;
  /** What the API server binds. Default 127.0.0.1. */
  readonly address?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Runs every program in a network namespace: `['ip', 'netns', 'exec', '<name>']`. Its loopback must be up. */
  readonly namespacePrefix?: readonly string[];
  /** Leaves `dir` with the logs behind after `stop`. */
  readonly keepLogs?: boolean;
  /** Gets a line when something takes long: what is built. Default: stderr. */
  readonly say?: (line: string) => void;
}

/** The programs of a control plane, by the names of its logs. */
export const CONTROL_PLANE_PROGRAMS = ['etcd', 'apiserver', 'controller-manager', 'operator', 'relay'] as const;
export type ProgramName = (typeof CONTROL_PLANE_PROGRAMS)[number];
