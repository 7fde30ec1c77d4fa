import type { ActionTable } from './cloud.types.ts';
import type { CloudName, CloudReader } from './provider.types.ts';

/** The cloud of this cluster, or why there is none to be asked. */
export type CloudAccess =
  | {
      readonly cloud: undefined;
      readonly why: string;
      /** Somebody wants it asked (credentials are given), but it cannot be: what it would say is unknown. */
      readonly wanted: boolean;
    }
  | {
      readonly cloud: CloudName;
      /** `Huawei Cloud`. */
      readonly title: string;
      /** Where they are known: for the checks that need them. */
      readonly vpcId: string | undefined;
      readonly clusterId: string | undefined;
      /** What to give, where no credentials are given at all; undefined: there are some. */
      readonly missingCredentials: () => string | undefined;
      /** One for all; the cloud's code is loaded by the first call. */
      readonly reader: () => Promise<CloudReader>;
      /** Everything that it may be asked, and what that takes. */
      readonly actions: () => Promise<ActionTable>;
    };
