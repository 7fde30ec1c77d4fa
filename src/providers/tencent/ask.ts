import type * as z from 'zod';
import { canonicalJson } from '../../lib/canonical.ts';
import type { ReaderOptions } from '../cloud.types.ts';
import { CloudError } from '../errors.ts';
import type { CloudAnswer, ReadFrom } from '../provider.types.ts';
import { PAGE, type TencentAction, type TencentParameters, wireAction } from './actions.ts';
import { endpointOf } from './endpoints.ts';
import { send, type TencentCredentials } from './send.ts';

/** Asks one question of the cloud, through the caller that limits, retries and shares. */
export type Ask = <A extends TencentAction, T>(
  action: A,
  parameters: TencentParameters[A],
  schema: z.ZodType<T>,
  signal: AbortSignal,
) => Promise<CloudAnswer<T>>;

export function createAsk(options: Omit<ReaderOptions<TencentCredentials>, 'projectId'>): Ask {
  const { region, endpoints, credentials, caller, agents, clock } = options;
  return (action, parameters, schema, signal) => {
    const wire = wireAction(action);
    return caller.call(
      {
        action,
        service: wire.service,
        key: `${region} ${canonicalJson(parameters)}`,
        send: async (during) => {
          const endpoint = endpointOf(wire.service, endpoints);
          const agent = agents.forEndpoint(endpoint);
          const keys = await credentials.current(during);
          return send(
            wire,
            parameters,
            { region, endpoint, agent, credentials: keys, now: clock.now() },
            schema,
            during,
          );
        },
      },
      signal,
    );
  };
}

/** One page of a list, as every list action answers it. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Of all pages; undefined when it is not said. */
  readonly total: number | undefined;
}

/** More pages in one list is a server that turns in circles. */
const MOST_PAGES = 200;

/** All pages, one after the other. An empty page ends the list whatever the total says: objects went meanwhile. */
export async function allPages<T>(
  askPage: (offset: number) => Promise<CloudAnswer<Page<T>>>,
): Promise<CloudAnswer<readonly T[]>> {
  const answers: CloudAnswer<Page<T>>[] = [];
  let read = 0;
  let isLast = false;
  while (!isLast) {
    const answer = await askPage(read);
    answers.push(answer);
    if (answers.length > MOST_PAGES) throw endless(answer.from.at(-1));
    const { items, total } = answer.value;
    read += items.length;
    isLast = items.length === 0 || (total === undefined ? items.length < PAGE : read >= total);
  }
  return joined(answers.map(({ value, from }) => ({ value: value.items, from })));
}

function endless({ action, requestId }: ReadFrom = { action: '', requestId: '' }): CloudError {
  return new CloudError(
    `${action}: the list does not end (more than ${MOST_PAGES} pages). Report this with the request id ${requestId}.`,
    { category: 'garbage', action, code: '', status: 200, requestId },
  );
}

/** Several answers as one. */
export function joined<T>(answers: readonly CloudAnswer<readonly T[]>[]): CloudAnswer<readonly T[]> {
  return { value: answers.flatMap(({ value }) => value), from: answers.flatMap(({ from }) => from) };
}

/** The list in pieces of at most `most`. */
export function inChunks<T>(list: readonly T[], most: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / most) }, (_, index) =>
    list.slice(index * most, (index + 1) * most),
  );
}
