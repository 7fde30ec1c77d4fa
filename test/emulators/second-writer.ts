import type { ObjectRef } from '../../src/kube/types.ts';
import type { Send } from '../control-plane/http.ts';
import { valueAt } from '../control-plane/objects.ts';
import type { CloudAddress } from './ccm.ts';
import { createServiceApi, repeat } from './service-api.ts';

export interface SecondWriterOptions {
  readonly send: Send;
  readonly service: ObjectRef;
  /** What it insists on for the Service's first port. */
  readonly targetPort?: number;
  /** What it insists on in the Service's status; empty: no address at all. */
  readonly addresses?: readonly CloudAddress[];
  readonly fieldManager: string;
  /** Between two looks; default 300. */
  readonly everyMs?: number;
}

/** Sets fields of a Service back to what it thinks they should be, as a GitOps tool or a careless script does. */
export function startSecondWriter(options: SecondWriterOptions): { reverted(): number; stop(): Promise<void> } {
  const { service, targetPort, addresses, fieldManager, everyMs = 300 } = options;
  const api = createServiceApi(options.send);
  const path = '/spec/ports/0/targetPort';
  let reverted = 0;
  const loop = repeat(everyMs, async () => {
    const found = (await api.list()).find(
      ({ metadata }) => metadata.namespace === service.namespace && metadata.name === service.name,
    );
    if (found === undefined) return;
    if (targetPort !== undefined && valueAt(found, 'spec', 'ports', 0, 'targetPort') !== targetPort) {
      const body = [{ op: 'replace', path, value: targetPort }];
      if ((await api.patch(service, body, fieldManager, 'json')) === 200) reverted += 1;
    }
    if (addresses !== undefined && !hasAddresses(found, addresses)) {
      const body = { status: { loadBalancer: { ingress: addresses.length === 0 ? null : addresses } } };
      if ((await api.patch(service, body, fieldManager, 'merge', 'status')) === 200) reverted += 1;
    }
  });
  return { reverted: () => reverted, stop: loop.stop };
}

function hasAddresses(service: unknown, wanted: readonly CloudAddress[]): boolean {
  const present = valueAt(service, 'status', 'loadBalancer', 'ingress') ?? [];
  const text = (entry: unknown): string => String(valueAt(entry, 'ip') ?? valueAt(entry, 'hostname'));
  return Array.isArray(present) && present.map(text).join() === wanted.map(text).join();
}
