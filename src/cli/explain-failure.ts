import { KubeError } from '../kube/errors.ts';
import { UsageError } from '../lib/errors.ts';

/** What to do about a failed request, by its kind; one sentence. */
function fixFor(error: KubeError): string {
  switch (error.category) {
    case 'unreachable':
    case 'timeout':
      return 'Check the server in the kubeconfig (or --context), the VPN, and that the API server answers: kubectl version';
    case 'unauthorized':
      // The error itself says to log in again.
      return 'Or give another --kubeconfig or --context.';
    case 'forbidden':
      return "Ask a cluster administrator for that right; the chart's ClusterRole lists all that are needed.";
    case 'not-served':
      return 'Install what serves this kind, or choose another cluster with --context.';
    case 'throttled':
    case 'unavailable':
    case 'garbled':
      return 'The API server is ailing: see kubectl get --raw /readyz?verbose, and try again.';
    case 'not-found':
    case 'conflict':
    case 'exists':
    case 'invalid':
    case 'gone':
      return 'Look at the object with kubectl, and try again.';
  }
}

/**
 * The one message of a command that cannot go on: where, what, and the fix. Undefined for an error that is a defect of
 * this program.
 */
export function explainFailure(error: unknown, server: string): string | undefined {
  if (error instanceof UsageError) return error.message;
  if (error instanceof KubeError) return `${server}: ${error.message.replace(/\.$/, '')}. ${fixFor(error)}`;
  return undefined;
}
