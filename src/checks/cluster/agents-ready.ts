import { NODES, PODS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf, readCilium } from '../facts/cilium.ts';
import { listOf } from '../facts/names.ts';
import { ordinaryNodes } from '../facts/network.ts';

export const agentsReady = defineCheck({
  id: 'agents-ready',
  section: 'cluster',
  link: 'node',
  title: "Cilium's agent is Ready on every node",
  looksAt: "Pods of Cilium's agent on each Node",
  docs: PAGES.taints,
  causes: ['cilium-eni-mode', 'ipam-needs-podcidr', 'route-unreachable', 'operator-pending'],
  needs: ['pods', 'nodes', 'ciliumConfig'],
  reasons: {
    AgentOnNodeNotReady: 'The agent on a node is not Ready: Pods there are not served.',
    AgentOnNodeMissing: 'A node has no agent of Cilium at all.',
  },
  run({ kube }, say) {
    if (readCilium(kube) === undefined) return [say.notApplicable('There is no cilium-config.')];
    const agents = agentsOf(kube);
    const nodes = ordinaryNodes(kube);
    const namespace = kube.ciliumNamespace;
    const missing = nodes.filter(({ meta }) => !agents.some(({ node }) => node === meta.name));
    const down = agents.filter((pod) => !pod.ready && pod.node !== '');
    const [agent] = down;
    const [node] = missing;
    const findings = [];
    if (agent !== undefined) {
      const why = agent.containers
        .map(({ waiting, lastEnd }) => [waiting, lastEnd].filter((part) => part !== '').join(': '))
        .filter((part) => part !== '');
      findings.push(
        say.fail('AgentOnNodeNotReady', {
          target: targetOf(PODS, agent.meta),
          message: `Cilium's agent is not Ready on ${down.length} of ${nodes.length} nodes (${listOf(down.map((pod) => pod.node))})${why.length === 0 ? '' : `: ${why.join('; ')}`}.`,
          fix: `See what it says: kubectl -n ${namespace} logs ${agent.meta.name} -c cilium-agent --tail=100`,
          evidence: { pods: down.map((pod) => `${pod.meta.name} on ${pod.node}`).slice(0, 20), why },
        }),
      );
    }
    if (node !== undefined) {
      findings.push(
        say.fail('AgentOnNodeMissing', {
          target: targetOf(NODES, node.meta),
          message: `${missing.length} of ${nodes.length} nodes have no agent of Cilium (${listOf(missing.map(({ meta }) => meta.name))}): Pods there have no network.`,
          fix: `See why its DaemonSet leaves them out: kubectl -n ${namespace} describe daemonset cilium`,
          evidence: { nodes: missing.map(({ meta }) => meta.name).slice(0, 20) },
        }),
      );
    }
    return findings.length > 0 ? findings : [say.pass(`The agent is Ready on each of ${nodes.length} nodes.`)];
  },
});
