import { SERVICE_TYPE_ANNOTATION } from '../../cilium/names.ts';
import { SERVICES } from '../../kube/resources.ts';
import { describeTarget, targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { planFindings, subjectsOf } from '../facts/gateway-plan.ts';
import type { DoctorService } from '../models/service.ts';

export const duplicateVip = defineCheck({
  id: 'duplicate-vip',
  section: 'way-in',
  link: 'node',
  title: 'No two Services own one address and port in Cilium',
  looksAt: '`ip` and `ipMode` in the status of all LoadBalancer Services, their ports, `service.cilium.io/type`',
  docs: PAGES.kubeProxyFree,
  causes: ['second-writer'],
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: {
    AddressOwnedTwice: 'Cilium rejects the later of two Services with one address and port, and no longer updates it.',
  },
  run(world, say) {
    const { kube } = world;
    const balanced = kube.services.items.filter(({ type }) => type === 'LoadBalancer');
    if (balanced.length === 0) return [say.notApplicable('There is no Service of type LoadBalancer.')];
    const owners = new Map<string, DoctorService[]>();
    for (const service of balanced) {
      for (const key of frontendsOf(service)) owners.set(key, [...(owners.get(key) ?? []), service]);
    }
    const gatewayServices = new Set(subjectsOf(world).map(({ subject }) => subject.service?.meta.uid));
    const twice = [...owners].filter(([, services]) => services.length > 1);
    const findings = [
      ...planFindings(world, 'duplicate-vip', ['IpModeNotPossible']),
      ...twice.map(([frontend, services]) => {
        const ofGateway = services.find(({ meta }) => gatewayServices.has(meta.uid));
        const about = ofGateway ?? services.at(-1);
        const names = services.map(({ meta }) => describeTarget(targetOf(SERVICES, meta)));
        const other = services.find((service) => service !== about);
        return say.fail('AddressOwnedTwice', {
          target: about && targetOf(SERVICES, about.meta),
          message: `${frontend} belongs to ${names.join(' and to ')}, each with ipMode VIP: Cilium keeps the one that came first, and the other is not served inside the cluster, nor updated any more.`,
          fix:
            ofGateway === undefined
              ? `Give one of them another address or port: kubectl -n ${about?.meta.namespace ?? ''} edit service ${about?.meta.name ?? ''}`
              : `Let cilium-cloud-bridge write the address with ipMode: Proxy: run its controller, or once: cilium-cloud-bridge --once   Or, where the API server drops ipMode: kubectl -n ${other?.meta.namespace ?? ''} annotate service ${other?.meta.name ?? ''} ${SERVICE_TYPE_ANNOTATION}=NodePort`,
          evidence: { frontend, services: names },
        });
      }),
    ];
    return findings.length > 0 ? findings : [say.pass('Each address and port belongs to one Service.')];
  },
});

/** What Cilium answers for on behalf of a Service: `122.9.70.186:80/TCP`. */
function frontendsOf({ meta, ingress, ports }: DoctorService): string[] {
  const type = meta.annotations[SERVICE_TYPE_ANNOTATION] ?? 'LoadBalancer';
  if (type !== 'LoadBalancer') return [];
  const vips = new Set(ingress.filter(({ ip, ipMode }) => ip !== '' && ipMode !== 'Proxy').map(({ ip }) => ip));
  return [...vips].flatMap((ip) => ports.map(({ port, protocol }) => `${ip}:${port}/${protocol}`));
}
