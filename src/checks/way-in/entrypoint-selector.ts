import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { NO_ENTRYPOINT, servedOf } from '../facts/balanced.ts';
import { planFindings } from '../facts/gateway-plan.ts';

/** What planning says of Services that want to be an entrypoint. */
const CLAIMS = [
  'AdoptedEntrypointNotFound',
  'AnnotationMalformed',
  'AnnotationsContradict',
  'EntrypointNamespaceNotAllowed',
  'EntrypointNotLoadBalancer',
  'EntrypointNotOldest',
  'GatewayServiceIsNoEntrypoint',
  'NoPortMatches',
  'SubjectNotFound',
];
/** Labels of the agents in every installation. */
const AGENTS = 'k8s-app=cilium';
const REACHES_NO_ENVOY = 'EntrypointReachesNoEnvoy';

export const entrypointSelector = defineCheck({
  id: 'entrypoint-selector',
  section: 'way-in',
  link: 'target',
  title: "Each entrypoint is in the agents' namespace and selects them",
  looksAt: "namespace, selector, annotations and ports of the entrypoints, labels of Cilium's Pods",
  docs: PAGES.gatewayApi,
  causes: ['embedded-envoy'],
  needs: ['services', 'gateways', 'gatewayClasses', 'pods'],
  reasons: {
    EntrypointSelectsNothing: 'The selector matches no Pod, so the cloud controller finds no member.',
    EntrypointWithoutSelector: 'The entrypoint has no selector, and cloud controllers refuse such a Service.',
  },
  run(world, say) {
    const { kube } = world;
    const served = servedOf(world);
    const lost = planFindings(world, 'entrypoint-selector', [REACHES_NO_ENVOY]);
    const findings = [
      ...planFindings(world, 'entrypoint-selector', CLAIMS),
      ...lost.map((found) => ({ ...found, verdict: 'fail' as const })),
      ...served.flatMap(({ subject, entrypoint }) => {
        const { meta, selector } = entrypoint;
        const target = targetOf(SERVICES, meta);
        const wanted = Object.entries(selector);
        if (wanted.length === 0) {
          return [
            say.fail('EntrypointWithoutSelector', {
              target,
              message: `The entrypoint of ${subject.key} has no selector: cloud controllers give such a Service no members.`,
              fix: `Select the agents: kubectl -n ${meta.namespace} set selector service ${meta.name} ${AGENTS}`,
              evidence: { selector: 'none' },
            }),
          ];
        }
        if (lost.some((found) => found.target?.uid === meta.uid)) return [];
        const text = wanted.map(([key, value]) => `${key}=${value}`).join(',');
        const matches = kube.pods.items.some(
          (pod) =>
            pod.meta.namespace === meta.namespace && wanted.every(([key, value]) => pod.meta.labels[key] === value),
        );
        if (matches || meta.namespace !== kube.ciliumNamespace) return [];
        return [
          say.fail('EntrypointSelectsNothing', {
            target,
            message: `The entrypoint of ${subject.key} selects ${text}, and no Pod of namespace ${meta.namespace} has that: its Endpoints are none.`,
            fix:
              text === AGENTS
                ? `That is right: no agent runs. See why: kubectl -n ${meta.namespace} get daemonsets,pods -l ${AGENTS}`
                : `Select the agents: kubectl -n ${meta.namespace} set selector service ${meta.name} ${AGENTS}`,
            evidence: { selector: text, namespace: meta.namespace },
          }),
        ];
      }),
    ];
    if (findings.length > 0) return findings;
    return served.length === 0
      ? [say.notApplicable(NO_ENTRYPOINT)]
      : [say.pass('Each entrypoint selects Pods of Cilium.')];
  },
});
