import { asArray, asRecord, asString } from '../../kube/read.ts';
import { GATEWAYS, SERVICES } from '../../kube/resources.ts';
import { covers, overlaps, parseCidrs } from '../../lib/cidr.ts';
import { targetOf } from '../../plan/make.ts';
import { loadBalancerIdOf } from '../cloud-questions.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { NO_ENTRYPOINT, type Served, servedOf } from '../facts/balanced.ts';
import { answerOf } from '../facts/network.ts';
import type { DoctorWorld } from '../world.types.ts';

/** Annotation that says the same as `spec.loadBalancerSourceRanges`, separated by commas. */
const ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** By which Cilium takes the ranges for those that are denied. */
const POLICY = 'service.cilium.io/src-ranges-policy';

export const sourceRanges = defineCheck({
  id: 'source-ranges',
  section: 'way-in',
  link: 'security group',
  title: 'What the Gateway says of permitted clients holds at its load balancer, too',
  looksAt:
    '`loadBalancerSourceRanges` and their policy of the CiliumGatewayClassConfig and the Gateway Service, the annotation for it in spec.infrastructure, against the entrypoint and the access list of its load balancer',
  docs: PAGES.gatewayApi,
  needs: ['services', 'gateways', 'gatewayClasses', 'classConfigs'],
  reasons: {
    SourceRangesNotOnEntrypoint:
      'Permitted (or denied) clients are named on the Gateway, where no traffic comes by, and not on the entrypoint.',
  },
  run(world, say) {
    const served = servedOf(world);
    if (served.length === 0) return [say.notApplicable(NO_ENTRYPOINT)];
    const findings = served.flatMap((one) => {
      const { subject, entrypoint } = one;
      const { wanted, where, denies } = wantedRanges(world, one);
      if (wanted.length === 0 || hasAccessList(world, entrypoint)) return [];
      const given = rangesOf(world, entrypoint.meta.uid);
      if (keeps({ wanted, denies }, { given, denies: isDeny(entrypoint.meta.annotations[POLICY]) })) return [];
      const { namespace, name } = entrypoint.meta;
      const patch = JSON.stringify({ spec: { loadBalancerSourceRanges: wanted } });
      return [
        say.fail('SourceRangesNotOnEntrypoint', {
          target: subject.kind === 'Gateway' ? targetOf(GATEWAYS, subject.meta) : targetOf(SERVICES, entrypoint.meta),
          message: `${where} ${denies ? 'keeps' : 'permits only'} ${wanted.join(', ')} ${denies ? 'away from' : 'to'} ${subject.key}, and its entrypoint ${given.length === 0 ? 'permits everyone' : `names ${given.join(', ')}`}: traffic comes through the entrypoint, so the wish has no effect.`,
          fix: denies
            ? 'Give the load balancer a list of those whom it refuses: on CCE the annotations kubernetes.io/elb.acl-id, elb.acl-status: on and elb.acl-type: black of the entrypoint, on TKE its service.cloud.tencent.com/security-groups.'
            : `kubectl -n ${namespace} patch service ${name} --type=merge -p '${patch}'   (and an access list of the load balancer, where the cloud ignores the field)`,
          evidence: { wanted, where, policy: denies ? 'Deny' : 'Allow', entrypoint: given },
        }),
      ];
    });
    return findings.length > 0 ? findings : [say.pass('No wish about clients stands only on a Gateway.')];
  },
});

/** Whether nobody comes through the entrypoint whom the wish keeps away. */
function keeps(
  { wanted, denies }: Pick<Wish, 'wanted' | 'denies'>,
  entrypoint: { readonly given: readonly string[]; readonly denies: boolean },
): boolean {
  const [wish, given] = [parseCidrs(wanted), parseCidrs(entrypoint.given)];
  if (given.length === 0) return false;
  if (!denies) return !entrypoint.denies && given.every((range) => covers(wish, range));
  return entrypoint.denies
    ? wish.every((range) => covers(given, range))
    : !given.some((range) => wish.some((other) => overlaps(range, other)));
}

/** An access list of the load balancer itself, of which the annotations tell nothing but that it is there. */
function hasAccessList({ cloud }: DoctorWorld, { meta }: Pick<Served['entrypoint'], 'meta'>): boolean {
  const { annotations } = meta;
  const isOn = (annotations['kubernetes.io/elb.acl-status'] ?? 'on') !== 'off';
  if ((annotations['kubernetes.io/elb.acl-id'] ?? '') !== '' && isOn) return true;
  if ((annotations['service.cloud.tencent.com/security-groups'] ?? '') !== '') return true;
  const id = loadBalancerIdOf({ meta });
  const balancer = answerOf(id === undefined ? undefined : cloud.loadBalancers.get(id)?.loadBalancer);
  return (balancer?.securityGroupIds ?? []).length > 0;
}

function isDeny(text: string | undefined): boolean {
  return text?.toLowerCase() === 'deny';
}

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

/** Clients that a Gateway, or its class, permits or denies. */
interface Wish {
  readonly wanted: readonly string[];
  readonly where: string;
  /** The ranges are those that may not come. */
  readonly denies: boolean;
}

function wantedRanges(world: DoctorWorld, { subject }: Served): Wish {
  const { kube } = world;
  const model = kube.gateways.items.find(({ meta }) => meta.uid === subject.meta.uid);
  const parameters = kube.gatewayClasses.items.find(({ meta }) => meta.name === model?.className)?.parameters;
  const config = kube.classConfigs.items.find(
    ({ meta }) => meta.namespace === parameters?.namespace && meta.name === parameters.name,
  );
  const ofClass = asRecord(config?.spec.service);
  const denies =
    isDeny(asString(ofClass.loadBalancerSourceRangesPolicy)) ||
    isDeny(model?.infrastructureAnnotations[POLICY]) ||
    isDeny(subject.service?.meta.annotations[POLICY]);
  const annotated = listed(model?.infrastructureAnnotations[ANNOTATION]);
  if (annotated.length > 0) {
    return { wanted: annotated, where: `spec.infrastructure.annotations of ${subject.key}`, denies };
  }
  const ranges = asArray(ofClass.loadBalancerSourceRanges).map((one) => asString(one));
  if (config !== undefined && ranges.length > 0) {
    const where = `CiliumGatewayClassConfig ${config.meta.namespace}/${config.meta.name}`;
    return { wanted: ranges, where, denies };
  }
  const onService = subject.service === undefined ? [] : rangesOf(world, subject.service.meta.uid);
  return { wanted: onService, where: `the Service of ${subject.key}`, denies };
}
