import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAEMON_SETS } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { createSender } from '../control-plane/http.ts';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { type CiliumOperator, startCiliumOperator } from '../fake-api/cilium-operator.ts';
import { CUSTOM_KINDS } from '../fake-api/kinds.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { gatewayApiCrds, isOfGatewayApi } from './gateway-api.ts';
import { playKubelets } from './kubelets.ts';
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

/** Where the operator has neither Gateways nor Ingresses to look after. */
const IDLE_OPERATOR: CiliumOperator = {
  pause: () => undefined,
  resume: () => undefined,
  settled: () => Promise.resolve(),
  stop: () => undefined,
};

export async function startDemoCluster(scenario: Scenario): Promise<DemoCluster> {
  const { cloud, operator: settings } = scenario;
  const api = await startFakeApi({ crds: CUSTOM_KINDS.filter((kind) => !isOfGatewayApi(kind)) });
  for (const crd of gatewayApiCrds()) api.apply(crd);
  // Agents are a little younger than their configuration, which their installer wrote.
  const installed = { manager: 'helm', at: Date.now() - 3600_000 };
  for (const object of scenario.objects()) api.apply(withOwner(api, object), installed);
  const operator = settings === 'none' ? IDLE_OPERATOR : startCiliumOperator(api, settings);
  const sender = createSender({ server: api.url, ca: '' }, 'cloud');
  const ccm = startCcm({
    send: sender.send,
    dialect: cloud.dialect,
    manner: cloud.manner,
    addresses: cloud.addresses,
    ...(cloud.fieldManager === undefined ? {} : { fieldManager: cloud.fieldManager }),
  });
  const stopKubelets = playKubelets(api);
  const rest = scenario.live?.(api);
  const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-demo-'));
  await operator.settled();
  return {
    api,
    operator,
    ccm,
    kubeconfigPath: api.writeKubeconfig(join(folder, 'kubeconfig')),
    async stop() {
      rest?.();
      stopKubelets();
      await ccm.stop();
      operator.stop();
      sender.close();
      await api.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** With the uid of the DaemonSet that is named as its owner: Pods of nobody would be collected. */
function withOwner(api: FakeApi, object: RawObject): RawObject {
  const metadata = object.metadata as { readonly namespace?: string; readonly ownerReferences?: readonly RawObject[] };
  if (metadata.ownerReferences === undefined) return object;
  const ownerReferences = metadata.ownerReferences.map((owner) => {
    const found = api.get(DAEMON_SETS, { namespace: metadata.namespace ?? '', name: String(owner.name) });
    if (found === undefined) throw new Error(`no DaemonSet ${String(owner.name)}`);
    return { ...owner, uid: found.metadata.uid };
  });
  return { ...object, metadata: { ...metadata, ownerReferences } };
}
