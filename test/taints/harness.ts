import type { TaintsConfig } from '../../src/config/config.types.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/logger.ts';
import type { ApplyPorts } from '../../src/plan/apply.ts';
import { createTaintReconciler, type TaintReconciler } from '../../src/taints/reconciler.ts';
import { createTaintView } from '../../src/taints/view.ts';

const MANAGER = 'cilium-cloud-bridge';

/** A client of a real or fake API server. */
export function clientFor(kubeconfig: string): { readonly client: KubeClient; close(): void } {
  const connection = openConnection({ path: kubeconfig, clock: systemClock });
  const client = createKubeClient({ connection, userAgent: 'test', clock: systemClock });
  return {
    client,
    close: () => {
      client.close();
      connection.close();
    },
  };
}

/** What carrying a write out needs; taints never copy anything. */
export function portsFor(client: KubeClient): ApplyPorts {
  const prepare = (): Promise<never> => Promise.reject(new Error('nothing is copied'));
  return { client, fieldManager: MANAGER, prepare, mayWrite: () => true };
}

interface Watched {
  readonly reconciler: TaintReconciler;
  stop(): Promise<void>;
}

/** A view that was read once and is kept current, with a reconciler over it. */
export async function watchTaints(client: KubeClient, config: TaintsConfig, logger: Logger): Promise<Watched> {
  const ended = new AbortController();
  const onChange = (): void => undefined;
  const view = createTaintView({ client, ciliumNamespace: 'kube-system', clock: systemClock, logger, onChange });
  const running = view.run(ended.signal);
  await view.whenAsked(ended.signal);
  const reconciler = createTaintReconciler({ view, config: () => config, clock: systemClock });
  return {
    reconciler,
    stop: async () => {
      ended.abort(new Error('stopped'));
      await running;
    },
  };
}
