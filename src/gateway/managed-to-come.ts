import { SERVICES } from '../kube/resources.ts';
import { finding, targetOf } from '../plan/make.ts';
import type { Action, Finding } from '../plan/plan.types.ts';
import * as annotations from './annotations.ts';
import { chooseExposure } from './exposure.ts';
import { managedName, managedSpec } from './managed.ts';
import { createManaged } from './managed-writes.ts';
import type { ServiceModel } from './models/service.ts';
import type { ActionParts, SubjectContext } from './plan-subject.types.ts';
import { wrongType } from './subject-findings.ts';
import { type Subject, typeFits } from './subjects.ts';
import { wantedTargets } from './target-ports.ts';

/** A Gateway that asks for an entrypoint of ours and has none yet: the write that makes it, or findings why not. */
export function planManagedToCome(
  subject: Subject,
  service: ServiceModel,
  context: SubjectContext,
  findings: Finding[],
  parts: ActionParts,
): Action | undefined {
  const { observation, config } = context;
  const chosen = chooseExposure(subject, undefined, config, findings);
  const spec = managedSpec(subject, service, undefined, observation, config, findings);
  if (chosen === undefined || spec === undefined) return undefined;
  if (!typeFits(service, chosen)) {
    findings.push(wrongType(subject, service));
    return undefined;
  }
  const exposure = chosen === 'host-network' ? 'host-network' : 'node-port';
  const targets = wantedTargets(subject, service, spec.pairs, exposure, findings);
  // A load balancer made before its members exist loses its backend group for good (huawei.md §1.2).
  if (targets.length < spec.pairs.length || targets.length === 0) return undefined;
  const name = managedName(subject.namespace, subject.name);
  const squatter = observation.services.items.find(
    ({ meta }) => meta.namespace === spec.namespace && meta.name === name,
  );
  if (squatter === undefined) return createManaged(subject, spec, targets, parts);
  findings.push(squatter.meta.deleting ? stillDeleting(subject, squatter) : nameTaken(subject, squatter));
  return undefined;
}

function nameTaken(subject: Subject, squatter: ServiceModel): Finding {
  return finding('managed-entrypoint', 'fail', {
    reason: 'ManagedNameTaken',
    target: targetOf(SERVICES, squatter.meta),
    message: `${subject.key} asks for a managed entrypoint, but a Service of its name exists that does not serve it; it is left alone.`,
    fix: `Rename or remove that Service, or annotate it as an entrypoint of your own: ${annotations.GATEWAY}=${subject.namespace}/${subject.name}`,
  });
}

function stillDeleting(subject: Subject, former: ServiceModel): Finding {
  return finding('managed-entrypoint', 'warn', {
    reason: 'ManagedEntrypointTerminating',
    target: targetOf(SERVICES, former.meta),
    message: `${subject.key} gets a new entrypoint when the former one is gone: its load balancer is still being taken down.`,
    fix: `If that does not end, see what the cloud controller says: kubectl -n ${former.meta.namespace} describe service ${former.meta.name}`,
  });
}
