import * as z from 'zod';
import { CloudError } from '../errors.ts';
import type { CloudAnswer, ReadFrom } from '../provider.types.ts';
import { mapAnswer } from './answers.ts';
import { type HuaweiClient, idIn } from './client.ts';
import { listByLastId } from './pages.ts';
import { OptionalText, optionalList, promisedList } from './shapes.ts';

const Address = z.object({
  addr: z.string(),
  'OS-EXT-IPS:type': OptionalText,
  'OS-EXT-IPS:port_id': OptionalText,
});

const Server = z.object({
  id: z.string(),
  status: z.string(),
  metadata: z.object({ vpc_id: OptionalText }).nullish(),
  /** By the id of the VPC. */
  addresses: z.record(z.string(), z.array(Address)),
  security_groups: optionalList(z.object({ id: OptionalText })),
});

const Port = z.object({
  id: z.string(),
  device_id: OptionalText,
  security_groups: z.array(z.string()),
  fixed_ips: optionalList(z.object({ ip_address: OptionalText })),
});

const ClusterNode = z.object({
  metadata: z.object({ uid: OptionalText }),
  status: z.object({ serverId: OptionalText, privateIP: OptionalText }).nullish(),
});

/** A node as CCE knows it. Empty: not said. */
export interface ClusterNode {
  /** CCE's own id, which Nodes have as providerID. */
  readonly id: string;
  readonly serverId: string;
  readonly privateIp: string;
}

export type Server = z.infer<typeof Server>;
export type ServerAddress = z.infer<typeof Address>;
export type Port = z.infer<typeof Port>;

const PAGE_SERVERS = 1000;
const MOST_PAGES = 100;

/** All servers of the project (ECS API v1), pages by number: 1 call a thousand. */
export async function listServers(client: HuaweiClient, signal: AbortSignal): Promise<CloudAnswer<readonly Server[]>> {
  const action = 'ecs:cloudServers:list';
  const path = '/v1/{project_id}/cloudservers/detail';
  const answer = z.object({ servers: promisedList(Server), count: z.int().nullish() });
  const servers = new Map<string, Server>();
  const from: ReadFrom[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const query = { limit: PAGE_SERVERS, offset: page };
    const read = await client.ask({ action, path, query, answer }, signal);
    const before = servers.size;
    for (const server of read.value.servers) servers.set(server.id, server);
    from.push(...read.from);
    const done =
      read.value.servers.length < PAGE_SERVERS || servers.size >= (read.value.count ?? Number.POSITIVE_INFINITY);
    // A page of nothing new: the number of the page is ignored.
    if (done || servers.size === before) return { value: [...servers.values()], from };
  }
  throw new CloudError(`${action}: more than ${MOST_PAGES * PAGE_SERVERS} servers. Report this.`, {
    category: 'garbage',
    action,
    code: '',
    status: 200,
    requestId: from.at(-1)?.requestId ?? '',
  });
}

/** Network interfaces in a subnet (VPC API v1): 1 call a thousand. */
export function listPorts(
  client: HuaweiClient,
  subnetId: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly Port[]>> {
  const answer = z.object({ ports: promisedList(Port) });
  const query = { network_id: subnetId };
  const question = { action: 'vpc:ports:list', path: '/v1/{project_id}/ports', query, answer } as const;
  return listByLastId(client, { ...question, items: (page) => page.ports }, signal);
}

/** Nodes of a CCE cluster (API v3): 1 call. */
export async function listClusterNodes(
  client: HuaweiClient,
  clusterId: string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly ClusterNode[]>> {
  const action = 'cce:node:list';
  const path = `/api/v3/projects/{project_id}/clusters/${idIn(action, clusterId)}/nodes`;
  const answer = await client.ask({ action, path, answer: z.object({ items: optionalList(ClusterNode) }) }, signal);
  return mapAnswer(answer, ({ items }) =>
    items.map(({ metadata, status }) => ({
      id: metadata.uid,
      serverId: status?.serverId ?? '',
      privateIp: status?.privateIP ?? '',
    })),
  );
}
