import type { CloudReader } from './provider.types.ts';

/** The cloud of this cluster, or why there is none to be asked. */
export type CloudAccess =
  | { readonly reader: undefined; readonly why: string }
  | {
      readonly reader: CloudReader;
      /** `Huawei Cloud`. */
      readonly title: string;
      /** Where they are known: for the checks that need them. */
      readonly vpcId: string | undefined;
      readonly clusterId: string | undefined;
      /** What to give, where no credentials are given at all; undefined: there are some. */
      readonly missingCredentials: () => string | undefined;
    };
