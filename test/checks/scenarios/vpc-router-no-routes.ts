import { ciliumConfig, cloud, type Edit } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

/** A vpc-router cluster with native routing, as it is when the VPC has the routes. */
const GIVEN: readonly Edit[] = [
  ciliumConfig({ 'routing-mode': 'native', 'ipv4-native-routing-cidr': '10.100.0.0/16' }),
  cloud(({ cluster, routeTables, instances }) => ({
    cluster: { ...cluster, networkMode: 'vpc-router' },
    routeTables: routeTables.map((table) => ({
      ...table,
      routes: [
        ...table.routes,
        ...instances.map(({ id }, index) => ({
          destination: `10.100.${index}.0/24`,
          via: 'instance' as const,
          target: id,
          enabled: true,
        })),
      ],
    })),
  })),
];

export const scenarios: Scenarios = [
  {
    symptom: 'CoreDNS does not reach the API server; Pods on different nodes do not reach each other',
    reference: 'cce-overlay',
    given: GIVEN,
    broken: [
      cloud(({ routeTables }) => ({
        routeTables: routeTables.map((table) => ({
          ...table,
          routes: table.routes.filter(({ destination }) => destination !== '10.100.1.0/24'),
        })),
      })),
    ],
    reason: 'VpcRouteMissing',
    follows: ['auto-direct-routes'],
  },
  {
    symptom: 'the same, because a route still leads to a server that was replaced',
    reference: 'cce-overlay',
    given: GIVEN,
    broken: [
      cloud(({ routeTables }) => ({
        routeTables: routeTables.map((table) => ({
          ...table,
          routes: table.routes.map((route) =>
            route.destination === '10.100.2.0/24' ? { ...route, target: 'server-of-yesterday' } : route,
          ),
        })),
      })),
    ],
    reason: 'VpcRouteMissing',
    follows: ['auto-direct-routes'],
  },
];
