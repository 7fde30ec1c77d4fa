import type { SubjectState } from '../../gateway/plan-subject.types.ts';
import type { Json } from '../../plan/plan.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { planFindings } from '../facts/gateway-plan.ts';
import { gatewaysOf, NO_GATEWAYS } from '../facts/gateways.ts';
import type { KubeWorld } from '../world.types.ts';

/** What planning says of a Gateway that no entrypoint serves. */
const UNSERVED = [
  'NoEntrypoint',
  'EntrypointNotAnnotated',
  'AdoptionAmbiguous',
  'AddressOfUnknownOrigin',
  'GatewayServiceMissing',
];

export const gatewayServiceUnserved = defineCheck({
  id: 'gateway-service-unserved',
  section: 'cluster',
  link: 'listener',
  title: 'Each Gateway has an entrypoint that the cloud can serve',
  looksAt:
    'Gateways, the Services that Cilium makes for them and their EndpointSlices, entrypoints, events of the cloud controller',
  docs: PAGES.loadBalancerServices,
  causes: ['delegated-plugin', 'kpr-off', 'l7-off', 'envoy-config-off', 'gateway-crds', 'operator-pending'],
  needs: ['services', 'gateways', 'gatewayClasses', 'slices'],
  reasons: {},
  run(world, say) {
    const gateways = gatewaysOf(world);
    const unserved = planFindings(world, 'gateway-service-unserved', UNSERVED);
    if (unserved.length > 0) {
      return unserved.map((found) => {
        const state = gateways.find(({ subject }) =>
          [subject.meta.uid, subject.service?.meta.uid].includes(found.target?.uid),
        );
        const evidence = { ...found.evidence, ...(state === undefined ? {} : serviceEvidence(world.kube, state)) };
        return { ...found, evidence };
      });
    }
    if (gateways.length === 0) return [say.notApplicable(NO_GATEWAYS)];
    return [
      say.pass(
        `${gateways.length === 1 ? 'The Gateway has' : `Each of ${gateways.length} Gateways has`} an entrypoint, or needs none.`,
        {
          evidence: {
            entrypoints: gateways.flatMap(({ entrypoint }) =>
              entrypoint === undefined ? [] : [`${entrypoint.meta.namespace}/${entrypoint.meta.name}`],
            ),
          },
        },
      ),
    ];
  },
});

/** Why the cloud cannot serve the Service that Cilium made. */
function serviceEvidence({ slices, events }: KubeWorld, { subject }: SubjectState): { readonly [key: string]: Json } {
  const { service } = subject;
  if (service === undefined) return {};
  const { namespace, name, uid } = service.meta;
  const labelled = slices.items.some((slice) => slice.meta.namespace === namespace && slice.service === name);
  const said = events.items
    .filter(({ about }) => about.uid === uid || (about.namespace === namespace && about.name === name))
    .toSorted((a, b) => (a.lastSeen < b.lastSeen ? 1 : -1));
  const [last] = said;
  return {
    service: `${namespace}/${name}`,
    selector: Object.keys(service.selector).length === 0 ? 'none' : Object.keys(service.selector),
    endpointSlice: labelled ? 'found by its Service' : 'none that has the label kubernetes.io/service-name',
    ...(last === undefined ? {} : { event: `${last.component}: ${last.reason}: ${last.message}` }),
  };
}
