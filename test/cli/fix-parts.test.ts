import { describe, expect, it } from 'vitest';
import { fixParts } from '../../src/cli/fix-parts.ts';

describe('the parts of a mend', () => {
  it.each([
    'kubectl -n kube-system rollout restart daemonset/cilium',
    'helm upgrade cilium cilium/cilium -n kube-system --reuse-values --version 1.19.5',
    'tccli vpc CreateRoutes --region ap-guangzhou',
  ])('set %j apart as a command to copy', (command) => {
    expect(fixParts(`Mend it: ${command}   Or leave it.`)).toEqual([
      { text: 'Mend it:', isCommand: false },
      { text: command, isCommand: true },
      { text: 'Or leave it.', isCommand: false },
    ]);
  });
});
