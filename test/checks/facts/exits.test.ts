import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Exit, type ExitWorld, exitOf } from '../../../src/checks/facts/exits.ts';
import type {
  CloudNatGateway,
  CloudRoute,
  CloudRouteTable,
  CloudSnatRule,
} from '../../../src/providers/provider.types.ts';

const SUBNET = { subnetId: 'subnet-a', addresses: ['10.0.0.0/24'] };

function gateway(parts: Partial<CloudNatGateway> = {}): CloudNatGateway {
  return {
    id: 'nat-1',
    name: '',
    vpcId: 'vpc',
    state: 'running',
    stateText: '',
    publicIps: [{ address: '1.2.3.4', blocked: false }],
    sources: 'routed',
    ...parts,
  };
}

function rule(parts: Partial<CloudSnatRule>): CloudSnatRule {
  return { id: 'snat', state: 'active', stateText: '', subnetId: '', cidr: '', publicIps: [], ...parts };
}

function table(parts: Partial<CloudRouteTable>): CloudRouteTable {
  return { id: 'rtb', vpcId: 'vpc', main: false, subnetIds: [], routes: [], ...parts };
}

const TO_NAT: CloudRoute = { destination: '0.0.0.0/0', via: 'nat', target: 'nat-1', enabled: true };

/** One table, the main one, with these routes. */
function world(routes: readonly CloudRoute[], gateways: readonly CloudNatGateway[] = [gateway()]): ExitWorld {
  return { tables: [table({ main: true, routes })], gateways, subnets: [] };
}

function brief(exit: Exit): string {
  return exit.way === 'nat' ? `nat ${exit.problem?.kind ?? 'well'}` : exit.way;
}

describe('exitOf', () => {
  it.each<readonly [string, ExitWorld, string]>([
    ['a NAT gateway that runs', world([TO_NAT]), 'nat well'],
    ['no route at all', world([]), 'none'],
    ['a route that is switched off', world([{ ...TO_NAT, enabled: false }]), 'none'],
    ['a route to part of the world', world([{ ...TO_NAT, destination: '128.0.0.0/1' }]), 'none'],
    ['a default route of IPv6', world([{ ...TO_NAT, destination: '::/0' }]), 'none'],
    ['a gateway that is gone', world([TO_NAT], []), 'nat absent'],
    ['a gateway that is frozen', world([TO_NAT], [gateway({ state: 'frozen' })]), 'nat not-running'],
    ['a gateway that is being made', world([TO_NAT], [gateway({ state: 'pending' })]), 'nat pending'],
    ['a gateway in a new state', world([TO_NAT], [gateway({ state: 'unknown' })]), 'nat state-unknown'],
    ['a gateway without an address', world([TO_NAT], [gateway({ publicIps: [] })]), 'nat no-address'],
    ['a VPN', world([{ ...TO_NAT, via: 'vpn', target: 'vpn-1' }]), 'elsewhere'],
    ['a firewall on a server', world([{ ...TO_NAT, via: 'instance', target: 'ecs-1' }]), 'elsewhere'],
    [
      'two halves to a firewall',
      world(['0.0.0.0/1', '128.0.0.0/1'].map((destination) => ({ ...TO_NAT, via: 'instance', destination }))),
      'elsewhere',
    ],
    ['a VPN and a NAT gateway', world([{ ...TO_NAT, via: 'vpn', target: 'vpn-1' }, TO_NAT]), 'nat well'],
    [
      'two NAT gateways, one of them stopped',
      world([{ ...TO_NAT, target: 'nat-0' }, TO_NAT], [gateway({ id: 'nat-0', state: 'stopped' }), gateway()]),
      'nat well',
    ],
    ['SNAT for another subnet', world([TO_NAT], [gateway({ sources: [rule({ subnetId: 'b' })] })]), 'nat no-source'],
    ['SNAT for the subnet', world([TO_NAT], [gateway({ sources: [rule({ subnetId: 'subnet-a' })] })]), 'nat well'],
    [
      'SNAT for two halves of the subnet',
      world([TO_NAT], [gateway({ sources: [rule({ cidr: '10.0.0.0/25' }), rule({ cidr: '10.0.0.128/25' })] })]),
      'nat well',
    ],
    [
      'SNAT for one half of the subnet',
      world([TO_NAT], [gateway({ sources: [rule({ cidr: '10.0.0.0/25' })] })]),
      'nat no-source',
    ],
    [
      'SNAT whose second half is frozen',
      world(
        [TO_NAT],
        [gateway({ sources: [rule({ cidr: '10.0.0.0/25' }), rule({ cidr: '10.0.0.128/25', state: 'frozen' })] })],
      ),
      'nat source-inactive',
    ],
  ])('knows %s', (_, given, wanted) => {
    expect(brief(exitOf(SUBNET, given))).toBe(wanted);
  });

  it("takes the subnet's own table, else the one that names it, else the main one", () => {
    const main = table({ id: 'main', main: true, routes: [TO_NAT] });
    const naming = table({ id: 'naming', subnetIds: ['subnet-a'] });
    const own = table({ id: 'own', routes: [{ ...TO_NAT, via: 'vpn' }] });
    const subnet = { id: 'subnet-a', name: '', vpcId: 'vpc', cidr: '10.0.0.0/24', routeTableId: 'own' };
    const ways = (tables: readonly CloudRouteTable[], known: boolean): string =>
      brief(exitOf(SUBNET, { tables, gateways: [gateway()], subnets: known ? [subnet] : [] }));
    expect(ways([main, naming, own], true)).toBe('elsewhere');
    expect(ways([main, naming, own], false)).toBe('none');
    expect(ways([main, own], false)).toBe('nat well');
    expect(brief(exitOf(SUBNET, { tables: [own], gateways: [], subnets: [] }))).toBe('none');
  });

  it('agrees with looking at every address and rule', () => {
    const cidr = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 })).map(([last, length]) => ({
      text: `10.0.0.${last}/${length}`,
      first: last - (last % 2 ** (32 - length)),
      size: 2 ** (32 - length),
    }));
    const rules = fc.array(fc.record({ cidr, isActive: fc.boolean() }), { maxLength: 5 });
    fc.assert(
      fc.property(cidr, rules, (source, list) => {
        const sources = list.map((one) => rule({ cidr: one.cidr.text, state: one.isActive ? 'active' : 'frozen' }));
        const exit = exitOf(
          { subnetId: 'subnet-a', addresses: [source.text] },
          world([TO_NAT], [gateway({ sources })]),
        );
        const isIn = (address: number, one: (typeof list)[number]): boolean =>
          one.cidr.first <= address && address < one.cidr.first + one.cidr.size;
        const addresses = Array.from({ length: source.size }, (_, index) => source.first + index);
        const active = addresses.every((address) => list.some((one) => one.isActive && isIn(address, one)));
        const any = addresses.every((address) => list.some((one) => isIn(address, one)));
        expect(brief(exit)).toBe(active ? 'nat well' : any ? 'nat source-inactive' : 'nat no-source');
      }),
    );
  });
});
