import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { acceptedRoutes, isTrue, moreRouteKinds, NO_ROUTES, ROUTE_KINDS, routeTarget } from '../facts/routes.ts';

export const routeRefs = defineCheck({
  id: 'route-refs',
  section: 'way-in',
  link: 'Envoy',
  title: 'Cilium finds everything that the routes refer to',
  looksAt: 'condition ResolvedRefs of the routes',
  docs: PAGES.gatewayGuides,
  causes: ['route-accepted', 'gateway-crds'],
  needs: ['gateways', 'gatewayClasses', 'services', ...ROUTE_KINDS],
  needsBesides: moreRouteKinds,
  reasons: {
    RouteRefsUnresolved: 'A backend of the route is not there, not permitted, or of an unknown kind: requests get 500.',
  },
  run(world, say) {
    const accepted = acceptedRoutes(world);
    if (accepted.length === 0) return [say.notApplicable(NO_ROUTES)];
    const findings = accepted.flatMap(({ route, gateway, conditions }) => {
      const said = conditions?.find(({ type }) => type === 'ResolvedRefs');
      if (said === undefined || isTrue(conditions, 'ResolvedRefs')) return [];
      const { namespace, name } = route.meta;
      const foreign = route.backends.find((backend) => backend.namespace !== namespace);
      const grant = said.reason === 'RefNotPermitted' && foreign !== undefined;
      return [
        say.fail('RouteRefsUnresolved', {
          target: routeTarget(route),
          message: `${route.kind} ${namespace}/${name} refers to something that Cilium cannot use (${said.reason}: ${said.message}): requests through ${gateway.subject.key} get 500.`,
          fix: grant
            ? `Allow it with a ReferenceGrant in namespace ${foreign.namespace}: from ${route.kind} of namespace ${namespace} to Service ${foreign.name}.`
            : `Correct its backendRefs, or make what they name: kubectl -n ${namespace} edit ${route.kind.toLowerCase()} ${name}`,
          evidence: {
            condition: `ResolvedRefs ${said.status}, ${said.reason}`,
            backends: route.backends.map(
              (backend) => `${backend.kind} ${backend.namespace}/${backend.name}:${backend.port}`,
            ),
          },
        }),
      ];
    });
    return findings.length > 0 ? findings : [say.pass('Every reference of the routes is resolved.')];
  },
});
