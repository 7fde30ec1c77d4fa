import type { FieldError } from './api-error.ts';
import type { KubeObject } from './json.ts';
import type { Store } from './store.ts';

/** Switches of the server that a test may set at the start or later. */
export interface Settings {
  /** As a server whose feature gate LoadBalancerIPMode is off: `ipMode` is dropped without a word. */
  dropsIpMode: boolean;
  /** First and last NodePort, both included. */
  nodePortRange: readonly [number, number];
  /** `gitVersion` of `/version`. */
  gitVersion: string;
}

/** What a strategy may look at besides the object. */
export interface Environment {
  readonly store: Store;
  readonly settings: Settings;
  /** RFC 3339 with whole seconds. */
  timestamp(): string;
}

/** What is special about a kind, in the order in which the API server does it. All of it may change `object`. */
export interface Strategy {
  /** Defaults and normal form, before field ownership is computed. */
  decode?(object: KubeObject, env: Environment): void;
  prepareCreate?(object: KubeObject, env: Environment): void;
  prepareUpdate?(object: KubeObject, live: KubeObject, env: Environment): void;
  prepareStatus?(object: KubeObject, live: KubeObject, env: Environment): void;
  validate?(object: KubeObject, live: KubeObject | undefined, env: Environment): FieldError[];
  validateStatus?(object: KubeObject, live: KubeObject, env: Environment): FieldError[];
}
