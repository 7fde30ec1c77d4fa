import type { GatewayConfig } from '../config/config.types.ts';
import type { ObjectRef } from '../kube/types.ts';
import type { Action, Finding } from '../plan/plan.types.ts';
import type { Claims } from './claims.ts';
import type { LoadBalancerRef } from './load-balancers.ts';
import type { IngressEntry, ServiceModel } from './models/service.ts';
import type { GatewayObservation } from './observation.ts';
import type { CopyPolicy } from './redirect.ts';
import type { Subject } from './subjects.ts';

/** How traffic reaches Envoy through one entrypoint. */
export type Exposure = 'redirect' | 'node-port' | 'pod-ip' | 'host-network';

export interface SubjectContext {
  readonly observation: GatewayObservation;
  readonly config: GatewayConfig;
  readonly claims: Claims;
  /** Subjects whose every port of the load balancer belongs to an older one. */
  readonly losers: ReadonlySet<string>;
  /** Every NodePort in use, and those that this plan gives out. */
  readonly takenNodePorts: Set<number>;
  /** Uids of managed entrypoints that this plan deletes: their subjects lose the address first. */
  readonly removing: ReadonlySet<string>;
  readonly copies: CopyPolicy;
}

/** One subject after planning: what is to be written, what was found, and how it stands. */
export interface SubjectState {
  readonly subject: Subject;
  readonly entrypoint: ServiceModel | undefined;
  readonly exposure: Exposure | undefined;
  /** What `status.addresses` should show; empty where nothing is published. */
  readonly addresses: readonly IngressEntry[];
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
  readonly ipModeQuestion: { readonly ref: ObjectRef; readonly ip: string } | undefined;
  /** Uid of the redirect copy in use; `undecided`: whatever stands there stays. */
  readonly copy: { readonly uid: string } | 'none' | 'undecided';
  /** The plan rests on CiliumEnvoyConfigs, which were not read. */
  readonly needsEnvoyConfigs: boolean;
  /** The load balancer whose address the plan takes from the cloud. */
  readonly loadBalancer: LoadBalancerRef | undefined;
}

export type ActionParts = Pick<Action, 'key' | 'related' | 'pausedBy'>;
