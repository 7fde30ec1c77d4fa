import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSender } from '../control-plane/http.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { type CiliumOperator, startCiliumOperator } from '../fake-api/cilium-operator.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import type { Scenario } from './scenario.types.ts';

/** The cluster of the demo: a fake API server in this process, with models of Cilium's operator and the cloud's CCM. */
export interface DemoCluster {
  readonly api: FakeApi;
  readonly operator: CiliumOperator;
  readonly ccm: Ccm;
  readonly kubeconfigPath: string;
  /** Ends everything; the kubeconfig goes too. */
  stop(): Promise<void>;
}

export async function startDemoCluster({ objects, cloud, operator: settings }: Scenario): Promise<DemoCluster> {
  const api = await startFakeApi();
  for (const object of objects) api.apply(object);
  const operator = startCiliumOperator(api, settings);
  const sender = createSender({ server: api.url, ca: '' }, 'cloud');
  const ccm = startCcm({
    send: sender.send,
    dialect: cloud.dialect,
    manner: cloud.manner,
    addresses: cloud.addresses,
  });
  const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-demo-'));
  await operator.settled();
  return {
    api,
    operator,
    ccm,
    kubeconfigPath: api.writeKubeconfig(join(folder, 'kubeconfig')),
    async stop() {
      await ccm.stop();
      operator.stop();
      sender.close();
      await api.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
