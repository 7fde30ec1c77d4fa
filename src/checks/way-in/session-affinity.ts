import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { NO_ENTRYPOINT, servedOf } from '../facts/balanced.ts';

export const sessionAffinity = defineCheck({
  id: 'session-affinity',
  section: 'way-in',
  link: 'node',
  title: 'No entrypoint that Envoy answers for asks for session affinity',
  looksAt: '`sessionAffinity` of the entrypoints, and the CiliumEnvoyConfigs that name them',
  docs: PAGES.kubeProxyFree,
  needs: ['services', 'gateways', 'gatewayClasses', 'envoyConfigs'],
  reasons: {
    AffinityWithRedirect: 'Cilium rejects a Service that has both a redirect and sessionAffinity: ClientIP.',
  },
  run(world, say) {
    const { kube } = world;
    const served = servedOf(world);
    if (served.length === 0) return [say.notApplicable(NO_ENTRYPOINT)];
    const findings = served.flatMap(({ subject, entrypoint, findings: planned }) => {
      if (entrypoint.sessionAffinity !== 'ClientIP') return [];
      const { namespace, name } = entrypoint.meta;
      const redirects = kube.envoyConfigs.items.filter(({ services }) =>
        services.some((one) => one.namespace === namespace && one.name === name),
      );
      const names = redirects.map(({ meta }) => `${meta.namespace}/${meta.name}`);
      if (names.length === 0 && !planned.some(({ reason }) => reason === 'SessionAffinityForbidsRedirect')) return [];
      return [
        say.fail('AffinityWithRedirect', {
          target: targetOf(SERVICES, entrypoint.meta),
          message:
            names.length > 0
              ? `The entrypoint of ${subject.key} has sessionAffinity: ClientIP and a redirect (CiliumEnvoyConfig ${names.join(', ')}): the agents reject it, and nobody answers.`
              : `The entrypoint of ${subject.key} has sessionAffinity: ClientIP, so it cannot be sent straight to Envoy.`,
          fix: `kubectl -n ${namespace} patch service ${name} --type=merge -p '{"spec":{"sessionAffinity":"None"}}'`,
          evidence: { sessionAffinity: 'ClientIP', redirects: names },
        }),
      ];
    });
    return findings.length > 0 ? findings : [say.pass('None of the entrypoints does.')];
  },
});
