import { type AddressRange, covers, parseCidr, parseCidrs } from '../../lib/cidr.ts';
import type {
  CloudNatGateway,
  CloudRoute,
  CloudRouteTable,
  CloudSnatRule,
  CloudSubnet,
} from '../../providers/provider.types.ts';

/** A subnet and the addresses in it that want out. */
export interface Source {
  readonly subnetId: string;
  /** CIDRs or single addresses: what a SNAT rule must cover. */
  readonly addresses: readonly string[];
}

/** What the cloud says of the ways out of a VPC. */
export interface ExitWorld {
  readonly tables: readonly CloudRouteTable[];
  readonly gateways: readonly CloudNatGateway[];
  /** May be empty: route tables name their subnets, too. */
  readonly subnets: readonly CloudSubnet[];
}

/** Why a NAT gateway that a subnet's default route leads to does not let its addresses out. */
export type NatProblem =
  | { readonly kind: 'absent' }
  | { readonly kind: 'not-running' | 'pending' | 'state-unknown' }
  | { readonly kind: 'no-address' }
  | { readonly kind: 'no-source' }
  | { readonly kind: 'source-inactive'; readonly rules: readonly CloudSnatRule[] };

/**
 * Where a subnet's default route leads. `elsewhere`: to a firewall, VPN, Enterprise Router or CCN, of which the cloud
 * does not tell whether it leads out.
 */
export type Exit =
  | {
      readonly way: 'nat';
      readonly table: CloudRouteTable;
      readonly route: CloudRoute;
      /** Undefined: the route names one that is not there. */
      readonly gateway: CloudNatGateway | undefined;
      /** Undefined: it lets them out. */
      readonly problem: NatProblem | undefined;
    }
  | { readonly way: 'elsewhere'; readonly table: CloudRouteTable; readonly routes: readonly CloudRoute[] }
  | { readonly way: 'none'; readonly table: CloudRouteTable | undefined; readonly disabled: CloudRoute | undefined };

const EVERYTHING: AddressRange = { family: 4, from: 0n, to: 2n ** 32n - 1n };

/** The exit of a subnet by its route table: its own, else the one that names it, else the VPC's main one. */
export function exitOf(source: Source, world: ExitWorld): Exit {
  const table = tableOf(source.subnetId, world);
  if (table === undefined) return { way: 'none', table, disabled: undefined };
  const defaults = table.routes.filter(({ destination }) => isEverything(destination));
  const enabled = defaults.filter((route) => route.enabled);
  const exits = enabled.filter(({ via }) => via === 'nat').map((route) => natExit(route, table, source, world));
  const best = exits.find(({ problem }) => problem === undefined) ?? exits[0];
  if (best !== undefined) return best;
  if (enabled.length > 0) return { way: 'elsewhere', table, routes: enabled };
  // Two halves are a default route, too: firewalls are put in the way like that.
  const halves = table.routes.filter((route) => route.enabled && route.via !== 'local' && isPublic(route.destination));
  if (covers(parseCidrs(halves.map(({ destination }) => destination)), EVERYTHING)) {
    return { way: 'elsewhere', table, routes: halves };
  }
  return { way: 'none', table, disabled: defaults[0] };
}

function tableOf(subnetId: string, { tables, subnets }: ExitWorld): CloudRouteTable | undefined {
  const own = subnets.find(({ id }) => id === subnetId)?.routeTableId;
  return (
    tables.find(({ id }) => id === own) ??
    tables.find(({ subnetIds }) => subnetIds.includes(subnetId)) ??
    tables.find(({ main }) => main)
  );
}

function natExit(route: CloudRoute, table: CloudRouteTable, source: Source, world: ExitWorld): Exit & { way: 'nat' } {
  const gateway = world.gateways.find(({ id }) => id === route.target);
  return { way: 'nat', table, route, gateway, problem: problemOf(gateway, source) };
}

function problemOf(gateway: CloudNatGateway | undefined, source: Source): NatProblem | undefined {
  if (gateway === undefined) return { kind: 'absent' };
  if (gateway.state === 'pending') return { kind: 'pending' };
  if (gateway.state === 'unknown') return { kind: 'state-unknown' };
  if (gateway.state !== 'running') return { kind: 'not-running' };
  return sourceProblem(gateway, source) ?? addressProblem(gateway);
}

function addressProblem({ publicIps }: CloudNatGateway): NatProblem | undefined {
  return publicIps.some(({ blocked }) => !blocked) ? undefined : { kind: 'no-address' };
}

function sourceProblem({ sources }: CloudNatGateway, source: Source): NatProblem | undefined {
  if (sources === 'routed') return undefined;
  if (translates(sources.filter(isActive), source)) return undefined;
  if (!translates(sources, source)) return { kind: 'no-source' };
  return { kind: 'source-inactive', rules: sources.filter((rule) => !isActive(rule)) };
}

/** Whether rules, by subnet or together by their CIDRs, translate every address of a source. */
function translates(rules: readonly CloudSnatRule[], { subnetId, addresses }: Source): boolean {
  if (rules.some((rule) => rule.subnetId !== '' && rule.subnetId === subnetId)) return true;
  const ranges = parseCidrs(rules.map(({ cidr }) => cidr));
  return addresses.length > 0 && parseCidrs(addresses).every((range) => covers(ranges, range));
}

/** A state that we have no word for is given the benefit of the doubt. */
function isActive({ state }: CloudSnatRule): boolean {
  return state === 'active' || state === 'pending' || state === 'unknown';
}

function isEverything(destination: string): boolean {
  const range = parseCidr(destination);
  return range?.family === 4 && range.from === EVERYTHING.from && range.to === EVERYTHING.to;
}

function isPublic(destination: string): boolean {
  return parseCidr(destination)?.family === 4;
}

/** `0.0.0.0/0 → nat nat-4hx2 (rtb-main)`. */
export function describeRoute(route: CloudRoute, table: CloudRouteTable): string {
  const target = route.target === '' ? '' : ` ${route.target}`;
  return `${route.destination} → ${route.via}${target} (${table.id}${route.enabled ? '' : ', disabled'})`;
}
