import { describe, expect, it } from 'vitest';
import { explainFailure } from '../../src/cli/explain-failure.ts';
import { KubeError, type KubeErrorCategory } from '../../src/kube/errors.ts';
import { usageError } from '../../src/lib/errors.ts';

function kubeError(category: KubeErrorCategory, message: string): KubeError {
  return new KubeError(message, { category, status: 401, reason: '', operation: 'LIST nodes' });
}

describe('explainFailure', () => {
  it('says where, what and the fix, in one line and each once', () => {
    const said = explainFailure(
      kubeError('unauthorized', 'LIST nodes: 401. The API server a does not accept the credentials: log in again.'),
      'context "x"',
    );
    expect(said).toBe(
      'context "x": LIST nodes: 401. The API server a does not accept the credentials: log in again. Or give another --kubeconfig or --context.',
    );
    expect(explainFailure(kubeError('unreachable', 'LIST nodes: cannot reach a'), 'a')).toMatch(
      /^a: LIST nodes: cannot reach a\. Check the server in the kubeconfig .*: kubectl version$/,
    );
  });

  it('takes what a user did wrong as it is, and a defect for what it is', () => {
    expect(explainFailure(usageError('--only', 'no such check: x', 'See docs/doctor.md.'), 'a')).toContain('--only');
    expect(explainFailure(new TypeError('x is not a function'), 'a')).toBeUndefined();
  });
});
