import { type Edit, patch } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

const NAME = 'lb-6swtk3yh-x1y2.clb.gz-tencentclb.net';

/** A CLB as new accounts get it: with a name, and addresses that move. */
const GIVEN: readonly Edit[] = [
  patch('Service kube-system/web-lb', { status: { loadBalancer: { ingress: [{ hostname: NAME }] } } }),
  patch('Service default/cilium-gateway-web', { status: { loadBalancer: { ingress: [{ hostname: NAME }] } } }),
  patch('Gateway default/web', { status: { addresses: [{ type: 'Hostname', value: NAME }] } }),
];

export const scenarios: Scenarios = [
  {
    symptom: '`Programmed: False / AddressNotUsable`: the Gateway asks for an address, and the CLB has only a name',
    reference: 'tke-overlay',
    given: GIVEN,
    broken: [
      patch('Gateway default/web', {
        spec: { addresses: [{ type: 'IPAddress', value: '43.139.30.5' }] },
        status: {
          addresses: null,
          conditions: [
            {
              type: 'Programmed',
              status: 'False',
              reason: 'AddressNotUsable',
              message: "StaticAddress can't be used",
              observedGeneration: 1,
            },
          ],
        },
      }),
    ],
    reason: 'NameWhereAddressIsWanted',
    follows: ['gateway-not-programmed'],
  },
];
