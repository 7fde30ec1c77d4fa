import { expect, it } from 'vitest';
import { entrypointSelector } from '../../../src/checks/way-in/entrypoint-selector.ts';
import { edited, patch, without } from '../cluster-data.ts';
import { REFERENCES } from '../reference/all.ts';
import { worldOf } from '../world-of.ts';

it.each([
  ['cilium', 'That is right: no agent runs.'],
  ['cillium', 'Select the agents: kubectl -n kube-system set selector service gateway-entrypoint k8s-app=cilium'],
])('without agents, selecting k8s-app=%s, it is told to: %s', async (label, fix) => {
  const edits = [
    without('Pod kube-system/cilium-*'),
    patch('Service kube-system/gateway-entrypoint', { spec: { selector: { 'k8s-app': label } } }),
  ];
  const findings = entrypointSelector.run(await worldOf(edited(REFERENCES['cce-overlay'], edits)));
  expect(findings.map((found) => [found.reason, found.fix])).toEqual([
    ['EntrypointSelectsNothing', expect.stringContaining(fix)],
  ]);
});
