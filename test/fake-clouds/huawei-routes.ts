import type { HuaweiWorld } from './huawei-world.ts';

/** What is asked, once the request line is understood. */
export interface Call {
  /** As the program's table of actions names it. */
  readonly action: string;
  /** The answer, or undefined where the thing is not there. */
  readonly answer: (world: HuaweiWorld, query: URLSearchParams) => unknown;
}

interface Route {
  readonly action: string;
  /** Of the path behind the project; its groups are the ids. */
  readonly path: RegExp;
  readonly answer: (world: HuaweiWorld, query: URLSearchParams, id: string) => unknown;
}

interface Thing {
  readonly id: string;
}

const MOST_A_PAGE = 2000;

const ROUTES: readonly Route[] = [
  {
    action: 'elb:loadbalancers:get',
    path: /^\/v3\/P\/elb\/loadbalancers\/([^/]+)$/,
    answer: (world, _, id) => wrap('loadbalancer', byId(world.loadBalancers, id)),
  },
  {
    action: 'elb:localPorts:list',
    path: /^\/v3\/P\/elb\/loadbalancers\/([^/]+)\/local-ports$/,
    answer: (world, _, id) => byId(world.loadBalancers, id) && { ports: world.localPorts[id] ?? [] },
  },
  {
    action: 'elb:listeners:list',
    path: /^\/v3\/P\/elb\/listeners$/,
    answer: (world, query) => newPage('listeners', world.listeners.filter(ofLoadBalancer(query)), query),
  },
  {
    action: 'elb:members:list',
    path: /^\/v3\/P\/elb\/members$/,
    answer: (world, query) => {
      const pools = new Set(world.pools.filter(ofLoadBalancer(query)).map(({ id }) => id));
      return newPage(
        'members',
        world.members.filter(({ pool_id }) => pools.has(pool_id)),
        query,
      );
    },
  },
  {
    action: 'elb:members:list',
    path: /^\/v3\/P\/elb\/pools\/([^/]+)\/members$/,
    answer: (world, query, id) => {
      const members = world.members.filter(({ pool_id }) => pool_id === id);
      return newPage(
        'members',
        members.map(({ pool_id: _, ...member }) => member),
        query,
      );
    },
  },
  {
    action: 'nat:natGateways:list',
    path: /^\/v2\/P\/nat_gateways$/,
    answer: (world, query) =>
      oldPage('nat_gateways', world.natGateways.filter(one(query, 'router_id', (gateway) => gateway.router_id)), query),
  },
  {
    action: 'nat:snatRules:list',
    path: /^\/v2\/P\/snat_rules$/,
    answer: (world, query) =>
      oldPage('snat_rules', world.snatRules.filter(one(query, 'nat_gateway_id', (rule) => rule.nat_gateway_id)), query),
  },
  {
    action: 'vpc:vpcs:get',
    path: /^\/v3\/P\/vpc\/vpcs\/([^/]+)$/,
    answer: (world, _, id) => wrap('vpc', byId(world.vpcs, id)),
  },
  {
    action: 'vpc:vpcs:get',
    path: /^\/v1\/P\/vpcs\/([^/]+)$/,
    answer: (world, _, id) => {
      const vpc = byId(world.vpcs, id);
      return vpc && { vpc: { id: vpc.id, name: vpc.name, cidr: vpc.cidr } };
    },
  },
  {
    action: 'vpc:subnets:list',
    path: /^\/v1\/P\/subnets$/,
    answer: (world, query) =>
      oldPage('subnets', world.subnets.filter(one(query, 'vpc_id', (subnet) => subnet.vpc_id)), query),
  },
  {
    action: 'vpc:routeTables:list',
    path: /^\/v1\/P\/routetables$/,
    answer: (world, query) => {
      const tables = world.routeTables.filter(one(query, 'vpc_id', (table) => table.vpc_id));
      return oldPage(
        'routetables',
        tables.map(({ routes: _, ...table }) => table),
        query,
      );
    },
  },
  {
    action: 'vpc:routeTables:get',
    path: /^\/v1\/P\/routetables\/([^/]+)$/,
    answer: (world, _, id) => wrap('routetable', byId(world.routeTables, id)),
  },
  {
    action: 'vpc:securityGroupRules:list',
    path: /^\/v3\/P\/vpc\/security-group-rules$/,
    answer: (world, query) => {
      const all = world.securityGroups.flatMap((group) => group.security_group_rules);
      return newPage(
        'security_group_rules',
        all.filter(one(query, 'security_group_id', (rule) => rule.security_group_id)),
        query,
      );
    },
  },
  {
    action: 'vpc:securityGroups:get',
    path: /^\/v3\/P\/vpc\/security-groups\/([^/]+)$/,
    answer: (world, _, id) => wrap('security_group', byId(world.securityGroups, id)),
  },
  {
    action: 'vpc:addressGroups:get',
    path: /^\/v3\/P\/vpc\/address-groups\/([^/]+)$/,
    answer: (world, _, id) => wrap('address_group', byId(world.addressGroups, id)),
  },
  {
    action: 'vpc:ports:list',
    path: /^\/v1\/P\/ports$/,
    answer: (world, query) =>
      oldPage('ports', world.ports.filter(one(query, 'network_id', (port) => port.network_id)), query),
  },
  {
    action: 'vpc:publicIps:list',
    path: /^\/v3\/P\/eip\/publicips$/,
    answer: (world, query) => {
      const found = world.publicIps.filter(one(query, 'public_ip_address', (ip) => ip.public_ip_address));
      return {
        ...newPage('publicips', query.has('public_ipv6_address') ? [] : found, query),
        total_count: found.length,
      };
    },
  },
  {
    action: 'vpc:bandwidths:get',
    path: /^\/v1\/P\/bandwidths\/([^/]+)$/,
    answer: (world, _, id) => wrap('bandwidth', byId(world.bandwidths, id)),
  },
  {
    action: 'vpc:bandwidths:list',
    path: /^\/v1\/P\/bandwidths$/,
    answer: (world, query) => oldPage('bandwidths', world.bandwidths, query),
  },
  {
    action: 'ecs:cloudServers:list',
    path: /^\/v1\/P\/cloudservers\/detail$/,
    answer: (world, query) => {
      const limit = Math.min(Number(query.get('limit') ?? 25), 1000);
      const start = (Number(query.get('offset') ?? 1) - 1) * limit;
      return { servers: world.servers.slice(start, start + limit), count: world.servers.length };
    },
  },
  {
    action: 'cce:cluster:get',
    path: /^\/api\/v3\/projects\/P\/clusters\/([^/]+)$/,
    answer: (world, _, id) => world.clusters.find(({ metadata }) => metadata.uid === id),
  },
  {
    action: 'cce:node:list',
    path: /^\/api\/v3\/projects\/P\/clusters\/([^/]+)\/nodes$/,
    answer: (world, _, id) =>
      world.clusterNodes[id] && { kind: 'List', apiVersion: 'v3', items: world.clusterNodes[id] },
  },
];

