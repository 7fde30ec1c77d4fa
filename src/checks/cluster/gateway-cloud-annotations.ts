import { ownClassMend } from '../../gateway/other-owners.ts';
import type { Subject } from '../../gateway/subjects.ts';
import { GATEWAYS, SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { gatewaysOf, NO_GATEWAYS } from '../facts/gateways.ts';
import type { DoctorWorld } from '../world.types.ts';

/** Annotations by which a cloud takes a Service for one of its own. */
const CLOUD =
  /^(?:kubernetes\.io\/(?:elb\.|hws-|natgateway\.)|service\.cloud\.tencent\.com\/|service\.kubernetes\.io\/(?:qcloud-|tke-|loadbalance-|local-svc-|service\.extensive))/;
/** Those that a cloud has written itself: it serves the Service, whatever its class. */
const WRITTEN = /^(?:service\.kubernetes\.io\/loadbalance-|kubernetes\.io\/elb\.(?:eip-id|mark)$)/;
/** The one that tells TKE to leave the Service alone. */
const LEAVES_ALONE = { key: 'service.cloud.tencent.com/mode', value: 'skip' };

export const gatewayCloudAnnotations = defineCheck({
  id: 'gateway-cloud-annotations',
  section: 'cluster',
  link: 'load balancer',
  title: "No annotation makes the cloud take a Gateway's Service for its own",
  looksAt:
    'annotations of the Gateways (spec.infrastructure.annotations) and of the Services that Cilium made for them',
  docs: PAGES.loadBalancerServices,
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: {
    CloudAnnotationOnGateway: "The cloud controller takes the Gateway's Service for its own, and undoes its address.",
    CloudAnnotationWithoutEffect:
      "The Gateway's Service has a loadBalancerClass that no cloud serves: what the annotation asks for happens nowhere.",
  },
  run(world, say) {
    const gateways = gatewaysOf(world);
    if (gateways.length === 0) return [say.notApplicable(NO_GATEWAYS)];
    const findings = gateways.flatMap(({ subject, entrypoint }): Finding[] => {
      const { service } = subject;
      const model = world.kube.gateways.items.find(({ meta }) => meta.uid === subject.meta.uid);
      const onGateway = cloudKeys(model?.infrastructureAnnotations ?? {});
      const onService = cloudKeys(service?.meta.annotations ?? {});
      const keys = [...new Set([...onGateway, ...onService])];
      if (keys.length === 0) return [];
      const target =
        onGateway.length > 0 || service === undefined
          ? targetOf(GATEWAYS, subject.meta)
          : targetOf(SERVICES, service.meta);
      const where =
        entrypoint === undefined ? 'the entrypoint' : `Service ${entrypoint.meta.namespace}/${entrypoint.meta.name}`;
      const evidence = { annotations: keys, on: onGateway.length > 0 ? 'Gateway' : 'Service' };
      const owned = service?.loadBalancerClass ?? '';
      if (owned !== '' && !keys.some((key) => WRITTEN.test(key))) {
        return [
          say.warn('CloudAnnotationWithoutEffect', {
            target,
            message: `${keys.join(', ')} on ${onGateway.length > 0 ? subject.key : `the Service of ${subject.key}`} ${keys.length === 1 ? 'has' : 'have'} no effect: no cloud serves a Service of loadBalancerClass ${owned}.`,
            fix: `Put ${keys.length === 1 ? 'it' : 'them'} on ${where}, which the cloud serves.`,
            evidence: { ...evidence, loadBalancerClass: owned },
          }),
        ];
      }
      return [
        say.fail('CloudAnnotationOnGateway', {
          target,
          message: `${keys.join(', ')} on ${onGateway.length > 0 ? subject.key : `the Service of ${subject.key}`} ${keys.length === 1 ? 'makes' : 'make'} the cloud controller serve that Service too, which has no selector: it makes a listener without members, or clears the address.`,
          fix: mendOf(world, subject, where, onGateway.length > 0, keys),
          evidence,
        }),
      ];
    });
    return findings.length > 0 ? findings : [say.pass('None of the Gateways has such an annotation.')];
  },
});

/** Annotations on the Gateway can be taken away; what a cloud has written or locks on a Service goes with the Service. */
function mendOf(
  world: DoctorWorld,
  { namespace, name }: Subject,
  where: string,
  onGateway: boolean,
  keys: readonly string[],
): string {
  if (onGateway) {
    return `Put ${keys.length === 1 ? 'it' : 'them'} on ${where} instead, and take ${keys.length === 1 ? 'it' : 'them'} out of spec.infrastructure.annotations: kubectl -n ${namespace} edit gateway ${name}`;
  }
  return `What a cloud has written on a Service stays: ${ownClassMend(world.config.gateway)}. Keep the Gateway for that: kubectl -n ${namespace} get gateway ${name} -o yaml`;
}

function cloudKeys(annotations: Readonly<Record<string, string>>): string[] {
  return Object.entries(annotations)
    .filter(([key, value]) => CLOUD.test(key) && !(key === LEAVES_ALONE.key && value === LEAVES_ALONE.value))
    .map(([key]) => key)
    .toSorted();
}
