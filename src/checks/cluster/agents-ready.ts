import { NODES, PODS } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf, leavingAgentsOf, readCilium } from '../facts/cilium.ts';
import { listOf } from '../facts/names.ts';
import { ordinaryNodes } from '../facts/network.ts';
import { isStarting, isYoung } from '../facts/starting.ts';

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
    AgentOnNodeStarting: 'The agent on a node is being replaced, or starts: a rollout, or a new node.',
  },
  run({ kube, now }, say) {
    if (readCilium(kube) === undefined) return [say.notApplicable('There is no cilium-config.')];
    const agents = agentsOf(kube);
    const nodes = ordinaryNodes(kube);
    const namespace = kube.ciliumNamespace;
    const bare = nodes.filter(({ meta }) => !agents.some(({ node }) => node === meta.name));
    const leaving = new Set(leavingAgentsOf(kube).map((pod) => pod.node));
    const missing = bare.filter(({ meta }) => !leaving.has(meta.name) && !isYoung(meta, now));
    const notReady = agents.filter((pod) => !pod.ready && pod.node !== '');
    const down = notReady.filter((pod) => !isStarting(pod, now));
    const starting = [
      ...notReady.filter((pod) => !down.includes(pod)).map((pod) => pod.node),
      ...bare.filter((node) => !missing.includes(node)).map(({ meta }) => meta.name),
    ];
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
    if (starting.length > 0) {
      findings.push(
        say.warn('AgentOnNodeStarting', {
          message: `Cilium's agent starts, or is being replaced, on ${starting.length} of ${nodes.length} nodes (${listOf(starting)}).`,
          fix: `Wait until it is done: kubectl -n ${namespace} rollout status daemonset/cilium`,
          evidence: { nodes: starting.slice(0, 20) },
        }),
      );
    }
    return findings.length > 0 ? findings : [say.pass(`The agent is Ready on each of ${nodes.length} nodes.`)];
  },
});
