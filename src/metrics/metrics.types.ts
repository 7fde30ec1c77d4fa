import type { ReloadState } from '../config/live.ts';
import type { CheckScheduleOptions, LastChecks } from '../controller/check-schedule.ts';
import type { Loop } from '../controller/loop.ts';
import type { LoopObserver } from '../controller/loop-observer.ts';
import type { RequestObserver } from '../kube/requests.ts';
import type { CacheState } from '../kube/watch.types.ts';
import type { OpenCloudOptions } from '../providers/open.ts';

/** What is looked at when somebody asks for the metrics. */
export interface MetricSources {
  readonly isLeader: () => boolean;
  readonly loops: readonly { readonly name: string; readonly loop: Pick<Loop, 'status' | 'findings'> }[];
  /** By `gateways/services`, `taints/nodes`. */
  readonly watches: () => ReadonlyMap<string, CacheState>;
  readonly lastChecks: () => LastChecks | undefined;
  /** What became of the configuration file. */
  readonly reload: () => ReloadState;
  /** How many rights each part of the program lacks. */
  readonly missingRights: () => ReadonlyMap<string, number>;
}

/** Everything that the rest of the program knows of metrics. */
export interface Metrics {
  readonly onRequest: RequestObserver;
  readonly onCall: NonNullable<OpenCloudOptions['onCall']>;
  /** Of one loop: `gateways`, `taints`. */
  observerOf(loop: string): LoopObserver;
  readonly onChecks: NonNullable<CheckScheduleOptions['onEnded']>;
  /** Doctor's checks have the cloud's answers. */
  cloudRead(): void;
  /** From now on these are looked at. */
  look(sources: MetricSources): void;
  readonly contentType: string;
  /** All metrics, in the text format of Prometheus. */
  render(): Promise<string>;
}
