import { isAgent } from '../../cilium/agents.ts';
import { NODES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { describeFigures, figuresOf } from '../../probe/figures.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { groupsOf, NO_TARGETS, NOT_PROBED, NOT_TRIED, rowsOf, silentIn, wasPlanned } from './reading.ts';

export const probeNodes = defineCheck({
  id: 'probe-nodes',
  section: 'probe',
  link: 'node',
  title: "Each node answers on the entrypoint's NodePort and the Gateway's",
  looksAt: 'connections from here to both NodePorts of each node (`--probe`)',
  docs: PAGES.gatewayApi,
  causes: ['agents-ready'],
  needs: [],
  reasons: {
    NodeDoesNotAnswer: 'One node answers no connection where others do.',
    NodesRefuse: 'No node answers on a NodePort, and some refuse: nothing serves it.',
    NodesOutOfReach: 'No node answers, and none refuses: from here they are most likely not reachable at all.',
    NodesNotTried: 'No connection to a NodePort was begun.',
  },
  run(world, say) {
    const { kube, probe } = world;
    if (probe === undefined) return [say.notApplicable(NOT_PROBED)];
    const groups = groupsOf(world, probe).filter(({ place }) => place !== 'published');
    if (groups.length === 0) {
      const isPlanned = wasPlanned(probe, 'entrypoint', 'gateway');
      return [isPlanned ? say.unknown('NodesNotTried', NOT_TRIED) : say.notApplicable(NO_TARGETS)];
    }
    const silent = Map.groupBy(groups.flatMap(silentIn), ({ target }) => target.node);
    const findings = [...silent].map(([name, results]) => {
      const node = kube.nodes.items.find(({ meta }) => meta.name === name);
      const agent = kube.pods.items.find((pod) => isAgent(pod) && pod.node === name);
      const ports = [...new Set(results.map(({ target }) => target.port))].join(' and ');
      const about =
        agent === undefined
          ? ' No agent of Cilium runs there.'
          : agent.ready
            ? ' Its agent says that it is Ready.'
            : ` Cilium's agent there (${agent.meta.name}) is not Ready.`;
      const logs =
        agent === undefined
          ? `kubectl -n ${kube.ciliumNamespace} describe daemonset cilium`
          : `kubectl -n ${agent.meta.namespace} logs ${agent.meta.name} -c cilium-agent --tail=100`;
      return say.fail('NodeDoesNotAnswer', {
        target: node === undefined ? undefined : targetOf(NODES, node.meta),
        message: `Node ${name} answers nothing on port ${ports}, where others answer (${describeFigures(figuresOf(results.flatMap(({ attempts }) => attempts)))}).${about}`,
        fix: `See what its agent and Envoy say: ${logs}`,
        evidence: { connections: rowsOf(results) },
      });
    });
    const everywhere = groups.filter(
      // All refused is what Local predicts: probe-share says so.
      ({ figures, results, shareOf }) =>
        figures.outcomes.answered === 0 && !results.every(({ target }) => shareOf(target.node) === 1),
    );
    for (const { state, place, listenerPort, results, figures } of everywhere) {
      const { key, target } = state.subject;
      const port = results[0]?.target.port;
      const what = `the ${place === 'gateway' ? "Gateway's own" : "entrypoint's"} NodePort ${port} (port ${listenerPort} of ${key})`;
      const said = describeFigures(figures);
      const common = { target, evidence: { connections: rowsOf(results) } };
      findings.push(
        figures.outcomes.refused + figures.outcomes.reset > 0
          ? say.fail('NodesRefuse', {
              ...common,
              message: `No node answers on ${what}: ${said}.`,
              fix: `See whether Envoy listens: kubectl -n ${kube.ciliumNamespace} exec ds/cilium -- cilium-dbg service list`,
            })
          : say.unknown('NodesOutOfReach', {
              ...common,
              message: `No node was reached on ${what}: ${said}. From here the nodes are not reachable, or their security group lets this machine not in.`,
              fix: "Run doctor --probe on a machine in the cluster's VPC that the nodes' security group lets in.",
            }),
      );
    }
    if (findings.length > 0) return findings;
    return groups.map(({ state, place, listenerPort, figures, results }) =>
      say.pass(
        `Port ${listenerPort} of ${state.subject.key}, ${place === 'gateway' ? "the Gateway's own" : "the entrypoint's"} NodePort ${results[0]?.target.port}, on ${results.length} nodes: ${describeFigures(figures)}.`,
        { target: state.subject.target, evidence: { connections: rowsOf(results) } },
      ),
    );
  },
});
