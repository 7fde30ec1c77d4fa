import type { Config, TaintsConfig } from '../../src/config/config.types.ts';
import type { Announcer } from '../../src/controller/announcer.ts';
import { createLoop } from '../../src/controller/loop.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/logger.ts';
import type { ApplyPorts } from '../../src/plan/apply.ts';
import { createTaintReconciler, type TaintReconciler } from '../../src/taints/reconciler.ts';
import { createTaintView } from '../../src/taints/view.ts';
import type { TaintView } from '../../src/taints/view.types.ts';

export const MANAGER = 'cilium-cloud-bridge';

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
export function portsFor(client: KubeClient, mayWrite: () => boolean = () => true): ApplyPorts {
  const prepare = (): Promise<never> => Promise.reject(new Error('nothing is copied'));
  return { client, fieldManager: MANAGER, prepare, mayWrite };
}

export interface Watched {
  readonly view: TaintView;
  readonly reconciler: TaintReconciler;
  stop(): Promise<void>;
}

/** A view that was read once and is kept current, with a reconciler over it. */
export async function watchTaints(
  client: KubeClient,
  config: TaintsConfig,
  logger: Logger,
  onChange: () => void = () => undefined,
): Promise<Watched> {
  const ended = new AbortController();
  const view = createTaintView({ client, ciliumNamespace: 'kube-system', clock: systemClock, logger, onChange });
  const running = view.run(ended.signal);
  await view.whenAsked(ended.signal);
  const reconciler = createTaintReconciler({ view, config, clock: systemClock });
  return {
    view,
    reconciler,
    stop: async () => {
      ended.abort(new Error('stopped'));
      await running;
    },
  };
}

/** The controller's loop for taints, as `--controller` runs it, without a lease. */
export async function runTaintLoop(
  client: KubeClient,
  config: TaintsConfig,
  logger: Logger,
  announcer: Announcer,
  mayWrite: () => boolean = () => true,
): Promise<Watched & { wake(): void }> {
  let wake = (): void => undefined;
  const watched = await watchTaints(client, config, logger, () => wake());
  const loopConfig: Pick<Config, 'readOnly' | 'resyncMs'> = { readOnly: false, resyncMs: 600_000 };
  const loop = createLoop({
    reconciler: watched.reconciler,
    ports: portsFor(client, mayWrite),
    config: loopConfig,
    holdOff: undefined,
    history: new Map(),
    clock: systemClock,
    logger,
    announcer,
    random: Math.random,
  });
  wake = loop.wake;
  const ended = new AbortController();
  const running = loop.run(ended.signal, ended.signal);
  return {
    ...watched,
    wake,
    stop: async () => {
      ended.abort(new Error('stopped'));
      await running;
      await watched.stop();
    },
  };
}

/** An announcer that nobody hears. */
export const SILENT: Announcer = {
  applied: () => undefined,
  refused: () => undefined,
  finding: () => undefined,
  holdOff: () => undefined,
};
