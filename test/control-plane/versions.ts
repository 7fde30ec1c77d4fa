/** Which release of each part a control plane is made of. Without a leading `v`. */
export interface Versions {
  readonly kubernetes: string;
  readonly etcd: string;
  readonly cilium: string;
  readonly gatewayApi: string;
  readonly helm: string;
  readonly prometheusOperator: string;
}

/** What every test runs on that doesn't ask for something else. */
export const MAIN_VERSIONS: Versions = {
  kubernetes: '1.33.13',
  etcd: '3.6.12',
  cilium: '1.19.5',
  gatewayApi: '1.4.1',
  helm: '4.3.1',
  prometheusOperator: '0.93.0',
};

/** The release that the CCE guide installs. */
export const GUIDE_CILIUM = '1.19.1';

/** The last release whose API server can be told to drop `ipMode` (`--feature-gates=LoadBalancerIPMode=false`). */
export const OLD_KUBERNETES = '1.30.14';

/** The newest release that is supported. */
export const NEW_KUBERNETES = '1.36.3';
