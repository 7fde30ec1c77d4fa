import { GATEWAYS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { gatewaysOf, NO_GATEWAYS } from '../facts/gateways.ts';
import {
  type Attached,
  attachedRoutes,
  isGateway,
  isTrue,
  moreRouteKinds,
  ROUTE_KINDS,
  routesOf,
  routeTarget,
} from '../facts/routes.ts';
import type { DoctorWorld } from '../world.types.ts';

type Reason = 'RouteNotAccepted' | 'RouteNotLookedAt' | 'RouteParentMissing' | 'GatewayWithoutRoutes';

export const routeAccepted = defineCheck({
  id: 'route-accepted',
  section: 'way-in',
  link: 'Envoy',
  title: 'Each route is accepted by its Gateway',
  looksAt:
    'parentRefs and condition Accepted of the routes (HTTP, gRPC, TLS, TCP, UDP), allowedRoutes and listeners of the Gateways',
  docs: PAGES.gatewayGuides,
  causes: ['gateway-crds', 'operator-pending', 'envoy-config-off', 'l7-off', 'kpr-off'],
  needs: ['gateways', 'gatewayClasses', 'services', ...ROUTE_KINDS],
  needsBesides: moreRouteKinds,
  reasons: {
    RouteNotAccepted: 'Cilium refuses the route for that Gateway: requests for it get 404.',
    RouteNotLookedAt: 'Cilium has said nothing of the route: its operator has not looked at it.',
    RouteParentMissing: 'The route names a Gateway that does not exist.',
    GatewayWithoutRoutes: 'No route names the Gateway: every request gets 404, or no answer.',
  },
  run(world, say) {
    const gateways = gatewaysOf(world);
    if (!world.kube.httpRoutes.served) return [say.notApplicable('The API server knows no HTTPRoute.')];
    if (gateways.length === 0) return [say.notApplicable(NO_GATEWAYS)];
    const attached = attachedRoutes(world);
    const findings = [
      ...missingParents(world, say),
      ...attached.flatMap((one) => judge(world, one, say)),
      ...gateways.flatMap(({ subject }) => {
        if (attached.some(({ gateway }) => gateway.subject.key === subject.key)) return [];
        return [
          say.warn('GatewayWithoutRoutes', {
            target: targetOf(GATEWAYS, subject.meta),
            message: `No route names ${subject.key}: every request gets 404, or no answer.`,
            fix: `Name it in the parentRefs of a route: name ${subject.name}, namespace ${subject.namespace}.`,
            evidence: { routes: routesOf(world.kube).length },
          }),
        ];
      }),
    ];
    return findings.length > 0
      ? findings
      : [say.pass('Every route is accepted.', { evidence: { routes: attached.length } })];
  },
});

function judge({ kube }: DoctorWorld, { route, parent, gateway, conditions }: Attached, say: Say<Reason>): Finding[] {
  if (isTrue(conditions, 'Accepted')) return [];
  const { subject } = gateway;
  const { namespace, name } = route.meta;
  const said = conditions?.find(({ type }) => type === 'Accepted');
  if (said === undefined) {
    return [
      say.fail('RouteNotLookedAt', {
        target: routeTarget(route),
        message: `Cilium has not said whether it accepts ${route.kind} ${namespace}/${name} for ${subject.key}.${/^(?:TCP|UDP)Route$/.test(route.kind) ? ' It serves this kind of route since 1.20.' : ''}`,
        fix: `See what the operator says: kubectl -n ${kube.ciliumNamespace} logs deployment/cilium-operator --tail=100`,
        evidence: { gateway: subject.key, listener: parent.sectionName || 'all' },
      }),
    ];
  }
  const model = kube.gateways.items.find(({ meta }) => meta.uid === subject.meta.uid);
  const from = (model?.listenerRules ?? [])
    .filter((listener) => parent.sectionName === '' || listener.name === parent.sectionName)
    .map((listener) => `${listener.name}: ${listener.routesFrom}`);
  const isElsewhere = namespace !== subject.namespace && said.reason === 'NotAllowedByListeners';
  return [
    say.fail('RouteNotAccepted', {
      target: routeTarget(route),
      message: `${subject.key} does not accept ${route.kind} ${namespace}/${name} (${said.reason}: ${said.message})${isElsewhere ? `: the route is in namespace ${namespace}, and the listeners allow routes from ${from.join(', ')}` : ''}. Its hosts answer 404.`,
      fix: isElsewhere
        ? `Let the listener allow routes of other namespaces, in spec.listeners[].allowedRoutes.namespaces.from: All (or a Selector): kubectl -n ${subject.namespace} edit gateway ${subject.name}`
        : `Correct its parentRefs and hostnames as the reason says: kubectl -n ${namespace} edit ${route.kind.toLowerCase()} ${name}`,
      evidence: {
        gateway: subject.key,
        condition: `Accepted ${said.status}, ${said.reason}`,
        listener: parent.sectionName || 'all',
        allowedRoutes: from,
        hostnames: route.hostnames,
      },
    }),
  ];
}

/** Only where every Gateway could be seen. */
function missingParents({ kube }: DoctorWorld, say: Say<Reason>): Finding[] {
  const names = new Set(kube.gateways.items.map(({ meta }) => `${meta.namespace}/${meta.name}`));
  return routesOf(kube).flatMap((route) =>
    route.parents
      .filter((parent) => isGateway(parent) && !names.has(`${parent.namespace}/${parent.name}`))
      .map((parent) => {
        const elsewhere = kube.gateways.items.find(({ meta }) => meta.name === parent.name);
        const { namespace, name } = route.meta;
        return say.fail('RouteParentMissing', {
          target: routeTarget(route),
          message: `${route.kind} ${namespace}/${name} names Gateway ${parent.namespace}/${parent.name}, which does not exist${elsewhere === undefined ? '.' : `; there is one of that name in namespace ${elsewhere.meta.namespace}.`}`,
          fix: `Correct its parentRefs${elsewhere === undefined ? '' : ` (namespace: ${elsewhere.meta.namespace})`}: kubectl -n ${namespace} edit ${route.kind.toLowerCase()} ${name}`,
          evidence: { field: 'spec.parentRefs', parent: `${parent.namespace}/${parent.name}` },
        });
      }),
  );
}
