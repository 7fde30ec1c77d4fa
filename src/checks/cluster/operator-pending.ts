import { PODS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { blamedKeys, helmMend } from '../../taints/bootstrap.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { leavingOperatorsOf, operatorsOf, readCilium } from '../facts/cilium.ts';
import { ordinaryNodes } from '../facts/network.ts';
import { isStarting } from '../facts/starting.ts';

export const operatorPending = defineCheck({
  id: 'operator-pending',
  section: 'cluster',
  link: 'Envoy',
  title: "Cilium's operator runs",
  looksAt: "Pods of Cilium's operator, taints of the nodes",
  docs: PAGES.taints,
  causes: ['route-unreachable'],
  needs: ['pods', 'nodes', 'ciliumConfig'],
  reasons: {
    OperatorNotScheduled: 'No node takes the operator: taints that it does not tolerate, or a lack of room.',
    OperatorNotRunning: 'The operator is not Ready.',
    OperatorMissing: 'There is no Pod of the operator.',
    OperatorStarting: 'The operator starts, or is being replaced.',
  },
  run({ kube, now }, say) {
    if (readCilium(kube) === undefined) return [say.notApplicable('There is no cilium-config.')];
    const operators = operatorsOf(kube);
    const ready = operators.filter((pod) => pod.ready);
    if (ready.length > 0) return [say.pass(`${ready.length} of ${operators.length} Pods of the operator are Ready.`)];
    const namespace = kube.ciliumNamespace;
    const [first] = operators;
    const starting = operators.find((pod) => pod.unschedulable === '' && isStarting(pod, now));
    const [leaving] = first === undefined ? leavingOperatorsOf(kube) : [];
    const coming = starting ?? leaving;
    if (coming !== undefined) {
      return [
        say.warn('OperatorStarting', {
          target: targetOf(PODS, coming.meta),
          message: `No Pod of Cilium's operator is Ready yet: ${coming.meta.name} ${coming.meta.deleting ? 'is being replaced' : 'starts'}.`,
          fix: `Wait until it is done: kubectl -n ${namespace} rollout status deployment/cilium-operator`,
          evidence: { pod: coming.meta.name, phase: coming.phase },
        }),
      ];
    }
    if (first === undefined) {
      return [
        say.fail('OperatorMissing', {
          message: `There is no Pod of Cilium's operator in namespace ${namespace}: nobody makes Services for Gateways, nor addresses for new nodes.`,
          fix: `See what became of its Deployment: kubectl -n ${namespace} describe deployment cilium-operator`,
          evidence: { namespace, label: 'io.cilium/app=operator' },
        }),
      ];
    }
    const waiting = operators.find((pod) => pod.unschedulable !== '');
    if (waiting !== undefined) {
      const keys = blamedKeys(
        waiting,
        ordinaryNodes(kube).flatMap(({ taints }) => taints),
      );
      return [
        say.fail('OperatorNotScheduled', {
          target: targetOf(PODS, waiting.meta),
          message: `Cilium's operator is not on any node: ${waiting.unschedulable.replace(/\.$/, '')}.`,
          fix:
            keys.length > 0
              ? helmMend(waiting, keys)
              : `Make room for it, or see what it asks for: kubectl -n ${namespace} describe pod ${waiting.meta.name}`,
          evidence: { scheduler: waiting.unschedulable, taints: keys },
        }),
      ];
    }
    return [
      say.fail('OperatorNotRunning', {
        target: targetOf(PODS, first.meta),
        message: `Cilium's operator is not Ready (${first.containers.map(({ waiting: why, lastEnd }) => [why, lastEnd].filter((part) => part !== '').join(': ')).join('; ') || first.phase}).`,
        fix: `See what it says: kubectl -n ${namespace} logs ${first.meta.name} --previous`,
        evidence: {
          phase: first.phase,
          containers: first.containers.map(({ name, restarts, waiting: why, lastEnd }) => ({
            name,
            restarts,
            waiting: why,
            lastEnd,
          })),
        },
      }),
    ];
  },
});
