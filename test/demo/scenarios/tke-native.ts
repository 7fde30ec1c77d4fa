import { GATEWAYS } from '../../../src/kube/resources.ts';
import type { ObjectRef } from '../../../src/kube/types.ts';
import { installedCilium } from '../cilium.ts';
import { gatewayLine } from '../look.ts';
import { applyFile, waitForAddress } from '../manifests.ts';
import { tkeNode } from '../nodes.ts';
import type { Scenario } from '../scenario.types.ts';
import { runningVpcCni, TKE_CLOUD, TKE_NATIVE } from '../tke.ts';

const GATEWAY: ObjectRef = { namespace: 'default', name: 'web' };
const ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'web-lb' };
const FILE = 'test/demo/manifests/tke-overlay.yaml';
const WAITING = { status: 'Unknown', reason: 'Pending', message: 'Waiting for controller', observedGeneration: 0 };

export const tkeNative: Scenario = {
  name: 'tke-native',
  title: 'TKE with Cilium beside VPC-CNI (native mode), where Cilium can serve no Gateway: the program says so',
  objects: () => [
    ...runningVpcCni(2),
    ...installedCilium({
      version: '1.19.5',
      config: TKE_NATIVE,
      gatewayApi: false,
      nodes: [tkeNode({ address: '10.0.2.5' }), tkeNode({ address: '10.0.2.9' })],
    }),
  ],
  operator: 'none',
  cloud: { ...TKE_CLOUD, addresses: { 'lb-6swtk3yh': [{ ip: '43.139.200.17' }] } },
  subjects: [
    {
      kind: 'Gateway',
      ref: GATEWAY,
      service: { namespace: 'default', name: 'cilium-gateway-web' },
      entrypoint: ENTRYPOINT,
    },
  ],
  flags: ['--adopt', 'auto'],
  story: [
    {
      kind: 'acts',
      text: 'VPC-CNI gives Pods their addresses, Cilium is chained behind it. In this mode the agents refuse to start with the Gateway API switched on, so it is off.',
      acts: [
        {
          why: 'The Gateway API is installed all the same, and somebody applies a Gateway that works in another cluster. It waits without end, and nothing in it says why.',
          command: `kubectl apply -f ${FILE}`,
          async run(cluster) {
            await applyFile(cluster, FILE);
            await waitForAddress(cluster, ENTRYPOINT);
            // What the CRD gives to each new Gateway.
            const conditions = ['Accepted', 'Programmed'].map((type) => ({ type, ...WAITING }));
            cluster.api.update(GATEWAYS, GATEWAY, (gateway) => Object.assign(gateway, { status: { conditions } }), {
              subresource: 'status',
            });
          },
          outcome: ({ api }) => gatewayLine(api.get(GATEWAYS, GATEWAY)),
        },
      ],
    },
    { kind: 'view' },
    {
      kind: 'dry-run',
      heading: 'What the program says',
      code: 2,
      meaning: 'Code 2: something is wrong, and no write of this program would mend it.',
    },
    {
      kind: 'once',
      heading: 'Asked to write, it writes nothing',
      code: 2,
      meaning: 'An address in the status would make the Gateway look well, and no connection would be answered.',
      writes: [],
    },
    { kind: 'again', heading: 'Once more: the same', code: 2 },
  ],
  left: [
    'Gateway default/web: Programmed Unknown',
    'Gateway default/web: addresses none',
    'Service default/cilium-gateway-web: status not there',
    'Service kube-system/web-lb: port 80',
  ],
  tryOut: [
    { what: 'look', command: 'kubectl get gatewayclasses,gateways,services -A' },
    { what: 'see the mode', command: 'kubectl -n kube-system get configmap cilium-config -o yaml' },
  ],
};
