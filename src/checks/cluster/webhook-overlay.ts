import { MUTATING_WEBHOOKS, type Resource, VALIDATING_WEBHOOKS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { networkOfCluster } from '../facts/network.ts';
import type { WebhookModel } from '../models/cluster.ts';
import type { DoctorPod } from '../models/pod.ts';
import type { KubeWorld } from '../world.types.ts';

export const webhookOverlay = defineCheck({
  id: 'webhook-overlay',
  section: 'cluster',
  link: 'Pod',
  title: 'The managed API server reaches the Pods of admission webhooks',
  looksAt: 'ValidatingWebhookConfigurations and MutatingWebhookConfigurations, hostNetwork of the Pods behind them',
  docs: PAGES.webhooks,
  needs: ['nodes', 'daemonSets', 'ciliumConfig', 'services', 'pods', 'validatingWebhooks', 'mutatingWebhooks'],
  reasons: {
    WebhookOnOverlay: "TKE's API server is outside the overlay: a webhook on the Pods' own network never answers it.",
  },
  run(world, say) {
    const { kube } = world;
    const { mode } = networkOfCluster(world);
    if (mode !== 'tke-overlay')
      return [say.notApplicable('Only on an overlay on TKE the API server does not reach Pods.')];
    const all = [
      ...kube.validatingWebhooks.items.map((config) => ({ config, resource: VALIDATING_WEBHOOKS })),
      ...kube.mutatingWebhooks.items.map((config) => ({ config, resource: MUTATING_WEBHOOKS })),
    ];
    const findings = all.flatMap(({ config, resource }) => unreachable(kube, config, resource));
    if (findings.length === 0) {
      return [
        all.length === 0
          ? say.notApplicable('There is no admission webhook.')
          : say.pass("Each webhook is on the nodes' network, or outside the cluster."),
      ];
    }
    return findings.map(({ target, hook, pod, policy }) => {
      const said = {
        target,
        message: `Webhook ${hook} is served by Pod ${pod.meta.namespace}/${pod.meta.name} on the overlay, which TKE's API server does not reach: ${policy === 'Fail' ? 'every request that it is asked about is refused' : 'each request that it is asked about waits for its time-out'}.`,
        fix: `Put its Pods on the nodes' network (hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet, a port that is free there), as most charts have a value for.`,
        evidence: {
          webhook: hook,
          failurePolicy: policy,
          pod: `${pod.meta.namespace}/${pod.meta.name}`,
          hostNetwork: false,
        },
      };
      return policy === 'Fail' ? say.fail('WebhookOnOverlay', said) : say.warn('WebhookOnOverlay', said);
    });
  },
});

/** Webhooks whose Service leads to a Pod that is not on the host's network. */
function unreachable(kube: KubeWorld, { meta, hooks }: WebhookModel, resource: Resource) {
  return hooks.flatMap(({ name, service: wanted, failurePolicy }) => {
    const service = kube.services.items.find(
      (one) => one.meta.namespace === wanted?.namespace && one.meta.name === wanted.name,
    );
    const selector = Object.entries(service?.selector ?? {});
    if (service === undefined || selector.length === 0) return [];
    const isBehind = (pod: DoctorPod): boolean =>
      pod.meta.namespace === service.meta.namespace &&
      !/^(?:Succeeded|Failed)$/.test(pod.phase) &&
      selector.every(([key, value]) => pod.meta.labels[key] === value);
    const pod = kube.pods.items.find((one) => isBehind(one) && !one.hostNetwork);
    return pod === undefined ? [] : [{ target: targetOf(resource, meta), hook: name, pod, policy: failurePolicy }];
  });
}
