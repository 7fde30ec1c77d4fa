import type { CloudPublicIp } from '../../../src/providers/provider.types.ts';
import { cloud, type Edit } from '../cluster-data.ts';
import type { Scenarios } from '../scenario.types.ts';

/** Changes the EIP of the second node. */
function eip(change: Partial<CloudPublicIp>): Edit {
  return cloud(({ publicIps }) => ({
    publicIps: publicIps.map((ip) => (ip.address === '43.139.20.22' ? { ...ip, ...change } : ip)),
  }));
}

export const scenarios: Scenarios = [
  {
    symptom: 'a node does not answer at its public address, and reaches nothing public',
    reference: 'tke-overlay',
    broken: [eip({ state: 'unbound', stateText: 'AddressStatus UNBIND', boundTo: undefined })],
    reason: 'EipNotBound',
  },
  {
    symptom: 'what is sent to the public address of a node arrives at another server',
    reference: 'tke-native',
    broken: [eip({ boundTo: { kind: 'instance', id: 'ins-other' } })],
    reason: 'EipBoundElsewhere',
  },
  {
    symptom: 'a node lost the internet overnight',
    reference: 'tke-overlay',
    broken: [eip({ state: 'arrears', stateText: 'AddressStatus BIND, IsArrears true' })],
    reason: 'EipInArrears',
  },
  {
    symptom: 'a node lost the internet during an attack',
    reference: 'tke-native',
    broken: [eip({ state: 'blocked', stateText: 'AddressStatus BIND, IsBlocked true' })],
    reason: 'EipBlocked',
  },
  {
    symptom: 'clients get no answer at the public address of the load balancer',
    reference: 'cce-overlay',
    broken: [
      cloud(({ publicIps }) => ({
        publicIps: publicIps.map((ip) => ({ ...ip, state: 'frozen', stateText: 'status FREEZED, bandwidth FREEZED' })),
      })),
    ],
    reason: 'EipBlocked',
  },
  {
    symptom: 'a node with a public address reaches nothing public',
    reference: 'tke-overlay',
    broken: [eip({ bandwidthMbps: 0 })],
    reason: 'EipWithoutBandwidth',
  },
  {
    symptom: 'the address of a new node is not there yet',
    reference: 'tke-overlay',
    broken: [eip({ state: 'pending', stateText: 'AddressStatus BINDING' })],
    verdict: 'warn',
    reason: 'EipPending',
  },
  {
    symptom: 'the cloud has learnt a new word',
    reference: 'tke-native',
    broken: [eip({ state: 'unknown', stateText: 'AddressStatus MOVING' })],
    verdict: 'unknown',
    reason: 'EipStateUnknown',
  },
  {
    symptom: 'this account may not read bandwidths, and a frozen one stops all traffic',
    reference: 'cce-overlay',
    broken: [
      cloud(({ publicIps }) => ({
        publicIps: publicIps.map((ip) => ({
          ...ip,
          unknownBecause: 'vpc:bandwidths:get: 403 APIGW.0302: not authorized. Grant vpc:bandwidths:get.',
        })),
      })),
    ],
    verdict: 'unknown',
    reason: 'EipBandwidthUnknown',
  },
];
