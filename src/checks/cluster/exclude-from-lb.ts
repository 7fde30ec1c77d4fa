import { NODES } from '../../kube/resources.ts';
import { targetOf } from '../../plan/make.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { agentsOf } from '../facts/cilium.ts';
import { namesOf } from '../facts/names.ts';
import { ordinaryNodes } from '../facts/network.ts';

const LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

export const excludeFromLb = defineCheck({
  id: 'exclude-from-lb',
  section: 'cluster',
  link: 'target',
  title: 'Nodes with an agent may be members of load balancers',
  looksAt: `label \`${LABEL}\` of the Nodes`,
  docs: PAGES.excludeFromLb,
  needs: ['nodes', 'pods'],
  reasons: {
    EveryNodeExcluded: 'The cloud controller leaves every node that could serve out of its load balancers.',
  },
  run({ kube }, say) {
    const nodes = ordinaryNodes(kube);
    if (nodes.length === 0) return [say.notApplicable('There is no node.')];
    const excluded = nodes.filter(({ meta }) => meta.labels[LABEL] !== undefined);
    const agents = agentsOf(kube);
    // Where no agent can be seen, any node could serve.
    const serving =
      agents.length === 0 ? nodes : nodes.filter(({ meta }) => agents.some(({ node }) => node === meta.name));
    const left = serving.filter((node) => !excluded.includes(node));
    const [first] = excluded;
    if (first === undefined) return [say.pass('No node is excluded.')];
    if (left.length > 0) {
      return [
        say.pass(
          `${left.length} nodes with an agent are not excluded; ${namesOf(excluded)} ${excluded.length === 1 ? 'is' : 'are'}.`,
        ),
      ];
    }
    return [
      say.fail('EveryNodeExcluded', {
        target: targetOf(NODES, first.meta),
        message: `Every node that runs an agent of Cilium carries ${LABEL} (${namesOf(excluded)}): load balancers get no members.`,
        fix: `Remove it from the nodes that shall serve: kubectl label node ${first.meta.name} ${LABEL}-`,
        evidence: { label: LABEL, nodes: excluded.map(({ meta }) => meta.name).slice(0, 20) },
      }),
    ];
  },
});
