import { NODES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { findDeadlock, helmMend } from '../../taints/bootstrap.ts';
import { DEFAULT_RULES, formatTaint, listedTaints, matches } from '../../taints/rules.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf, operatorsOf, readCilium } from '../facts/cilium.ts';
import { namesOf } from '../facts/names.ts';
import { networkOfCluster, ordinaryNodes } from '../facts/network.ts';

export const routeUnreachable = defineCheck({
  id: 'route-unreachable',
  section: 'cluster',
  link: 'node',
  title: "No node keeps a taint of the cloud's network that Cilium has made obsolete",
  looksAt: "taints of the nodes, readiness of their agents, whether Cilium's operator is scheduled",
  docs: PAGES.taints,
  causes: ['cilium-eni-mode'],
  needs: ['nodes', 'pods', 'daemonSets'],
  reasons: {
    ObsoleteTaintHoldsOperator:
      "Cilium's operator waits for a node without the taint, and the taint waits for a network that the operator must set up.",
    ObsoleteTaintLeft: 'Cilium is up on a node that still carries the taint: Pods are not scheduled there.',
  },
  run(world, say) {
    const { kube, config } = world;
    const { mode } = networkOfCluster(world);
    const nodes = ordinaryNodes(kube);
    const tainted = nodes.flatMap((node) => {
      const listed = listedTaints(node.taints, config.taints.rules).map(({ taint }) => taint);
      const rules = config.taints.rules ?? (mode === 'unknown' ? [] : DEFAULT_RULES[mode]);
      const obsolete = listed.filter((taint) => rules.some((rule) => matches(rule, taint)));
      return obsolete.length === 0 ? [] : [{ node, meta: node.meta, obsolete }];
    });
    const [first] = tainted;
    if (first === undefined) return [say.pass(`None of ${nodes.length} nodes carries such a taint.`)];
    const told = {
      nodes: namesOf(tainted),
      taints: [...new Set(tainted.flatMap(({ obsolete }) => obsolete.map(formatTaint)))],
    };
    if (mode === 'tke-native' || mode === 'cce-eni' || mode === 'cce-dataplane-v2' || mode === 'tke-built-in') {
      return [say.notApplicable(`In the network ${mode} that taint tells the truth: Pods wait for the cloud.`)];
    }
    const deadlock = findDeadlock(
      operatorsOf(kube),
      tainted.flatMap(({ obsolete }) => obsolete),
    );
    if (deadlock !== undefined) {
      return [
        say.fail('ObsoleteTaintHoldsOperator', {
          target: targetOf(NODES, first.meta),
          message: `Cilium's operator cannot be scheduled, because ${told.nodes} carry ${deadlock.keys.join(', ')}; without it no agent becomes Ready, and the taint stays.`,
          fix: helmMend(deadlock.pod, deadlock.keys),
          evidence: { ...told, operator: deadlock.pod.meta.name, scheduler: deadlock.pod.unschedulable },
        }),
      ];
    }
    const cilium = readCilium(kube);
    if (cilium?.routing === 'native' && !config.taints.routesHandled) {
      return [say.pass('Cilium routes natively: the taint may tell the truth about routes, which is looked at below.')];
    }
    const up = tainted.filter(({ meta }) => agentsOf(kube).some((agent) => agent.node === meta.name && agent.ready));
    const [left] = up;
    if (left === undefined)
      return [say.pass("Cilium isn't up on the nodes that carry such a taint.", { evidence: told })];
    const [taint] = left.obsolete;
    const command = `kubectl taint node ${left.meta.name} ${taint === undefined ? '' : `${taint.key}:${taint.effect}-`}`;
    return [
      say.fail('ObsoleteTaintLeft', {
        target: targetOf(NODES, left.meta),
        message: `Cilium is up on ${namesOf(up)}, and the taint ${left.obsolete.map(formatTaint).join(', ')} is still there: the cloud waits for its own network plugin, for ever.`,
        fix: `Let the controller of cilium-cloud-bridge run, which removes it from each new node too; or once, by hand: ${command}`,
        evidence: { ...told, nodes: up.map(({ meta }) => meta.name).slice(0, 20) },
      }),
    ];
  },
});
