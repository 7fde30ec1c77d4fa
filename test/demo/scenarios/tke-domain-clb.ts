import { GATEWAYS, SERVICES } from '../../../src/kube/resources.ts';
import type { ObjectRef } from '../../../src/kube/types.ts';
import { waitFor } from '../../control-plane/wait.ts';
import { installedCilium } from '../cilium.ts';
import { addressesOf, gatewayAddresses, gatewayLine } from '../look.ts';
import { applyFile, waitForAddress } from '../manifests.ts';
import { tkeNode } from '../nodes.ts';
import type { Scenario } from '../scenario.types.ts';
import { parkedVpcCni, TKE_CLOUD, TKE_OVERLAY } from '../tke.ts';

const GATEWAY: ObjectRef = { namespace: 'default', name: 'shop' };
const ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'shop-lb' };
const FILE = 'test/demo/manifests/tke-domain-clb.yaml';
const CLB = 'lb-0pdq5m2r';
const DOMAIN = 'lb-0pdq5m2r-kq2v0m7f3c1n8xwe.clb.gz-tencentclb.com';
const OTHER_DOMAIN = 'lb-0pdq5m2r-9r4b6t1z8y5p2hsd.clb.gz-tencentclb.com';

export const tkeDomainClb: Scenario = {
  name: 'tke-domain-clb',
  title: 'TKE with a CLB that has a domain name and no address: the name is published',
  objects: () => [
    ...parkedVpcCni(),
    ...installedCilium({
      version: '1.19.5',
      config: TKE_OVERLAY,
      nodes: [tkeNode({ address: '10.0.3.4' }), tkeNode({ address: '10.0.3.8' })],
    }),
  ],
  cloud: { ...TKE_CLOUD, addresses: { [CLB]: [{ hostname: DOMAIN }] } },
  subjects: [
    {
      kind: 'Gateway',
      ref: GATEWAY,
      service: { namespace: 'default', name: 'cilium-gateway-shop' },
      entrypoint: ENTRYPOINT,
    },
  ],
  flags: [],
  story: [
    {
      kind: 'acts',
      acts: [
        {
          why: 'A Gateway, and a Service on a public CLB. Such CLBs have had a domain name in place of an address since March 2023. The Service says by annotation which Gateway it is for, so no --adopt is needed.',
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
    { kind: 'dry-run', code: 2, meaning: 'Code 2: there is something to write. A name needs no ipMode.' },
    {
      kind: 'once',
      text: 'The Service has no class of its own, so the program waits a few seconds to see that nobody undoes the write.',
      code: 0,
      meaning: 'Code 0: the Gateway shows the name, as an address of type Hostname.',
      writes: ['PATCH services kube-system/shop-lb', 'PATCH services/status default/cilium-gateway-shop'],
    },
    { kind: 'again', code: 0 },
    {
      kind: 'controller',
      change: {
        why: 'The CLB is replaced: its name changes.',
        async run({ ccm, api }) {
          ccm.setAddresses(CLB, [{ hostname: OTHER_DOMAIN }]);
          const shown = (): boolean => addressesOf(api.get(SERVICES, ENTRYPOINT)).includes(OTHER_DOMAIN);
          await waitFor('the other name', shown);
        },
        outcome: ({ api }) => `the entrypoint shows ${addressesOf(api.get(SERVICES, ENTRYPOINT)).join(', ')}`,
      },
      until: {
        what: 'the Gateway to show the other name',
        reached: ({ api }) => gatewayAddresses(api.get(GATEWAYS, GATEWAY)).includes(OTHER_DOMAIN),
      },
      writes: [
        'POST ciliumenvoyconfigs kube-system/ccb-shop-lb-2797b4h4c4',
        'PATCH services/status default/cilium-gateway-shop',
      ],
    },
  ],
  tryOut: [
    { what: 'look', command: 'kubectl get gateways,services,ciliumenvoyconfigs,events -A' },
    {
      what: 'let somebody write another address, with the controller running',
      command: `kubectl patch service cilium-gateway-shop --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.10"}]}}}'`,
    },
  ],
};
