import * as z from 'zod';
import type { CloudAnswer, CloudPublicIp } from '../provider.types.ts';
import { chunks, ifPossible, joinAnswers, mapAnswer, sources } from './answers.ts';
import { type HuaweiClient, idIn } from './client.ts';
import { listByLastId, listByPageInfo, PageInfo } from './pages.ts';
import { OptionalText, promisedList } from './shapes.ts';

const PublicIp = z.object({
  id: z.string(),
  public_ip_address: OptionalText,
  public_ipv6_address: OptionalText,
  status: z.string(),
  /** Why the platform took it away: `police`, `locked`. */
  lock_status: OptionalText,
  associate_instance_type: OptionalText,
  associate_instance_id: OptionalText,
  vnic: z.object({ private_ip_address: OptionalText, device_id: OptionalText }).nullish(),
  bandwidth: z.object({ id: OptionalText, size: z.number().nullish() }).nullish(),
});

const Bandwidth = z.object({ id: z.string(), status: OptionalText });

type RawPublicIp = z.infer<typeof PublicIp>;
type RawBandwidth = z.infer<typeof Bandwidth>;

/** So many addresses fit into the query of one URL. */
const ADDRESSES_A_QUERY = 50;
/** From here on the list of all bandwidths costs less than asking one after the other. */
const MANY_BANDWIDTHS = 5;

/** EIPs (API v3) by address: 1 call for 50 of them; and 1 a bandwidth, or 1 for all bandwidths where they are more than 5. */
export async function readPublicIps(
  client: HuaweiClient,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<CloudAnswer<readonly CloudPublicIp[]>> {
  const wanted = [...new Set(addresses)].filter((address) => address !== '').sort();
  const answers = await Promise.all(
    [false, true].flatMap((ipv6) =>
      chunks(
        wanted.filter((address) => address.includes(':') === ipv6),
        ADDRESSES_A_QUERY,
      ).map((part) => ask(client, { [ipv6 ? 'public_ipv6_address' : 'public_ip_address']: part }, signal)),
    ),
  );
  const found = mapAnswer(joinAnswers(answers), (lists) => lists.flat());
  const ids = new Set(found.value.map(({ bandwidth }) => bandwidth?.id ?? '').filter((id) => id !== ''));
  // Without them the state of the address itself still holds.
  const bandwidths = await ifPossible(readBandwidths(client, [...ids], signal));
  const states = new Map((bandwidths.value ?? []).map(({ id, status }) => [id, status]));
  return {
    value: found.value.map((raw) => publicIpOf(raw, states.get(raw.bandwidth?.id ?? '') ?? '', bandwidths.problem)),
    from: sources(found, bandwidths),
  };
}

function ask(
  client: HuaweiClient,
  query: Readonly<Record<string, readonly string[]>>,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly RawPublicIp[]>> {
  const action = 'vpc:publicIps:list';
  const answer = z.object({ publicips: promisedList(PublicIp), page_info: PageInfo });
  const question = { action, path: '/v3/{project_id}/eip/publicips', query, answer } as const;
  return listByPageInfo(client, { ...question, items: (page) => page.publicips }, signal);
}

async function readBandwidths(
  client: HuaweiClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<CloudAnswer<readonly RawBandwidth[]>> {
  const path = '/v1/{project_id}/bandwidths';
  if (ids.length > MANY_BANDWIDTHS) {
    const answer = z.object({ bandwidths: promisedList(Bandwidth) });
    const question = { action: 'vpc:bandwidths:list', path, answer } as const;
    return listByLastId(client, { ...question, items: (page) => page.bandwidths }, signal);
  }
  const action = 'vpc:bandwidths:get';
  const answer = z.object({ bandwidth: Bandwidth }).transform(({ bandwidth }) => bandwidth);
  return joinAnswers(
    await Promise.all(ids.map((id) => client.ask({ action, path: `${path}/${idIn(action, id)}`, answer }, signal))),
  );
}

/** @param problem why the bandwidths could not be read; empty: they could */
function publicIpOf(raw: RawPublicIp, bandwidthStatus: string, problem: string): CloudPublicIp {
  const words = [
    `status ${raw.status}`,
    raw.lock_status === '' ? '' : `lock_status ${raw.lock_status}`,
    bandwidthStatus === '' ? '' : `bandwidth ${bandwidthStatus}`,
  ];
  return {
    id: raw.id,
    address: raw.public_ip_address || raw.public_ipv6_address,
    state: stateOf(raw, bandwidthStatus),
    stateText: words.filter((word) => word !== '').join(', '),
    boundTo: boundTo(raw),
    privateAddress: raw.vnic?.private_ip_address ?? '',
    bandwidthMbps: raw.bandwidth?.size ?? undefined,
    plain: false,
    ...(problem === '' ? {} : { unknownBecause: problem }),
  };
}

function stateOf({ status, lock_status: lock }: RawPublicIp, bandwidthStatus: string): CloudPublicIp['state'] {
  if (lock !== '') return 'blocked';
  if (status === 'FREEZED' || bandwidthStatus === 'FREEZED') return 'frozen';
  if (status === 'ERROR' || status === 'BIND_ERROR') return 'failed';
  if (status.startsWith('PENDING_') || status.startsWith('NOTIFY')) return 'pending';
  if (status === 'DOWN') return 'unbound';
  // Bound, it is ACTIVE, or has the name of what it is bound to.
  return ['ACTIVE', 'ELB', 'VPN'].includes(status) ? 'bound' : 'unknown';
}

function boundTo(raw: RawPublicIp): CloudPublicIp['boundTo'] {
  const { associate_instance_type: type, associate_instance_id: id, vnic } = raw;
  switch (type.toUpperCase()) {
    case '':
      return undefined;
    case 'ELB':
    case 'ELBV1':
      return { kind: 'load-balancer', id };
    case 'NATGW':
      return { kind: 'nat-gateway', id };
    case 'PORT': {
      const server = vnic?.device_id ?? '';
      return server === '' ? { kind: 'interface', id } : { kind: 'instance', id: server };
    }
    default:
      return { kind: 'other', id };
  }
}
