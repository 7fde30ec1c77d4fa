import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { readCilium } from '../facts/cilium.ts';
import { subjectsOf } from '../facts/gateway-plan.ts';

export const embeddedEnvoy = defineCheck({
  id: 'embedded-envoy',
  section: 'cluster',
  link: 'Envoy',
  title: 'An entrypoint that selects Envoy finds it',
  looksAt: '`external-envoy-proxy` of cilium-config, Pods of cilium-envoy, selectors of the entrypoints',
  docs: PAGES.gatewayApi,
  needs: ['ciliumConfig', 'pods', 'services', 'gateways', 'gatewayClasses'],
  reasons: {
    EnvoySelectorFindsNothing: 'The entrypoint selects the Pods of Envoy, and Envoy runs inside the agents.',
  },
  run(world, say) {
    const { kube } = world;
    const entrypoints = subjectsOf(world).flatMap(({ entrypoint }) => entrypoint ?? []);
    if (entrypoints.length === 0) return [say.notApplicable('There is no entrypoint.')];
    const selecting = entrypoints.filter(({ selector }) => selector['k8s-app'] === 'cilium-envoy');
    const envoys = kube.pods.items.filter(
      ({ meta }) => meta.namespace === kube.ciliumNamespace && meta.labels['k8s-app'] === 'cilium-envoy',
    );
    if (selecting.length === 0) return [say.pass('The entrypoints select the agents.')];
    if (envoys.length > 0) return [say.pass(`The entrypoints find ${envoys.length} Pods of Envoy.`)];
    const external = readCilium(kube)?.externalEnvoy === true;
    return selecting.map(({ meta }) =>
      say.fail('EnvoySelectorFindsNothing', {
        target: targetOf(SERVICES, meta),
        message: `The entrypoint selects k8s-app=cilium-envoy, and there is no such Pod${external ? '' : ': Envoy runs inside the agents (external-envoy-proxy is not true)'}.`,
        fix: `Select the agents: kubectl -n ${meta.namespace} set selector service ${meta.name} k8s-app=cilium`,
        evidence: { selector: 'k8s-app=cilium-envoy', 'external-envoy-proxy': String(external) },
      }),
    );
  },
});
