import { GATEWAYS } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { CUSTOM_KINDS, crdOf, kindKey } from '../fake-api/kinds.ts';
import { ago } from './nodes.ts';

/** CRDs of the Gateway API, and the versions of it that its release 1.4.1 serves (standard-install.yaml). */
const SERVED: Readonly<Record<string, readonly string[]>> = {
  gatewayclasses: ['v1', 'v1beta1'],
  gateways: ['v1', 'v1beta1'],
  httproutes: ['v1', 'v1beta1'],
  grpcroutes: ['v1'],
  referencegrants: ['v1beta1'],
  backendtlspolicies: ['v1'],
};

const KINDS: Readonly<Record<string, string>> = {
  grpcroutes: 'GRPCRoute',
  referencegrants: 'ReferenceGrant',
  backendtlspolicies: 'BackendTLSPolicy',
};

/** Whether a kind of the fake API server comes with these CRDs. */
export function isOfGatewayApi({ group }: { readonly group: string }): boolean {
  return group === GATEWAYS.group;
}

/** The CRDs of the Gateway API as they are in a cluster where they were installed before Cilium. */
export function gatewayApiCrds(): RawObject[] {
  return Object.entries(SERVED).map(([plural, versions]) => {
    const group = GATEWAYS.group;
    const known = CUSTOM_KINDS.find((kind) => kindKey(kind) === `${plural}.${group}`);
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const kind = known?.kind ?? KINDS[plural] ?? plural;
    const crd: RawObject =
      known === undefined
        ? {
            apiVersion: 'apiextensions.k8s.io/v1',
            kind: 'CustomResourceDefinition',
            metadata: { name: `${plural}.${group}` },
            spec: {
              group,
              names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
              scope: 'Namespaced',
            },
          }
        : crdOf(known);
    return {
      ...crd,
      metadata: {
        name: `${plural}.${group}`,
        creationTimestamp: ago(86_400),
        annotations: { 'gateway.networking.k8s.io/bundle-version': 'v1.4.1' },
      },
      spec: {
        ...(crd.spec as RawObject),
        versions: versions.map((name, index) => ({
          name,
          served: true,
          storage: index === 0,
          schema,
          subresources: { status: {} },
        })),
      },
    };
  });
}
