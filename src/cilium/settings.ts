/** What the program reads of the ConfigMap `cilium-config`. Undefined: the key is absent or no boolean. */
export interface CiliumSettings {
  readonly gatewayApi: boolean | undefined;
  readonly ingressController: boolean | undefined;
  readonly gatewayHostNetwork: boolean | undefined;
  readonly ingressHostNetwork: boolean | undefined;
  readonly lbIpam: boolean | undefined;
  /** `lbipam` (Cilium's default), `nodeipam`, `none`. */
  readonly defaultLbServiceIpam: string | undefined;
  readonly sharedIngressService: string | undefined;
  /** Who gives Pods their addresses: `cluster-pool` (Cilium's default), `multi-pool`, `delegated-plugin`, others. */
  readonly ipam: string | undefined;
}

/** Parses the data of `cilium-config` (all values are strings; cilium.md §8). */
export function readSettings(data: Readonly<Record<string, string>>): CiliumSettings {
  return {
    gatewayApi: readBoolean(data['enable-gateway-api']),
    ingressController: readBoolean(data['enable-ingress-controller']),
    gatewayHostNetwork: readBoolean(data['gateway-api-hostnetwork-enabled']),
    ingressHostNetwork: readBoolean(data['ingress-hostnetwork-enabled']),
    lbIpam: readBoolean(data['enable-lb-ipam']),
    defaultLbServiceIpam: data['default-lb-service-ipam'],
    sharedIngressService: data['ingress-shared-lb-service-name'],
    ipam: data.ipam,
  };
}

/** As Go's strconv.ParseBool, by which Cilium reads them. */
export function readBoolean(text: string | undefined): boolean | undefined {
  switch (text?.trim() ?? '') {
    case '1':
    case 't':
    case 'T':
    case 'true':
    case 'TRUE':
    case 'True':
      return true;
    case '0':
    case 'f':
    case 'F':
    case 'false':
    case 'FALSE':
    case 'False':
      return false;
    default:
      return undefined;
  }
}
