import { SERVICES } from '../../kube/resources.ts';
import { describeTarget, targetOf } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import { unanswered } from '../asked.ts';
import type { Say } from '../check.types.ts';
import { loadBalancerIdOf } from '../cloud-questions.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { type Balanced, balancedOf, isGone, NO_ENTRYPOINT, servedOf } from '../facts/balanced.ts';
import { planFindings, subjectsOf } from '../facts/gateway-plan.ts';
import type { DoctorWorld } from '../world.types.ts';

const ELB_ID = 'kubernetes.io/elb.id';
const ELB_AUTOCREATE = 'kubernetes.io/elb.autocreate';
const ELB_CLASS = 'kubernetes.io/elb.class';

/** What each class is called in the cloud. */
const KINDS: Readonly<Record<string, 'shared' | 'dedicated'>> = { union: 'shared', performance: 'dedicated' };

type Reason = 'ElbClassMismatch' | 'ListenerWantedTwice' | 'ElbIdBesideAutocreate';

export const lbAnnotationConflict = defineCheck({
  id: 'lb-annotation-conflict',
  section: 'way-in',
  link: 'load balancer',
  title: 'What the annotations say of the load balancer agrees with it and with each other',
  looksAt:
    '`elb.id` and `elb.autocreate` with their writers, `elb.class`, and the ports of all Services of one load balancer; kind of the load balancer',
  docs: PAGES.loadBalancerServices,
  causes: ['lb-exists', 'gateway-cloud-annotations'],
  needs: ['services', 'gateways', 'gatewayClasses'],
  reasons: {
    ElbClassMismatch: 'The annotation elb.class says another kind of ELB than it is.',
    ListenerWantedTwice: 'Two Services want one port of one load balancer, which has one listener a port.',
    ElbIdBesideAutocreate:
      'Who made the Service gave it both annotations: the ELB counts as made by CCE, which deletes it with the Service.',
  },
  run(world, say) {
    const balanced = balancedOf(world);
    if (balanced.length === 0) {
      return [
        say.notApplicable(servedOf(world).length === 0 ? NO_ENTRYPOINT : 'No entrypoint names a load balancer yet.'),
      ];
    }
    const findings = [
      ...planFindings(world, 'lb-annotation-conflict', ['LoadBalancerPortTaken']),
      ...balanced.flatMap((one) => [
        ...classMismatch(one, say),
        ...wantedTwice(world, one, say),
        ...besideAutocreate(world, one, say),
      ]),
    ];
    return findings.length > 0 ? findings : [say.pass('The annotations of the entrypoints agree.')];
  },
});

function classMismatch(one: Balanced, say: Say<Reason>): Finding[] {
  const { entrypoint, asked, id } = one;
  const said = entrypoint.meta.annotations[ELB_CLASS];
  const wanted = said === undefined ? undefined : KINDS[said];
  if (said === undefined || wanted === undefined || isGone(one)) return [];
  const { loadBalancer } = asked;
  if (loadBalancer.state !== 'answered') return [unanswered('lb-annotation-conflict', loadBalancer)];
  const { kind } = loadBalancer.value;
  if (kind === undefined || kind === wanted) return [];
  const right = kind === 'shared' ? 'union' : 'performance';
  const { namespace, name } = entrypoint.meta;
  return [
    say.fail('ElbClassMismatch', {
      target: targetOf(SERVICES, entrypoint.meta),
      message: `${ELB_CLASS} is ${said}, which means a ${wanted} ELB, and ${id} is a ${kind} one: CCE does not serve it.`,
      fix: `CCE lets nobody change that annotation: kubectl -n ${namespace} get service ${name} -o yaml, set ${ELB_CLASS}: ${right}, delete the Service and apply it again.`,
      evidence: { annotation: `${ELB_CLASS}: ${said}`, loadBalancer: id, kind },
    }),
  ];
}

/** Two entrypoints of ours are told by planning; here it is one of ours and any other Service. */
function wantedTwice(world: DoctorWorld, { entrypoint, id }: Balanced, say: Say<Reason>): Finding[] {
  const ours = new Set(
    subjectsOf(world).flatMap(({ entrypoint: one, subject }) => [one?.meta.uid, subject.service?.meta.uid]),
  );
  const wanted = new Set(entrypoint.ports.map(({ protocol, port }) => `${port}/${protocol}`));
  return world.kube.services.items.flatMap((other) => {
    if (other.type !== 'LoadBalancer' || ours.has(other.meta.uid) || loadBalancerIdOf(other) !== id) return [];
    const both = other.ports.map(({ protocol, port }) => `${port}/${protocol}`).filter((port) => wanted.has(port));
    if (both.length === 0) return [];
    const rival = describeTarget(targetOf(SERVICES, other.meta));
    return [
      say.fail('ListenerWantedTwice', {
        target: targetOf(SERVICES, entrypoint.meta),
        message: `Port ${both.join(', ')} of load balancer ${id} is wanted by this entrypoint and by ${rival}: only one of them gets the listener, and the other's members never change.`,
        fix: `Give one of them another port or load balancer: kubectl -n ${other.meta.namespace} edit service ${other.meta.name}`,
        evidence: {
          loadBalancer: id,
          ports: both,
          services: [describeTarget(targetOf(SERVICES, entrypoint.meta)), rival],
        },
      }),
    ];
  });
}

/**
 * Whoever made the Service named an ELB and asked for one. Both annotations together are no sign of it: CCE itself writes
 * the id of each ELB that it has made beside `elb.autocreate`.
 */
function besideAutocreate({ kube }: DoctorWorld, { entrypoint, id }: Balanced, say: Say<Reason>): Finding[] {
  const { annotations, namespace, name } = entrypoint.meta;
  const writers = kube.services.items.find(({ meta }) => meta.uid === entrypoint.meta.uid)?.writersOfBothElbs ?? [];
  if (annotations[ELB_ID] === undefined || annotations[ELB_AUTOCREATE] === undefined || writers.length === 0) return [];
  return [
    say.warn('ElbIdBesideAutocreate', {
      target: targetOf(SERVICES, entrypoint.meta),
      message: `The entrypoint was given both ${ELB_ID} and ${ELB_AUTOCREATE} (by ${writers.join(', ')}): when the Service is deleted, CCE may delete ELB ${id} and its EIP, also one that was there before.`,
      fix: `Keep the Service. CCE lets nobody take the annotation away; before you ever make it anew, keep the EIP: kubectl -n ${namespace} get service ${name} -o yaml, delete ${ELB_AUTOCREATE} there, and unbind the EIP in the console before the Service goes.`,
      evidence: { annotations: [ELB_ID, ELB_AUTOCREATE], loadBalancer: id, writtenBy: [...writers] },
    }),
  ];
}
