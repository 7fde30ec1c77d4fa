import type { Clock } from '../lib/clock.ts';
import type { Environment } from '../lib/environment.ts';
import type { CloudAgents } from './agents.ts';
import type { CloudCaller, CredentialSource } from './caller.types.ts';
import type { CloudReader } from './provider.types.ts';

/** What the code asks of a cloud, and which permission it takes. The key is the action that a `CloudRequest` names. */
export type ActionTable = Readonly<Record<string, ActionUse>>;

export interface ActionUse {
  /** As the cloud's policies name them: `elb:loadbalancers:get`, `clb:DescribeLoadBalancers`. All of them are needed. */
  readonly permissions: readonly string[];
  /** What it is for, a few words: `addresses and state of a load balancer`. */
  readonly purpose: string;
}

/** Where the cloud's services are asked. */
export interface CloudEndpoints {
  /** Instead of the usual one: `internal.tencentcloudapi.com`, `myhuaweicloud.eu`. Empty: the usual one. */
  readonly suffix: string;
  /** Whole URLs by service (`elb`, `clb`, `iam`, `sts`, `metadata`, …); they win over the suffix. */
  readonly overrides: Readonly<Record<string, string>>;
}

export interface CredentialOptions {
  readonly env: Environment;
  /** Folder of a mounted Secret whose files are named as the variables; read again when they change. Empty: none. */
  readonly secretDirectory: string;
  /** The server's own role, by the metadata service, where nothing else is given. */
  readonly instanceRole: boolean;
  readonly region: string;
  readonly endpoints: CloudEndpoints;
  readonly agents: CloudAgents;
  readonly clock: Clock;
}

export interface ReaderOptions<C> {
  readonly region: string;
  /** Huawei Cloud only; empty elsewhere. */
  readonly projectId: string;
  /** The managed cluster, where it is known: TKE finds native nodes by it. Empty or absent: looked for. */
  readonly clusterId?: string;
  readonly endpoints: CloudEndpoints;
  readonly credentials: CredentialSource<C>;
  readonly caller: CloudCaller;
  readonly agents: CloudAgents;
  readonly clock: Clock;
}

/** What the folder of a cloud exports from its `index.ts`. */
export interface CloudFolder<C> {
  /** Never fails: what is missing is told by `current`. */
  createCredentials(options: CredentialOptions): CredentialSource<C>;
  createReader(options: ReaderOptions<C>): CloudReader;
  readonly ACTIONS: ActionTable;
}
