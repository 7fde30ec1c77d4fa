import { compareShare } from '../../probe/binomial.ts';
import { describeFigures } from '../../probe/figures.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { groupsOf, NOT_PROBED, NOT_TRIED, rowsOf, wasPlanned } from './reading.ts';
import { refusedShares } from './targets.ts';

export const probePublished = defineCheck({
  id: 'probe-published',
  section: 'probe',
  link: 'public address',
  title: 'The published address answers',
  looksAt: 'connections from here to each published address and port (`--probe`)',
  docs: PAGES.gatewayApi,
  causes: ['probe-nodes'],
  needs: [],
  reasons: {
    AddressDoesNotAnswer: 'A published address answers no connection.',
    AddressLosesConnections: 'A published address answers some connections, and loses others.',
    AddressNotTried: 'No connection to a published address was begun.',
  },
  run(world, say) {
    const { probe } = world;
    if (probe === undefined) return [say.notApplicable(NOT_PROBED)];
    const groups = groupsOf(world, probe).filter(({ place }) => place === 'published');
    if (groups.length === 0) {
      const isPlanned = wasPlanned(probe, 'published');
      return [isPlanned ? say.unknown('AddressNotTried', NOT_TRIED) : say.notApplicable('No address is published.')];
    }
    return groups.map(({ state, listenerPort, results, figures }) => {
      const { key, target } = state.subject;
      const names = [...new Set(results.map((one) => one.target.address))].join(', ');
      const what = `${names}, port ${listenerPort} (${key})`;
      const { answered, refused } = figures.outcomes;
      const evidence = { connections: rowsOf(results) };
      if (answered === 0) {
        return say.fail('AddressDoesNotAnswer', {
          target,
          message: `${what} answers nothing: ${describeFigures(figures)}.`,
          fix:
            refused > 0
              ? 'The load balancer refuses: see its listener of this port and the health of its members in the checks of the way in, with cloud credentials.'
              : "See whether this machine may reach that address at all (private load balancers: only from their VPC), the load balancer's security group, access control and EIP.",
          evidence,
        });
      }
      if (answered === figures.attempts) return say.pass(`${what}: ${describeFigures(figures)}.`, { target, evidence });
      const share = averageShare(
        refusedShares(state, world),
        world.kube.nodes.items.map(({ meta }) => meta.name),
      );
      const expected = share > 0 && compareShare(refused, figures.attempts, share) === 'as-predicted';
      return say.warn('AddressLosesConnections', {
        target,
        message: `${what}: ${describeFigures(figures)}.${expected ? ` The exposure ${state.exposure} predicts ${Math.round(share * 100)} % refused.` : ''}`,
        fix: expected
          ? 'Run the controller with the exposure auto, which sends the entrypoint straight to Envoy.'
          : 'See which nodes lose connections in probe-nodes and probe-share, and the health of the members of the load balancer.',
        evidence: { ...evidence, predictedShare: share },
      });
    });
  },
});

/** Load balancers send to each node alike. */
function averageShare(shareOf: (node: string) => number, nodes: readonly string[]): number {
  return nodes.reduce((sum, node) => sum + shareOf(node), 0) / Math.max(1, nodes.length);
}
