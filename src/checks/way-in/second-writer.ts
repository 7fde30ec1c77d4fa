import { ownClassMend } from '../../gateway/other-owners.ts';
import { specMend, statusMend } from '../../gateway/second-writer.ts';
import { GITOPS_MANAGERS } from '../../kube/gitops.ts';
import type { FieldOwner } from '../../kube/managed-fields.ts';
import { SERVICES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { foreignOwner } from '../../plan/ours.ts';
import type { Finding } from '../../plan/plan.types.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { planFindings, subjectsOf } from '../facts/gateway-plan.ts';
import type { EventModel } from '../models/cluster.ts';
import type { DoctorWorld } from '../world.types.ts';

/** Owners of the status that planning recognises before any write. */
const OWNERS = [
  'ForeignLoadBalancerClass',
  'OwnedByLbIpam',
  'OwnedByMetalLb',
  'OwnedByNodeIpam',
  'EntrypointOwnedByLbIpam',
];

/** Field managers of people at a keyboard: what they write once, nobody fights for. */
const BY_HAND = /^kubectl/;

type Reason = 'StatusClearedByAnother' | 'TargetPortSetBack' | 'HeldOff';

export const secondWriter = defineCheck({
  id: 'second-writer',
  section: 'way-in',
  link: 'public address',
  title: "Nobody else writes what keeps the Gateways' Services in sync",
  looksAt:
    'managedFields of the Gateway Services and entrypoints, loadBalancerClass, CiliumLoadBalancerIPPools, annotations of MetalLB, events of our controller',
  docs: PAGES.gatewayApi,
  needs: ['services', 'gateways', 'gatewayClasses', 'lbPools', 'ciliumConfig'],
  reasons: {
    StatusClearedByAnother: 'Another controller cleared or overwrote the address in the status of a Gateway Service.',
    TargetPortSetBack: 'A GitOps tool sets the targetPort of the entrypoint back.',
    HeldOff: 'Our controller was undone again and again, and has stopped writing for a while.',
  },
  run(world, say) {
    const subjects = subjectsOf(world).filter(({ subject }) => subject.service !== undefined);
    const findings = [
      ...planFindings(world, 'second-writer', OWNERS),
      ...heldOff(world, say),
      ...clearedStatus(world, say),
      ...setBack(world, say),
    ];
    if (findings.length > 0) return findings;
    if (subjects.length === 0) return [say.notApplicable('Cilium has made no Service for a Gateway or Ingress.')];
    return [say.pass('Nobody else writes to these Services.', { evidence: { services: subjects.length } })];
  },
});

/** A status that is not what it should be, and a controller that writes it. */
function clearedStatus(world: DoctorWorld, say: Say<Reason>): Finding[] {
  return subjectsOf(world).flatMap(({ subject, actions }) => {
    const { service, key } = subject;
    const wrong = actions.some(({ kind }) => kind === 'publish-address');
    const writer = service && foreignOwner(service.statusWriters.filter(({ manager }) => !BY_HAND.test(manager)));
    if (service === undefined || writer === undefined || !wrong) return [];
    return [
      say.fail('StatusClearedByAnother', {
        target: targetOf(SERVICES, service.meta),
        message: `The status of the Service of ${key} is not what was published: ${nameOf(writer)} writes it, too.`,
        fix: statusMend(world.config.gateway),
        evidence: {
          writer: nameOf(writer),
          field: 'status.loadBalancer.ingress',
          writers: service.statusWriters.map(nameOf),
        },
      }),
    ];
  });
}

function setBack(world: DoctorWorld, say: Say<Reason>): Finding[] {
  return subjectsOf(world).flatMap(({ subject, entrypoint, actions }) => {
    const wrong = actions.some(({ kind, reason }) => kind === 'patch-entrypoint' && reason === 'TargetPortSynced');
    if (entrypoint === undefined || !wrong) return [];
    return entrypoint.ports.flatMap(({ port, targetPort, targetPortOwners }) => {
      const writer = targetPortOwners.findLast(({ manager }) => GITOPS_MANAGERS.test(manager));
      if (writer === undefined) return [];
      return [
        say.fail('TargetPortSetBack', {
          target: targetOf(SERVICES, entrypoint.meta),
          message: `${nameOf(writer)} keeps spec.ports[${port}].targetPort of the entrypoint of ${subject.key} at ${String(targetPort ?? port)}, where no Envoy is.`,
          fix: specMend(),
          evidence: { writer: nameOf(writer), field: `spec.ports[${port}].targetPort` },
        }),
      ];
    });
  });
}

function nameOf({ manager, time }: FieldOwner): string {
  return time === '' ? manager : `${manager} (${time})`;
}

/** What our controller says of itself in Events: until when it does not write, and because of whom. */
function heldOff({ kube, now, config }: DoctorWorld, say: Say<Reason>): Finding[] {
  const latest = new Map<string, EventModel>();
  for (const event of kube.events.items) {
    if (event.reason !== 'SecondWriter') continue;
    const until = /is not written until (\S+Z):/.exec(event.message)?.[1] ?? '';
    if (!(Date.parse(until) > now)) continue;
    latest.set(`${event.about.namespace}/${event.about.name}`, event);
  }
  return [...latest].map(([name, event]) => {
    const service = kube.services.items.find(({ meta }) => `${meta.namespace}/${meta.name}` === name);
    const writer = /Z: (.+?) keeps undoing it/.exec(event.message)?.[1] ?? 'another writer';
    return say.fail('HeldOff', {
      target: service && targetOf(SERVICES, service.meta),
      message: `Our controller does not write to Service ${name} for a while: ${writer} keeps undoing it.`,
      fix: `Stop that writer. Best: ${ownClassMend(config.gateway)}.`,
      evidence: { writer, event: event.message },
    });
  });
}
