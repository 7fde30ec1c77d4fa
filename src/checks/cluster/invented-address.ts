import { SERVICES } from '../../kube/resources.ts';
import { covers, parseCidr, parseCidrs } from '../../lib/cidr.ts';
import { targetOf } from '../../plan/make.ts';
import { foreignOwner, isOurs } from '../../plan/ours.ts';
import { loadBalancerIdOf } from '../cloud-questions.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { gatewaysOf, NO_GATEWAYS } from '../facts/gateways.ts';
import { answerOf } from '../facts/network.ts';
import type { DoctorService } from '../models/service.ts';
import type { DoctorWorld } from '../world.types.ts';

export const inventedAddress = defineCheck({
  id: 'invented-address',
  section: 'cluster',
  link: 'public address',
  title: "The addresses of Gateways are their load balancers' own",
  looksAt: 'status of the Gateway Services against entrypoints, load balancers, nodes and the VPC',
  docs: PAGES.gatewayApi,
  causes: ['gateway-service-unserved', 'second-writer', 'gateway-not-programmed'],
  needs: ['services', 'gateways', 'gatewayClasses', 'nodes'],
  reasons: {
    AddressInvented: "Cilium takes whatever stands in the status; this address is none of the Gateway's load balancer.",
  },
  run(world, say) {
    const served = gatewaysOf(world).filter(({ subject }) => (subject.service?.ingress.length ?? 0) > 0);
    if (served.length === 0)
      return [say.notApplicable(gatewaysOf(world).length === 0 ? NO_GATEWAYS : 'No Gateway has an address.')];
    const findings = served.flatMap(({ subject, entrypoint, addresses }) => {
      const { service, key } = subject;
      const known = new Set([
        ...(entrypoint?.ingress ?? []).flatMap(({ ip, hostname }) => [ip, hostname]),
        ...addresses.flatMap(({ ip, hostname }) => [ip, hostname]),
        ...(world.config.gateway.addresses[`${subject.namespace}/${subject.name}`] ?? []),
        ...balancerAddresses(world, entrypoint),
      ]);
      // Without an entrypoint nothing says what would be right: that is told by gateway-service-unserved.
      if (service === undefined || entrypoint === undefined || isOurs(service.ingressOwners)) return [];
      const invented = service.ingress.map(({ ip, hostname }) => ip || hostname).filter((value) => !known.has(value));
      const [first] = invented;
      if (first === undefined) return [];
      const whose = ownerOf(world, first);
      const writer = foreignOwner(service.ingressOwners)?.manager ?? '';
      return [
        say.fail('AddressInvented', {
          target: targetOf(SERVICES, service.meta),
          message: `${key} is Programmed with ${invented.join(', ')}, which no load balancer of it has${whose === '' ? '' : ` and which ${whose}`}: Cilium captures that address in the whole cluster, and clients outside get nowhere.`,
          fix: 'Let cilium-cloud-bridge replace it by the real one: run its controller, or once: cilium-cloud-bridge --once --adopt auto',
          evidence: { invented, known: [...known].filter((value) => value !== ''), writtenBy: writer },
        }),
      ];
    });
    return findings.length > 0
      ? findings
      : [say.pass("Every published address is the load balancer's, or one of the configuration.")];
  },
});

function balancerAddresses({ cloud }: DoctorWorld, entrypoint: Pick<DoctorService, 'meta'> | undefined): string[] {
  const id = entrypoint && loadBalancerIdOf(entrypoint);
  const balancer = answerOf(id === undefined ? undefined : cloud.loadBalancers.get(id)?.loadBalancer);
  if (balancer === undefined) return [];
  const { publicIps, privateIps, ipv6, hostname } = balancer.addresses;
  return [...publicIps, ...privateIps, ...ipv6, hostname];
}

/** Whom the address belongs to, where that can be told: `belongs to Node 10.0.0.11`. */
function ownerOf({ kube, cloud }: DoctorWorld, address: string): string {
  const node = kube.nodes.items.find(({ internalIps, externalIps }) =>
    [...internalIps, ...externalIps].includes(address),
  );
  if (node !== undefined) return `belongs to Node ${node.meta.name}`;
  const range = parseCidr(address);
  const vpc = parseCidrs(answerOf(cloud.vpc)?.cidrs.map(({ cidr }) => cidr) ?? []);
  return range !== undefined && covers(vpc, range) ? 'may belong to another host of the VPC' : '';
}
