import { cloud } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'pod-to-world of cilium connectivity test fails; images are not pulled',
    reference: 'cce-overlay',
    broken: [
      cloud(({ routeTables }) => ({
        natGateways: [],
        routeTables: routeTables.map((table) => ({ ...table, routes: [] })),
      })),
    ],
    reason: 'NodeWithoutExit',
  },
  {
    symptom: 'all traffic goes through a firewall of the company',
    reference: 'cce-overlay',
    broken: [
      cloud(({ routeTables }) => ({
        routeTables: routeTables.map((table) => ({
          ...table,
          routes: [{ destination: '0.0.0.0/0', via: 'cloud-network', target: 'er-1', enabled: true }],
        })),
      })),
    ],
    verdict: 'warn',
    reason: 'NodeExitNotKnown',
  },
  {
    symptom: 'the same, by two routes that are halves of everything',
    reference: 'cce-overlay',
    broken: [
      cloud(({ routeTables }) => ({
        routeTables: routeTables.map((table) => ({
          ...table,
          routes: ['0.0.0.0/1', '128.0.0.0/1'].map((destination) => ({
            destination,
            via: 'instance',
            target: 'firewall',
            enabled: true,
          })),
        })),
      })),
    ],
    verdict: 'warn',
    reason: 'NodeExitNotKnown',
  },
];
