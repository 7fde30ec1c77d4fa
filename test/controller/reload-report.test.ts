import { expect, test } from 'vitest';
import type { ReloadNews } from '../../src/config/live.ts';
import { createReloadReport, ownPod } from '../../src/controller/reload-report.ts';
import type { KubeEvent } from '../../src/kube/event-object.ts';

const POD = { POD_NAMESPACE: 'ops', POD_NAME: 'bridge-1', POD_UID: 'u1' };

function told(news: ReloadNews, env: Readonly<Record<string, string>> = POD): readonly KubeEvent[] {
  const events: KubeEvent[] = [];
  createReloadReport({ record: (event) => void events.push(event) }, ownPod(env))(news);
  return events;
}

test('what became of a changed file is told on the own Pod', () => {
  expect(told({ kind: 'applied', keys: ['readOnly'] })).toEqual([
    {
      target: { apiVersion: 'v1', kind: 'Pod', namespace: 'ops', name: 'bridge-1', uid: 'u1' },
      type: 'Normal',
      reason: 'ConfigurationChanged',
      action: 'Reload',
      message: 'In force without a restart: readOnly.',
    },
  ]);
  expect(told({ kind: 'restart', keys: ['lease.name', 'resync'] })[0]).toMatchObject({
    type: 'Warning',
    reason: 'RestartNeeded',
    message:
      'Changed, and in force after a restart: lease.name, resync. The chart restarts the Pods by itself; else: kubectl rollout restart.',
  });
  expect(told({ kind: 'refused', message: 'c.yaml: line 1: no such key.' })[0]).toMatchObject({
    type: 'Warning',
    reason: 'ConfigurationRefused',
    message: 'What was good before stays in force. c.yaml: line 1: no such key.',
  });
});

test('nothing is told where nothing waits any more, and outside of a Pod', () => {
  expect(told({ kind: 'restart', keys: [] })).toEqual([]);
  for (const missing of Object.keys(POD)) {
    expect(told({ kind: 'applied', keys: ['readOnly'] }, { ...POD, [missing]: '' })).toEqual([]);
  }
});
