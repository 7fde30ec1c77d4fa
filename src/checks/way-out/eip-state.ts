import type { Finding } from '../../plan/plan.types.ts';
import type { CloudPublicIp } from '../../providers/provider.types.ts';
import { requestsOf, unanswered } from '../asked.ts';
import type { Say } from '../check.types.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { listOf } from '../facts/names.ts';
import { placedNodes } from '../facts/subnets.ts';
import type { DoctorWorld } from '../world.types.ts';

type Reason =
  | 'EipNotBound'
  | 'EipBoundElsewhere'
  | 'EipInArrears'
  | 'EipBlocked'
  | 'EipWithoutBandwidth'
  | 'EipPending'
  | 'EipStateUnknown'
  | 'EipBandwidthUnknown';

export const eipState = defineCheck({
  id: 'eip-state',
  section: 'way-out',
  link: 'way out',
  title: 'Public addresses are bound, paid for, and have bandwidth',
  looksAt: 'the public addresses of nodes and load balancers, as the cloud describes them',
  docs: PAGES.publicIps,
  needs: ['nodes'],
  reasons: {
    EipNotBound: 'Kubernetes shows the address, and the cloud says that it is bound to nothing.',
    EipBoundElsewhere: 'Kubernetes shows the address at a node, and it is bound to something else.',
    EipInArrears: 'The account owes money for the address: it carries no traffic.',
    EipBlocked: 'The cloud has frozen, locked or blocked the address.',
    EipWithoutBandwidth: 'The address has a bandwidth of 0.',
    EipPending: 'The address is being bound or changed.',
    EipStateUnknown: 'The cloud describes the state of the address in words that this program does not know.',
    EipBandwidthUnknown: 'The state of the bandwidth could not be read: a frozen one carries no traffic.',
  },
  run(world, say) {
    const { publicIps } = world.cloud;
    const unread = unreadBalancers(world);
    if (publicIps.state !== 'answered') {
      const hasNone = publicIps.state === 'not-asked' && world.cloud.cloud !== undefined;
      if (hasNone && unread.length > 0) return unread;
      return [hasNone ? say.notApplicable(`${capital(publicIps.why)}.`) : unanswered('eip-state', publicIps)];
    }
    const nodes = placedNodes(world);
    const findings = publicIps.value.flatMap((ip) => {
      const owner = nodes.find((placed) => placed.publicIps.includes(ip.address));
      const server = owner && serverOf(world, owner.node.meta.name);
      return judge(ip, owner?.node.meta.name, server, requestsOf(publicIps.from), say) ?? [];
    });
    const unsure = [...unread, ...bandwidthsUnread(publicIps.value, requestsOf(publicIps.from), say)];
    if (findings.length + unsure.length > 0) return [...findings, ...unsure];
    const count = publicIps.value.length;
    return count === 0
      ? [say.notApplicable('No address that nodes or load balancers show is one of this account.')]
      : [say.pass(count === 1 ? 'The one public address is in order.' : `All ${count} public addresses are in order.`)];
  },
});

/** The addresses of a load balancer are not known either where it was not read; one that is not there has none. */
function unreadBalancers({ cloud }: DoctorWorld): Finding[] {
  return [...cloud.loadBalancers.values()].flatMap(({ loadBalancer }) =>
    loadBalancer.state === 'failed' && loadBalancer.category !== 'not-found'
      ? [unanswered('eip-state', loadBalancer)]
      : [],
  );
}

/** Those that are bound, and whose bandwidth may be frozen nevertheless; they have one cause. */
function bandwidthsUnread(
  ips: readonly CloudPublicIp[],
  requests: ReturnType<typeof requestsOf>,
  say: Say<Reason>,
): Finding[] {
  const untold = ips.filter(({ state, unknownBecause }) => state === 'bound' && unknownBecause !== undefined);
  const [first] = untold;
  if (first === undefined) return [];
  const addresses = untold.map(({ address }) => address);
  return [
    say.unknown('EipBandwidthUnknown', {
      message: `Whether the bandwidth of ${listOf(addresses)} is frozen cannot be told: ${first.unknownBecause}`,
      fix: 'Allow the actions that docs/cloud-permissions.md lists for bandwidths, and run doctor again.',
      evidence: { addresses: addresses.slice(0, 20), requests },
    }),
  ];
}

function judge(
  ip: CloudPublicIp,
  node: string | undefined,
  server: string | undefined,
  requests: ReturnType<typeof requestsOf>,
  say: Say<Reason>,
): Finding | undefined {
  const { address, boundTo } = ip;
  const what = node === undefined ? address : `${address} of node ${node}`;
  const evidence = { address, id: ip.id, state: ip.stateText, bandwidthMbps: ip.bandwidthMbps ?? null, requests };
  const target = server ?? 'its server';
  switch (ip.state) {
    case 'unbound':
      return say.fail('EipNotBound', {
        message: `${what} is bound to nothing: nobody reaches it, and nothing leaves by it.`,
        fix: `Bind ${ip.id} to ${node === undefined ? 'what it belongs to' : target} in the console of the cloud; or release it, and the node shows it no more.`,
        evidence,
      });
    case 'arrears':
      return say.fail('EipInArrears', {
        message: `${what} is in arrears: it carries no traffic until the account is topped up.`,
        fix: `Top up the account in the billing console of the cloud; ${address} works again within minutes.`,
        evidence,
      });
    case 'frozen':
    case 'blocked':
    case 'failed':
      return say.fail('EipBlocked', {
        message: `${what} carries no traffic: the cloud says ${ip.stateText}.`,
        fix: `See why in the console of the cloud (${ip.id}: security, attack or billing notices) and have it lifted; or bind another address.`,
        evidence,
      });
    case 'pending':
      return say.warn('EipPending', {
        message: `${what} is being changed: the cloud says ${ip.stateText}.`,
        fix: 'Run doctor again in a minute; if it stays so, open a ticket with the cloud.',
        evidence,
      });
    case 'unknown':
      return say.unknown('EipStateUnknown', {
        message: `What the cloud says of ${what} is not understood: ${ip.stateText}.`,
        fix: 'Look at the address in the console of the cloud; and report these words, so that they are learnt.',
        evidence,
      });
    case 'bound':
      break;
  }
  if (ip.bandwidthMbps === 0 && !ip.plain) {
    return say.fail('EipWithoutBandwidth', {
      message: `${what} has a bandwidth of 0 Mbit/s: nothing gets through.`,
      fix: `Give ${ip.id} a bandwidth of at least 1 Mbit/s in the console of the cloud.`,
      evidence,
    });
  }
  const isElsewhere =
    node !== undefined && boundTo !== undefined && boundTo.kind !== 'interface' && boundTo.id !== server;
  if (isElsewhere && server !== undefined) {
    return say.fail('EipBoundElsewhere', {
      message: `${what} is bound to ${boundTo.kind} ${boundTo.id}, not to the node's server ${server}.`,
      fix: `Bind ${ip.id} to ${server} again; or restart the node's kubelet, so that the Node shows its own addresses: systemctl restart kubelet`,
      evidence,
    });
  }
  return undefined;
}

function serverOf({ cloud }: DoctorWorld, node: string): string | undefined {
  if (cloud.instances.state !== 'answered') return undefined;
  return cloud.instances.value.find(({ nodeName }) => nodeName === node)?.id;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
