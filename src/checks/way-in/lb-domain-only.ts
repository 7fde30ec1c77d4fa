import { SERVICES } from '../../kube/resources.ts';
import { parseCidr } from '../../lib/cidr.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { NO_ENTRYPOINT, servedOf } from '../facts/balanced.ts';

export const lbDomainOnly = defineCheck({
  id: 'lb-domain-only',
  section: 'way-in',
  link: 'public address',
  title: 'A load balancer that has only a name serves nothing that wants an address',
  looksAt: 'status of the entrypoints; spec.addresses of the Gateways; `gateway.addresses` of the configuration',
  docs: PAGES.tkeServices,
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: {
    NameWhereAddressIsWanted:
      'The load balancer has a name and no fixed address (a domain CLB), and something asks for an address.',
  },
  run(world, say) {
    const shown = servedOf(world).filter(({ entrypoint }) => entrypoint.ingress.length > 0);
    if (shown.length === 0) {
      return [say.notApplicable(servedOf(world).length === 0 ? NO_ENTRYPOINT : 'No entrypoint shows an address yet.')];
    }
    const named = shown.filter(({ entrypoint }) => entrypoint.ingress.every(({ ip }) => ip === ''));
    if (named.length === 0) return [say.pass('Every entrypoint has an address.')];
    const findings = named.flatMap(({ subject, entrypoint }) => {
      const hostname = entrypoint.ingress.map((entry) => entry.hostname).join(', ');
      const asked = (subject.gateway?.requestedAddresses ?? [])
        .filter(({ type, value }) => type === 'IPAddress' && value !== '')
        .map(({ value }) => value);
      const key = `${subject.namespace}/${subject.name}`;
      const { addresses } = world.config.gateway;
      const configured = subject.kind === 'Gateway' && Object.hasOwn(addresses, key) ? (addresses[key] ?? []) : [];
      const unused = configured.filter((value) => parseCidr(value) !== undefined);
      if (asked.length === 0 && unused.length > 0) {
        return [
          say.warn('NameWhereAddressIsWanted', {
            target: targetOf(SERVICES, entrypoint.meta),
            message: `gateway.addresses of the configuration gives ${subject.key} ${unused.join(', ')}, which is not published: the load balancer has the name ${hostname} and no fixed address.`,
            fix: `Take gateway.addresses['${key}'] out of the configuration, and point clients at the name, with a CNAME record.`,
            evidence: { hostname, configured: unused },
          }),
        ];
      }
      if (asked.length === 0) return [];
      return [
        say.fail('NameWhereAddressIsWanted', {
          target: targetOf(SERVICES, entrypoint.meta),
          message: `The load balancer of ${subject.key} has the name ${hostname} and no fixed address, and spec.addresses asks for ${asked.join(', ')}: Cilium never programs the Gateway.`,
          fix: `Publish the name instead, with a CNAME record: kubectl -n ${subject.namespace} patch gateway ${subject.name} --type=json -p '[{"op":"remove","path":"/spec/addresses"}]'   Or bind an EIP to an internal CLB and name that one.`,
          evidence: { hostname, requested: asked },
        }),
      ];
    });
    return findings.length > 0
      ? findings
      : [say.pass('Where a load balancer has only a name, nothing asks for an address.')];
  },
});