/** Actions that the fake cloud serves. */
export const SERVED_ACTIONS: readonly string[] = [...new Set(ROUTES.map(({ action }) => action))];

/** The call behind a request line; undefined: there is no such API. */
export function callOf(method: string, path: string, projectId: string): Call | undefined {
  if (method !== 'GET') return undefined;
  const generic = path.replace(`/${projectId}/`, '/P/');
  for (const route of ROUTES) {
    const match = route.path.exec(generic);
    if (match !== null) {
      return { action: route.action, answer: (world, query) => route.answer(world, query, match[1] ?? '') };
    }
  }
  return undefined;
}

function byId<T extends Thing>(things: readonly T[], id: string): T | undefined {
  return things.find((thing) => thing.id === id);
}

function wrap(name: string, thing: unknown): unknown {
  return thing === undefined ? undefined : { [name]: thing };
}

/** Whether a thing has one of the values that the query asks for; all do where it asks for none. */
function one<T>(query: URLSearchParams, name: string, fieldOf: (thing: T) => string): (thing: T) => boolean {
  const wanted = query.getAll(name);
  return (thing) => wanted.length === 0 || wanted.includes(fieldOf(thing));
}

function ofLoadBalancer(query: URLSearchParams): (thing: { readonly loadbalancers: readonly Thing[] }) => boolean {
  const wanted = query.getAll('loadbalancer_id');
  return ({ loadbalancers }) => wanted.length === 0 || loadbalancers.some(({ id }) => wanted.includes(id));
}

/** A page of the newer APIs, which name the next marker. */
function newPage(field: string, things: readonly Thing[], query: URLSearchParams): object {
  const { page, more } = pageOf(things, query);
  const last = page.at(-1)?.id;
  const next = more && last !== undefined ? { next_marker: last } : {};
  return { [field]: page, page_info: { current_count: page.length, ...next } };
}

/** A page of the older APIs, which say nothing. */
function oldPage(field: string, things: readonly Thing[], query: URLSearchParams): object {
  return { [field]: pageOf(things, query).page };
}

function pageOf(things: readonly Thing[], query: URLSearchParams): { page: readonly Thing[]; more: boolean } {
  const marker = query.get('marker');
  const start = marker === null ? 0 : things.findIndex(({ id }) => id === marker) + 1;
  const limit = Math.min(Number(query.get('limit') ?? MOST_A_PAGE), MOST_A_PAGE);
  return { page: things.slice(start, start + limit), more: start + limit < things.length };
}
