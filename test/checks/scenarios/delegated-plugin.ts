import { ciliumConfig, withObjects } from '../cluster-data.ts';
import { gateway, gatewayClass } from '../reference/parts.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'a Gateway on the native network of TKE is never served',
    reference: 'tke-native',
    broken: [
      ciliumConfig({ 'enable-gateway-api': 'true', 'enable-envoy-config': 'true' }),
      withObjects(
        ...gatewayClass(),
        ...gateway('web', { nodePort: 31544, addresses: [], route: { name: 'web', backend: 'web' } }),
      ),
    ],
    reason: 'GatewaysOnDelegatedPlugin',
  },
];
