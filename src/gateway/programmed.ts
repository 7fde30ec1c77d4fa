import { finding } from '../plan/make.ts';
import type { Finding } from '../plan/plan.types.ts';
import { describeEntries } from './addresses.ts';
import type { IngressEntry } from './models/service.ts';
import type { Exposure, SubjectState } from './plan-subject.types.ts';
import type { Subject } from './subjects.ts';

/** Reason while Cilium has not taken over yet what stands in the Service's status. */
export const NOT_PROGRAMMED = 'GatewayNotProgrammed';

/**
 * Whether Cilium took the published addresses over: `status.addresses` of the Gateway, and Programmed=True of its
 * current generation (never a listener's condition, cilium.md §3); for an Ingress its status.
 */
function isProgrammed(subject: Subject, addresses: readonly IngressEntry[]): boolean {
  const wanted = addresses.flatMap((entry) => [entry.ip, entry.hostname]).filter((value) => value !== '');
  if (subject.kind === 'SharedIngress') return true;
  if (subject.gateway === undefined) {
    const shown = new Set(subject.ingress?.addresses ?? []);
    return wanted.every((value) => shown.has(value));
  }
  const shown = new Set(subject.gateway.addresses.map((address) => address.value));
  const programmed = subject.gateway.conditions.find((condition) => condition.type === 'Programmed');
  return (
    wanted.every((value) => shown.has(value)) &&
    programmed?.status === 'True' &&
    (programmed.observedGeneration === 0 || programmed.observedGeneration >= subject.meta.generation)
  );
}

/** Whether an entrypoint or the configuration gives the subject an address, and nothing that was found keeps it from serving. */
export function isServed({ exposure, addresses, findings }: SubjectState): boolean {
  return (
    (addresses.length > 0 || exposure === 'host-network') && findings.every((finding) => finding.verdict !== 'fail')
  );
}

/** The verdict on a subject whose writes are all done; undefined while there are some, or nothing is published. */
export function programmedFinding(
  subject: Subject,
  exposure: Exposure | undefined,
  addresses: readonly IngressEntry[],
  pending: boolean,
): Finding | undefined {
  if (pending) return undefined;
  if (exposure === 'host-network') return hostNetworkFinding(subject);
  if (addresses.length === 0) return undefined;
  const text = describeEntries(addresses);
  if (isProgrammed(subject, addresses)) {
    return finding('programmed', 'pass', {
      reason: 'Programmed',
      target: subject.target,
      message: `${subject.key} is programmed with ${text}.`,
      evidence: { addresses: text },
    });
  }
  const condition = subject.gateway?.conditions.find(({ type }) => type === 'Programmed');
  const says =
    condition === undefined || condition.status === 'True' ? '' : ` (${condition.reason}: ${condition.message})`;
  return finding('programmed', 'fail', {
    reason: NOT_PROGRAMMED,
    target: subject.target,
    message: `${text} stands in the status of Service ${subject.namespace}/${subject.serviceName}, but Cilium has not taken it over for ${subject.key}${says}.`,
    fix: 'See whether cilium-operator runs and what it says: kubectl -n kube-system logs deploy/cilium-operator',
    evidence: { addresses: text },
  });
}

/** Cilium 1.18.3 to 1.19.5 never programs a Gateway on the host network; later ones do it without us (cilium.md §3). */
function hostNetworkFinding(subject: Subject): Finding {
  const programmed =
    subject.gateway === undefined ||
    subject.gateway.conditions.some((c) => c.type === 'Programmed' && c.status === 'True');
  return finding('programmed', programmed ? 'pass' : 'warn', {
    reason: programmed ? 'Programmed' : 'HostNetworkNotProgrammed',
    target: subject.target,
    message: programmed
      ? `${subject.key} is served on the nodes' network.`
      : `${subject.key} is served on the nodes' network, and its entrypoint leads there, but Cilium 1.18.3 to 1.19.5 never calls such a Gateway Programmed.`,
    fix: programmed ? '' : "Upgrade Cilium to 1.19.6 or later, where it is Programmed with the nodes' addresses.",
  });
}
