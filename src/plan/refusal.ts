import { finding } from './make.ts';
import type { Finding, Outcome } from './plan.types.ts';

/** A write that the API server refused, as a finding: it stands until the object or the wish changes. */
export function refusalFinding({ action, reason, message }: Outcome): Finding {
  return finding('write', 'fail', {
    reason: reason === 'forbidden' ? 'WriteForbidden' : 'WriteRefused',
    target: action.target,
    message: `A write was refused: ${message.replace(/\.$/, '')}.`,
    fix: fixFor(reason, message),
    evidence: { intended: action.message },
  });
}

function fixFor(reason: string, message: string): string {
  if (reason === 'forbidden') {
    return /elb|annotation|denied the request/i.test(message)
      ? 'An admission webhook said no: see its message, and change the object as it allows.'
      : "Give this account the right, as the Helm chart's ClusterRole does.";
  }
  if (/too large/i.test(message)) {
    return 'The object is larger than the API server takes (1.5 MiB in etcd): use fewer routes on one Gateway, or choose the exposure node-port for it.';
  }
  return 'See the message: the object, or an admission policy, must change first.';
}
