import { asArray, asRecord, asString } from '../../kube/read.ts';
import { GATEWAYS, SERVICES } from '../../kube/resources.ts';
import { covers, parseCidrs } from '../../lib/cidr.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { NO_ENTRYPOINT, type Served, servedOf } from '../facts/balanced.ts';
import type { DoctorWorld } from '../world.types.ts';

/** Annotation that says the same as `spec.loadBalancerSourceRanges`, separated by commas. */
const ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';

export const sourceRanges = defineCheck({
  id: 'source-ranges',
  section: 'way-in',
  link: 'security group',
  title: 'What the Gateway says of permitted clients holds at its load balancer, too',
  looksAt:
    '`loadBalancerSourceRanges` of the CiliumGatewayClassConfig and the Gateway Service, the annotation for it in spec.infrastructure, against the entrypoint',
  docs: PAGES.gatewayApi,
  needs: ['services', 'gateways', 'gatewayClasses', 'classConfigs'],
  reasons: {
    SourceRangesNotOnEntrypoint:
      'Permitted clients are named on the Gateway, where no traffic comes by, and not on the entrypoint.',
  },
  run(world, say) {
    const served = servedOf(world);
    if (served.length === 0) return [say.notApplicable(NO_ENTRYPOINT)];
    const findings = served.flatMap((one) => {
      const { subject, entrypoint } = one;
      const { wanted, where } = wantedRanges(world, one);
      if (wanted.length === 0) return [];
      const given = rangesOf(world, entrypoint.meta.uid);
      const permitted = parseCidrs(wanted);
      if (given.length > 0 && parseCidrs(given).every((range) => covers(permitted, range))) return [];
      const { namespace, name } = entrypoint.meta;
      return [
        say.fail('SourceRangesNotOnEntrypoint', {
          target: subject.kind === 'Gateway' ? targetOf(GATEWAYS, subject.meta) : targetOf(SERVICES, entrypoint.meta),
          message: `${where} permits only ${wanted.join(', ')} to ${subject.key}, and its entrypoint ${given.length === 0 ? 'permits everyone' : `permits ${given.join(', ')}`}: traffic comes through the entrypoint, so the wish has no effect.`,
          fix: `kubectl -n ${namespace} patch service ${name} --type=merge -p '${JSON.stringify({ spec: { loadBalancerSourceRanges: wanted } })}'   (and an access list of the load balancer, where the cloud ignores the field)`,
          evidence: { wanted, where, entrypoint: given },
        }),
      ];
    });
    return findings.length > 0 ? findings : [say.pass('No wish about clients stands only on a Gateway.')];
  },
});

function rangesOf({ kube }: DoctorWorld, uid: string): readonly string[] {
  const service = kube.services.items.find(({ meta }) => meta.uid === uid);
  if (service === undefined) return [];
  return service.sourceRanges.length > 0 ? service.sourceRanges : listed(service.meta.annotations[ANNOTATION]);
}

function listed(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function wantedRanges(
  world: DoctorWorld,
  { subject }: Served,
): { readonly wanted: readonly string[]; readonly where: string } {
  const { kube } = world;
  const model = kube.gateways.items.find(({ meta }) => meta.uid === subject.meta.uid);
  const annotated = listed(model?.infrastructureAnnotations[ANNOTATION]);
  if (annotated.length > 0) return { wanted: annotated, where: `spec.infrastructure.annotations of ${subject.key}` };
  const parameters = kube.gatewayClasses.items.find(({ meta }) => meta.name === model?.className)?.parameters;
  const config = kube.classConfigs.items.find(
    ({ meta }) => meta.namespace === parameters?.namespace && meta.name === parameters.name,
  );
  const ofClass = asArray(asRecord(config?.spec.service).loadBalancerSourceRanges).map((one) => asString(one));
  if (config !== undefined && ofClass.length > 0) {
    return { wanted: ofClass, where: `CiliumGatewayClassConfig ${config.meta.namespace}/${config.meta.name}` };
  }
  const onService = subject.service === undefined ? [] : rangesOf(world, subject.service.meta.uid);
  return { wanted: onService, where: `the Service of ${subject.key}` };
}
