import type { Finding } from '../../plan/plan.types.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { backendsOf, backendTarget, moreRouteKinds, NO_ROUTES, ROUTE_KINDS, routeTarget } from '../facts/routes.ts';
import type { RouteBackend, RouteModel } from '../models/gateway.ts';
import type { KubeWorld } from '../world.types.ts';

type Reason = 'BackendMissing' | 'BackendPortMissing' | 'BackendNotReady';

export const routeBackend = defineCheck({
  id: 'route-backend',
  section: 'way-in',
  link: 'Pod',
  title: 'Each backend of the routes has a ready Pod',
  looksAt: 'Services that the routes name, their ports and EndpointSlices',
  docs: PAGES.gatewayGuides,
  causes: ['agents-ready', 'ipam-needs-podcidr', 'route-accepted', 'route-refs'],
  needs: ['gateways', 'gatewayClasses', 'services', ...ROUTE_KINDS, 'slices'],
  needsBesides: moreRouteKinds,
  reasons: {
    BackendMissing: 'The Service that a route sends to does not exist.',
    BackendPortMissing: 'The Service has no such port.',
    BackendNotReady: 'The Service has no ready endpoint: requests get 503.',
  },
  run(world, say) {
    const backends = backendsOf(world);
    if (backends.length === 0) return [say.notApplicable(NO_ROUTES)];
    const findings = backends.flatMap(({ route, backend }) => judge(world.kube, route, backend, say));
    return findings.length > 0
      ? findings
      : [
          say.pass('Every backend has a ready Pod.', {
            evidence: { backends: backends.map(({ backend }) => nameOf(backend)).slice(0, 20) },
          }),
        ];
  },
});

function nameOf({ namespace, name, port }: RouteBackend): string {
  return `${namespace}/${name}:${port}`;
}

function judge(kube: KubeWorld, route: RouteModel, backend: RouteBackend, say: Say<Reason>): Finding[] {
  const { namespace, name, port } = backend;
  const from = `${route.kind} ${route.meta.namespace}/${route.meta.name}`;
  const edit = `kubectl -n ${route.meta.namespace} edit ${route.kind.toLowerCase()} ${route.meta.name}`;
  const evidence = { route: from, backend: nameOf(backend) };
  const service = kube.services.items.find(({ meta }) => meta.namespace === namespace && meta.name === name);
  if (service === undefined) {
    return [
      say.fail('BackendMissing', {
        target: routeTarget(route),
        message: `${from} sends to Service ${namespace}/${name}, which does not exist: requests get 500.`,
        fix: `Make the Service, or correct the route: ${edit}`,
        evidence,
      }),
    ];
  }
  if (!service.ports.some((one) => one.port === port)) {
    return [
      say.fail('BackendPortMissing', {
        target: routeTarget(route),
        message: `${from} sends to port ${port} of Service ${namespace}/${name}, which has ${service.ports.map((one) => one.port).join(', ') || 'none'}.`,
        fix: `Correct the port in the route: ${edit}`,
        evidence: { ...evidence, ports: service.ports.map((one) => one.port) },
      }),
    ];
  }
  // Its name leads out of the cluster: there are no endpoints.
  if (service.type === 'ExternalName') return [];
  const endpoints = kube.slices.items
    .filter((slice) => slice.meta.namespace === namespace && slice.service === name)
    .flatMap((slice) => slice.endpoints);
  const ready = endpoints.filter((one) => one.ready);
  if (ready.length > 0) return [];
  const selector = Object.entries(service.selector).map(([key, value]) => `${key}=${value}`);
  return [
    say.fail('BackendNotReady', {
      target: backendTarget(kube, backend),
      message: `Service ${namespace}/${name}, to which ${from} sends, has ${endpoints.length === 0 ? 'no endpoint' : `${endpoints.length} endpoints, and none is ready`}: requests get 503.`,
      fix: `See its Pods: kubectl -n ${namespace} get pods${selector.length === 0 ? '' : ` -l ${selector.join(',')}`} -o wide`,
      evidence: { ...evidence, endpoints: endpoints.length, ready: 0, selector: selector.join(',') },
    }),
  ];
}
