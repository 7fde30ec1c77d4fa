import type { ReloadNews } from '../config/live.ts';
import type { EventRecorder } from '../kube/events.ts';
import { PODS } from '../kube/resources.ts';
import type { Environment } from '../lib/environment.ts';
import type { Target } from '../plan/plan.types.ts';

/** The Pod that the program runs in, as POD_NAMESPACE, POD_NAME and POD_UID say; undefined: in none that they name. */
export function ownPod({ POD_NAMESPACE, POD_NAME, POD_UID }: Environment): Target | undefined {
  if (!POD_NAMESPACE || !POD_NAME || !POD_UID) return undefined;
  return { apiVersion: 'v1', kind: PODS.kind, namespace: POD_NAMESPACE, name: POD_NAME, uid: POD_UID };
}

/** Tells on the program's own Pod, as Events, what became of a changed configuration file. */
export function createReloadReport(
  recorder: Pick<EventRecorder, 'record'>,
  pod: Target | undefined,
): (news: ReloadNews) => void {
  return (news) => {
    if (pod === undefined) return;
    const happened = describe(news);
    if (happened !== undefined) recorder.record({ target: pod, action: 'Reload', ...happened });
  };
}

function describe(
  news: ReloadNews,
): { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string } | undefined {
  switch (news.kind) {
    case 'applied':
      return {
        type: 'Normal',
        reason: 'ConfigurationChanged',
        message: `In force without a restart: ${news.keys.join(', ')}.`,
      };
    case 'restart':
      if (news.keys.length === 0) return undefined;
      return {
        type: 'Warning',
        reason: 'RestartNeeded',
        message: `Changed, and in force after a restart: ${news.keys.join(', ')}. The chart restarts the Pods by itself; else: kubectl rollout restart.`,
      };
    case 'refused':
      return {
        type: 'Warning',
        reason: 'ConfigurationRefused',
        message: `What was good before stays in force. ${news.message}`,
      };
  }
}
