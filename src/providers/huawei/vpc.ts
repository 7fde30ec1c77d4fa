import * as z from 'zod';
import { CloudError } from '../errors.ts';
import type { CloudAnswer, CloudRoute, CloudRouteTable, CloudSubnet, CloudVpc } from '../provider.types.ts';
import { joinAnswers, mapAnswer, sources } from './answers.ts';
import { type HuaweiClient, idIn } from './client.ts';
import { listByLastId } from './pages.ts';
import { OptionalText, optionalList, promisedList } from './shapes.ts';

const Vpc = z.object({
  id: z.string(),
  name: OptionalText,
  cidr: OptionalText,
  extend_cidrs: optionalList(z.string()),
});
const VpcAnswer = z.object({ vpc: Vpc });

/** A VPC: v3, which knows secondary ranges, else v1 where a region has no v3. 1 or 2 calls. */
export async function readVpc(client: HuaweiClient, id: string, signal: AbortSignal): Promise<CloudAnswer<CloudVpc>> {
  const action = 'vpc:vpcs:get';
  const known = idIn(action, id);
  const ask = (path: string): Promise<CloudAnswer<z.infer<typeof VpcAnswer>>> =>
    client.ask({ action, path: `${path}/${known}`, answer: VpcAnswer }, signal);
  try {
    return mapAnswer(await ask('/v3/{project_id}/vpc/vpcs'), vpcOf);
  } catch (error) {
    if (!(error instanceof CloudError) || error.details.category !== 'unsupported') throw error;
    return mapAnswer(await ask('/v1/{project_id}/vpcs'), vpcOf);
  }
}

function vpcOf({ vpc }: z.infer<typeof VpcAnswer>): CloudVpc {
  const main = vpc.cidr === '' ? [] : [{ cidr: vpc.cidr, kind: 'main' as const }];
  const extended = vpc.extend_cidrs.map((cidr) => ({ cidr, kind: 'secondary' as const }));
  return { id: vpc.id, name: vpc.name, cidrs: [...main, ...extended] };
}

const Subnet = z.object({
  /** The id of its network: what routes, NAT rules and node labels name. */
  id: z.string(),
  name: OptionalText,
  cidr: z.string(),
  vpc_id: z.string(),
  /** What CCE names. */
  neutron_subnet_id: OptionalText,
});

/** A subnet with the id that only CCE uses. */
export interface HuaweiSubnet extends CloudSubnet {
  readonly neutronSubnetId: string;
}

/** Subnets of a VPC (API v1): 1 call a thousand. */
export async function readSubnets(
  client: HuaweiClient,
  vpcId: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly HuaweiSubnet[]>> {
  const action = 'vpc:subnets:list';
  const path = '/v1/{project_id}/subnets';
  const question = {
    action,
    path,
    query: { vpc_id: idIn(action, vpcId) },
    answer: z.object({ subnets: promisedList(Subnet) }),
  } as const;
  const answer = await listByLastId(client, { ...question, items: (page) => page.subnets }, signal);
  return mapAnswer(answer, (subnets) => subnets.map(subnetOf));
}

function subnetOf(raw: z.infer<typeof Subnet>): HuaweiSubnet {
  return {
    id: raw.id,
    name: raw.name,
    vpcId: raw.vpc_id,
    cidr: raw.cidr,
    // Only route tables know their subnets.
    routeTableId: undefined,
    neutronSubnetId: raw.neutron_subnet_id,
  };
}

const RouteTableRow = z.object({ id: z.string() });
const RouteTable = z.object({
  id: z.string(),
  default: z.boolean(),
  vpc_id: z.string(),
  subnets: optionalList(z.object({ id: z.string() })),
  routes: optionalList(z.object({ type: z.string(), destination: z.string(), nexthop: OptionalText })),
});

/** Route tables of a VPC with their routes, which only the single table tells: 1 call, and 1 a table. */
export async function readRouteTables(
  client: HuaweiClient,
  vpcId: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudRouteTable[]>> {
  const action = 'vpc:routeTables:list';
  const question = {
    action,
    path: '/v1/{project_id}/routetables',
    query: { vpc_id: idIn(action, vpcId) },
    answer: z.object({ routetables: promisedList(RouteTableRow) }),
  } as const;
  const rows = await listByLastId(client, { ...question, items: (page) => page.routetables }, signal);
  const tables = await Promise.all(rows.value.map(({ id }) => readRouteTable(client, id, signal)));
  return { value: tables.map(({ value }) => value), from: sources(rows, joinAnswers(tables)) };
}

async function readRouteTable(
  client: HuaweiClient,
  id: string,
  signal: AbortSignal,
): Promise<CloudAnswer<CloudRouteTable>> {
  const action = 'vpc:routeTables:get';
  const path = `/v1/{project_id}/routetables/${idIn(action, id)}`;
  const answer = await client.ask({ action, path, answer: z.object({ routetable: RouteTable }) }, signal);
  return mapAnswer(answer, ({ routetable }) => ({
    id: routetable.id,
    vpcId: routetable.vpc_id,
    main: routetable.default,
    subnetIds: routetable.subnets.map((subnet) => subnet.id),
    routes: routetable.routes.map(({ type, destination, nexthop }) => ({
      destination,
      via: VIA[type] ?? 'other',
      target: nexthop,
      enabled: true,
    })),
  }));
}

const VIA: Readonly<Record<string, CloudRoute['via']>> = {
  nat: 'nat',
  ecs: 'instance',
  eni: 'interface',
  subeni: 'interface',
  vip: 'interface',
  igw: 'public-ip',
  peering: 'peering',
  vpn: 'vpn',
  dc: 'cloud-network',
  cc: 'cloud-network',
  er: 'cloud-network',
  local: 'local',
};
