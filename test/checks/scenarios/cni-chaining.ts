import { ciliumConfig, withObjects } from '../cluster-data.ts';
import { daemonSet } from '../reference/parts.ts';
import type { Scenarios } from '../scenario.types.ts';

export const scenarios: Scenarios = [
  {
    symptom: 'Pods have two interfaces, or none that Cilium manages',
    reference: 'cce-overlay',
    broken: [ciliumConfig({ 'cni-chaining-mode': 'generic-veth' })],
    reason: 'ChainedWhereAlone',
  },
  {
    symptom: 'on the native network no Pod is an endpoint of Cilium',
    reference: 'tke-native',
    broken: [ciliumConfig({ 'cni-chaining-mode': 'none' })],
    reason: 'NotChainedOnNative',
  },
  {
    symptom: 'Pods get no further interfaces of Multus any more',
    reference: 'tke-overlay',
    broken: [
      withObjects(
        daemonSet(
          'kube-multus-ds',
          { app: 'multus' },
          'kube-multus',
          'ghcr.io/k8snetworkplumbingwg/multus-cni:v4.2.3',
          3,
        ),
      ),
    ],
    reason: 'ExclusiveBesideMultus',
  },
];
