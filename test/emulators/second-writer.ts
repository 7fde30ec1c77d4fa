import type { ObjectRef } from '../../src/kube/types.ts';
import type { Send } from '../control-plane/http.ts';
import { valueAt } from '../control-plane/objects.ts';
import { createServiceApi, repeat } from './service-api.ts';

export interface SecondWriterOptions {
  readonly send: Send;
  readonly service: ObjectRef;
  /** What it insists on for the Service's first port. */
  readonly targetPort: number;
  readonly fieldManager: string;
  /** Between two looks; default 300. */
  readonly everyMs?: number;
}

/** Sets the targetPort of a Service back to what it has in its source, as a GitOps tool does. */
export function startSecondWriter(options: SecondWriterOptions): { reverted(): number; stop(): Promise<void> } {
  const { service, targetPort, fieldManager, everyMs = 300 } = options;
  const api = createServiceApi(options.send);
  const path = '/spec/ports/0/targetPort';
  let reverted = 0;
  const loop = repeat(everyMs, async () => {
    const found = (await api.list()).find(
      ({ metadata }) => metadata.namespace === service.namespace && metadata.name === service.name,
    );
    if (found === undefined || valueAt(found, 'spec', 'ports', 0, 'targetPort') === targetPort) return;
    const body = [{ op: 'replace', path, value: targetPort }];
    if ((await api.patch(service, body, fieldManager, 'json')) === 200) reverted += 1;
  });
  return { reverted: () => reverted, stop: loop.stop };
}
