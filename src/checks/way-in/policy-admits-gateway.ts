import { CLUSTERWIDE_POLICIES, NETWORK_POLICIES } from '../../kube/resources.ts';
import { describeTarget, targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { servedOf } from '../facts/balanced.ts';
import { readCilium } from '../facts/cilium.ts';
import { clientRulingOf, type PodPort, rulesOf, rulingOf } from '../facts/ingress-identity.ts';
import { backendsOf, moreRouteKinds, NO_ROUTES, ROUTE_KINDS } from '../facts/routes.ts';
import type { SpecModel } from '../models/cluster.ts';
import type { RouteBackend } from '../models/gateway.ts';
import type { DoctorPod } from '../models/pod.ts';
import type { DoctorWorld, KubeWorld } from '../world.types.ts';

type Reason = 'PolicyShutsClientsOut' | 'PolicyShutsGatewayOut' | 'PolicyDeniesGateway';

export const policyAdmitsGateway = defineCheck({
  id: 'policy-admits-gateway',
  section: 'way-in',
  link: 'Pod',
  title: "Cilium's policies admit clients to Envoy, and Envoy to the backends of its routes",
  looksAt:
    'CiliumNetworkPolicies and CiliumClusterwideNetworkPolicies that select backends, for the identity `ingress`; clusterwide ones that select Envoy, for clients from outside. NetworkPolicies of Kubernetes itself are not looked at',
  docs: PAGES.policies,
  causes: ['route-accepted', 'route-refs', 'route-backend'],
  needs: [
    'gateways',
    'gatewayClasses',
    'services',
    ...ROUTE_KINDS,
    'slices',
    'pods',
    'networkPolicies',
    'clusterwidePolicies',
  ],
  needsBesides: moreRouteKinds,
  reasons: {
    PolicyShutsGatewayOut: 'A policy selects the backend, and none admits the identity with which Envoy comes.',
    PolicyShutsClientsOut:
      'A clusterwide policy selects Envoy itself, and none admits clients from outside: they get 403.',
    PolicyDeniesGateway: 'A policy denies that identity, which wins over every one that admits it.',
  },
  run(world, say) {
    // TCPRoutes and UDPRoutes lead past Envoy: their clients come with their own identity.
    const backends = backendsOf(world).filter(({ route }) => !/^(?:TCP|UDP)Route$/.test(route.kind));
    if (backends.length === 0) return [say.notApplicable(NO_ROUTES)];
    if (readCilium(world.kube)?.data['enable-policy'] === 'never') {
      return [say.pass('Cilium enforces no policy (enable-policy is never).')];
    }
    const findings = [...clientFindings(world, say), ...backends.flatMap(({ backend }) => judge(world, backend, say))];
    return findings.length > 0
      ? findings
      : [
          say.pass(
            "No policy of Cilium's kinds shuts the Gateway out; NetworkPolicies of Kubernetes itself are not looked at.",
            { evidence: { policies: policiesOf(world.kube).length } },
          ),
        ];
  },
});

function policiesOf({ networkPolicies, clusterwidePolicies }: KubeWorld): readonly SpecModel[] {
  return [...networkPolicies.items, ...clusterwidePolicies.items].filter(({ meta }) => !meta.deleting);
}

/** Clients meet the policies of Envoy's own endpoint before those of any backend. */
function clientFindings(world: DoctorWorld, say: Say<Reason>): Finding[] {
  // With node-port Envoy sees the address of a node, not of a client: entities of the cluster admit that.
  const reached = servedOf(world).filter(({ exposure }) => exposure !== undefined && exposure !== 'node-port');
  if (reached.length === 0) return [];
  const rulings = world.kube.clusterwidePolicies.items
    .filter(({ meta }) => !meta.deleting)
    .flatMap((policy) => rulesOf(policy).map((rule, index) => ({ policy, index, ruling: clientRulingOf(rule) })));
  if (rulings.some(({ ruling }) => ruling === 'admits')) return [];
  const closing = rulings.find(({ ruling }) => ruling === 'closes');
  if (closing === undefined) return [];
  const { meta } = closing.policy;
  const target = targetOf(CLUSTERWIDE_POLICIES, meta);
  return [
    say.fail('PolicyShutsClientsOut', {
      target,
      message: `${describeTarget(target)} selects Envoy itself, too (its endpoint has the label reserved:ingress), and no policy admits clients from outside there: every request gets 403.`,
      fix: 'Admit them with a CiliumClusterwideNetworkPolicy of its own: {"endpointSelector": {"matchExpressions": [{"key": "reserved:ingress", "operator": "Exists"}]}, "ingress": [{"fromEntities": ["world"]}]}',
      evidence: {
        policy: describeTarget(target),
        ruleIndex: closing.index,
        gateways: reached.map(({ subject }) => subject.key).slice(0, 20),
      },
    }),
  ];
}

/** One finding a backend: policies select by labels, so its Pods fare alike. */
function judge({ kube }: DoctorWorld, backend: RouteBackend, say: Say<Reason>): Finding[] {
  for (const { pod, port } of podPortsOf(kube, backend)) {
    const rulings = policiesOf(kube).flatMap((policy) =>
      rulesOf(policy).map((rule, index) => ({
        policy,
        index,
        ruling: rulingOf(rule, { namespace: pod.meta.namespace, labels: pod.meta.labels }, policy.meta.namespace, port),
      })),
    );
    const denies = rulings.find(({ ruling }) => ruling === 'denies');
    const admits = rulings.some(({ ruling }) => ruling === 'admits');
    const closes = rulings.find(({ ruling }) => ruling === 'closes');
    const found = denies ?? (admits ? undefined : closes);
    if (found === undefined) continue;
    const target = targetOf(
      found.policy.meta.namespace === '' ? CLUSTERWIDE_POLICIES : NETWORK_POLICIES,
      found.policy.meta,
    );
    const { namespace, name } = found.policy.meta;
    const edit = `kubectl ${namespace === '' ? '' : `-n ${namespace} `}edit ${namespace === '' ? 'ciliumclusterwidenetworkpolicy' : 'ciliumnetworkpolicy'} ${name}`;
    const evidence = {
      policy: describeTarget(target),
      ruleIndex: found.index,
      backend: `${backend.namespace}/${backend.name}:${backend.port}`,
      pod: `${pod.meta.namespace}/${pod.meta.name}`,
      port: `${port.port}/${port.protocol}`,
    };
    return [
      found === denies
        ? say.fail('PolicyDeniesGateway', {
            target,
            message: `${describeTarget(target)} denies the identity ingress, with which the Gateway comes, at the Pods of Service ${backend.namespace}/${backend.name}: requests time out or get 503.`,
            fix: `Take ingress (and all, cluster) out of its ingressDeny: ${edit}`,
            evidence,
          })
        : say.fail('PolicyShutsGatewayOut', {
            target,
            message: `${describeTarget(target)} selects the Pods of Service ${backend.namespace}/${backend.name}, and no policy of Cilium's kinds admits the identity ingress, with which the Gateway comes, at port ${port.port}: requests time out or get 503.`,
            fix: `Add a rule to spec.ingress: {"fromEntities": ["ingress"], "toPorts": [{"ports": [{"port": "${port.port}", "protocol": "${port.protocol}"}]}]}: ${edit}`,
            evidence,
          }),
    ];
  }
  return [];
}

/** Pods behind a backend, with the port at which each is asked. */
function podPortsOf(kube: KubeWorld, backend: RouteBackend): { readonly pod: DoctorPod; readonly port: PodPort }[] {
  const service = kube.services.items.find(
    ({ meta }) => meta.namespace === backend.namespace && meta.name === backend.name,
  );
  const asked = service?.ports.find(({ port }) => port === backend.port);
  return kube.slices.items
    .filter((slice) => slice.meta.namespace === backend.namespace && slice.service === backend.name)
    .flatMap((slice) => {
      const port = slice.ports.find(({ name }) => name === asked?.name) ?? slice.ports[0];
      if (port === undefined) return [];
      const names = new Set(slice.endpoints.map(({ pod }) => pod));
      return kube.pods.items
        .filter(({ meta, hostNetwork }) => meta.namespace === backend.namespace && names.has(meta.name) && !hostNetwork)
        .map((pod) => ({ pod, port }));
    });
}
