import { SERVICE_TYPE_ANNOTATION } from '../../cilium/names.ts';
import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { NO_ENTRYPOINT, servedOf } from '../facts/balanced.ts';
import { agentsOf } from '../facts/cilium.ts';
import { planFindings } from '../facts/gateway-plan.ts';

const REFUSES = 'NodePortExposureRefuses';

export const sameNodeHole = defineCheck({
  id: 'same-node-hole',
  section: 'way-in',
  link: 'node',
  title: 'No node refuses connections that it picks itself for',
  looksAt: 'exposure and externalTrafficPolicy of the entrypoints, redirect copies, number of nodes with an agent',
  docs: PAGES.gatewayApi,
  causes: ['envoy-config-off', 'session-affinity', 'redirect-copy', 'second-writer'],
  needs: ['services', 'gateways', 'gatewayClasses', 'pods', 'envoyConfigs'],
  reasons: {
    EveryConnectionRefused: 'With the exposure node-port and this policy (or one node) every connection is refused.',
    SameNodeHoleInside:
      "Inside the cluster Cilium answers for the load balancer's address itself, and that way has the hole.",
  },
  run(world, say) {
    const served = servedOf(world);
    if (served.length === 0) return [say.notApplicable(NO_ENTRYPOINT)];
    const nodes = new Set(agentsOf(world.kube).map(({ node }) => node)).size;
    const refusing = planFindings(world, 'same-node-hole', [REFUSES]).map((found) =>
      found.evidence.externalTrafficPolicy === 'Local' || found.evidence.nodes === 1
        ? { ...found, verdict: 'fail' as const, reason: 'EveryConnectionRefused' }
        : found,
    );
    const inside = served.flatMap(({ subject, entrypoint, exposure }) => {
      const { meta, ingress } = entrypoint;
      const vips = ingress.filter(({ ip, ipMode }) => ip !== '' && ipMode !== 'Proxy').map(({ ip }) => ip);
      const owned = (meta.annotations[SERVICE_TYPE_ANNOTATION] ?? 'LoadBalancer') === 'LoadBalancer';
      if (exposure !== 'pod-ip' || vips.length === 0 || !owned) return [];
      return [
        say.warn('SameNodeHoleInside', {
          target: targetOf(SERVICES, meta),
          message: `From inside the cluster ${nodes > 1 ? `1 in ${nodes} connections` : 'every connection'} to ${vips.join(', ')} of ${subject.key} is refused: there Cilium answers for that address itself and sends to the NodePort of the very node; clients outside are not affected.`,
          fix: `Let such connections go to the load balancer as well: kubectl -n ${meta.namespace} annotate service ${meta.name} --overwrite ${SERVICE_TYPE_ANNOTATION}=NodePort`,
          evidence: { addresses: vips, nodes, exposure },
        }),
      ];
    });
    const findings = [...refusing, ...inside];
    return findings.length > 0 ? findings : [say.pass('Every node answers what it is sent.')];
  },
});
