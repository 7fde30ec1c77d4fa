import * as z from 'zod';
import type { Clock } from '../../lib/clock.ts';
import type { CloudAgents } from '../agents.ts';
import type { CloudCaller, CredentialSource, SentAnswer } from '../caller.types.ts';
import type { CloudEndpoints } from '../cloud.types.ts';
import { CloudError } from '../errors.ts';
import type { CloudAnswer } from '../provider.types.ts';
import { ACTIONS, type HuaweiAction } from './actions.ts';
import { endpointOf } from './endpoints.ts';
import { type Asked, answerError, garbageError, noAnswerError, requestIdOf, secretsOf } from './failures.ts';
import { type HuaweiKeys, NoAnswer, type Query, sendOnce, type WireAnswer } from './transport.ts';

/** What every question of one reader shares. */
export interface HuaweiClient {
  /** One GET. Rejects with a CloudError, or with the signal's reason. */
  ask<T>(question: Question<T>, signal: AbortSignal): Promise<CloudAnswer<T>>;
}

/** One GET and the shape of what it answers. */
export interface Question<T> {
  readonly action: HuaweiAction;
  /** Below the endpoint, with `{project_id}`; ids in it come from `idIn`. */
  readonly path: string;
  readonly query?: Query;
  readonly answer: z.ZodType<T>;
}

export interface ClientOptions {
  readonly region: string;
  readonly projectId: string;
  readonly endpoints: CloudEndpoints;
  readonly credentials: CredentialSource<HuaweiKeys>;
  readonly caller: CloudCaller;
  readonly agents: CloudAgents;
  readonly clock: Clock;
}

export function createClient(options: ClientOptions): HuaweiClient {
  async function send<T>(question: Question<T>, signal: AbortSignal): Promise<SentAnswer<T>> {
    const { action } = question;
    const endpoint = endpointOf(ACTIONS[action].service, options.region, options.endpoints);
    const keys = await options.credentials.current(signal);
    const nowMs = options.clock.now();
    const asked: Asked = {
      action,
      endpoint,
      region: options.region,
      credentials: options.credentials.description,
      secrets: secretsOf(keys),
      nowMs,
    };
    const answer = await wire(asked, () =>
      sendOnce(
        {
          method: 'GET',
          endpoint,
          path: question.path,
          ...(question.query === undefined ? {} : { query: question.query }),
          signer: { keys, projectId: options.projectId, nowMs },
          agent: options.agents.forEndpoint(endpoint),
        },
        signal,
      ),
    );
    return { value: readAnswer(asked, answer, question.answer), requestId: requestIdOf(answer) };
  }

  return {
    async ask(question, signal) {
      const { action, path, query = {} } = question;
      requireProject(action, options.projectId);
      const request = { action, service: ACTIONS[action].service, key: `${path}${queryText(query)}` };
      return options.caller.call({ ...request, send: (during) => send(question, during) }, signal);
    },
  };
}

/** Runs one exchange; what nobody answered becomes a CloudError. */
export async function wire(asked: Asked, exchange: () => Promise<WireAnswer>): Promise<WireAnswer> {
  try {
    return await exchange();
  } catch (error) {
    throw error instanceof NoAnswer ? noAnswerError(asked, error.message) : error;
  }
}

/** The answer's content, once it is a success of the promised shape. */
export function readAnswer<T>(asked: Asked, answer: WireAnswer, shape: z.ZodType<T>): T {
  if (answer.status < 200 || answer.status > 299) {
    throw answerError(asked, answer);
  }
  let json: unknown;
  try {
    json = JSON.parse(answer.body);
  } catch {
    throw garbageError(asked, answer, answer.body === '' ? 'it is empty' : 'it is no JSON');
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue === undefined ? '' : z.core.toDotPath(issue.path);
    throw garbageError(asked, answer, `${field === '' ? 'the whole' : field}: ${issue?.message ?? 'wrong shape'}`);
  }
  return parsed.data;
}

/**
 * An id as a part of a path. Ids come from annotations that anybody may write, too.
 * @throws CloudError `invalid`
 */
export function idIn(action: HuaweiAction, id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(id)) return id;
  throw refused(action, `${JSON.stringify(id.slice(0, 64))} is no id of Huawei Cloud. Correct it where it was given.`);
}

/** Without a project id the SDK would look one up, and make one where it finds none. */
function requireProject(action: HuaweiAction, projectId: string): void {
  if (projectId === '') {
    throw refused(
      action,
      'no project id is given. Set cloud.projectId, or HUAWEICLOUD_SDK_PROJECT_ID, to the id of the project in the region (console: My Credentials > API Credentials).',
    );
  }
  if (!/^[A-Za-z0-9-]{1,64}$/.test(projectId)) {
    throw refused(action, 'the project id is none. Give the id, not the name, of the project.');
  }
}

function refused(action: string, why: string): CloudError {
  return new CloudError(`${action}: ${why}`, { category: 'invalid', action, code: '', status: 0, requestId: '' });
}

/** `?limit=2000&loadbalancer_id=…` */
function queryText(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((item) => `${name}=${item}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
