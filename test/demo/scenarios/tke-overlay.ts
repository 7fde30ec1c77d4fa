import { ENVOY_CONFIGS, GATEWAYS, NODES, PODS } from '../../../src/kube/resources.ts';
import type { ObjectRef } from '../../../src/kube/types.ts';
import { agentName, installedCilium, makeReady } from '../cilium.ts';
import { gatewayLine, taintsOf } from '../look.ts';
import { applyFile, waitForAddress } from '../manifests.ts';
import { ENI_IP_UNAVAILABLE, tkeNode } from '../nodes.ts';
import type { Scenario } from '../scenario.types.ts';
import { parkedVpcCni, TKE_CLOUD, TKE_OVERLAY } from '../tke.ts';

const GATEWAY: ObjectRef = { namespace: 'default', name: 'web' };
const ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'web-lb' };
const NODE_NAMES = ['10.0.1.7', '10.0.1.12', '10.0.1.31'] as const;
const LATE = NODE_NAMES[2];
const FILE = 'test/demo/manifests/tke-overlay.yaml';

export const tkeOverlay: Scenario = {
  name: 'tke-overlay',
  title: 'TKE with Cilium as an overlay: a Gateway behind a CLB, and nodes that keep a taint of VPC-CNI',
  objects: () => [
    ...parkedVpcCni(),
    ...installedCilium({
      version: '1.19.5',
      config: TKE_OVERLAY,
      nodes: NODE_NAMES.map((address) =>
        tkeNode({ address, taints: [ENI_IP_UNAVAILABLE], ...(address === LATE ? { age: 90 } : {}) }),
      ),
      notReady: [LATE],
    }),
  ],
  cloud: { ...TKE_CLOUD, addresses: { 'lb-6swtk3yh': [{ ip: '43.139.200.17' }] } },
  subjects: [
    {
      kind: 'Gateway',
      ref: GATEWAY,
      service: { namespace: 'default', name: 'cilium-gateway-web' },
      entrypoint: ENTRYPOINT,
    },
  ],
  nodes: true,
  flags: ['--adopt', 'auto'],
  story: [
    {
      kind: 'acts',
      text: 'VPC-CNI is parked, Cilium gives Pods their addresses. Two agents are up, the third node has just joined. VPC-CNI is no longer there to take its taint away, so no Pod is scheduled.',
      acts: [
        {
          why: "A Gateway in a class of its own, so that TKE's service-controller leaves its Service alone, and a Service on the CLB that leads to Envoy. Nobody knows the right targetPort: Cilium chooses it.",
          command: `kubectl apply -f ${FILE}`,
          async run(cluster) {
            await applyFile(cluster, FILE);
            await waitForAddress(cluster, ENTRYPOINT);
          },
          outcome: ({ api }) => gatewayLine(api.get(GATEWAYS, GATEWAY)),
        },
      ],
    },
    { kind: 'view' },
    {
      kind: 'dry-run',
      code: 2,
      meaning:
        'Code 2: there is something to write. The third node keeps its taint: without an agent no Pod on it would get an address, so the taint tells the truth.',
    },
    {
      kind: 'once',
      code: 0,
      meaning: 'Code 0: everything that may be written was written.',
      writes: [
        'PATCH services kube-system/web-lb',
        'PATCH services/status default/cilium-gateway-web',
        `PATCH nodes ${NODE_NAMES[1]}`,
        `PATCH nodes ${NODE_NAMES[0]}`,
      ],
    },
    { kind: 'again', code: 0 },
    {
      kind: 'controller',
      change: {
        why: 'Cilium comes up on the third node.',
        async run({ api }) {
          makeReady(api, { namespace: 'kube-system', name: agentName(2) });
          await Promise.resolve();
        },
        outcome: ({ api }) =>
          `Pod ${String(api.get(PODS, { namespace: 'kube-system', name: agentName(2) })?.metadata.name)} is Ready`,
      },
      until: {
        what: 'the third node to be freed',
        reached: ({ api }) =>
          taintsOf(api.get(NODES, { namespace: '', name: LATE })).length === 0 &&
          api.list(ENVOY_CONFIGS, 'kube-system').length === 1,
      },
      writes: ['POST ciliumenvoyconfigs kube-system/ccb-web-lb-978gcbg4cg', `PATCH nodes ${LATE}`],
    },
  ],
  tryOut: [
    { what: 'look', command: 'kubectl get gateways,services,nodes,events -A' },
    {
      what: 'the taint comes back',
      command: `kubectl taint node --overwrite ${NODE_NAMES[0]} tke.cloud.tencent.com/eni-ip-unavailable=true:NoSchedule`,
    },
    {
      what: 'pause the Gateway: from now on it is looked at and not written',
      command: 'kubectl annotate gateway web cilium-cloud-bridge.io/paused=true',
    },
  ],
};
