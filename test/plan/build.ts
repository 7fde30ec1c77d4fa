import type { KubeClient, PatchBody, RequestOptions } from '../../src/kube/client.types.ts';
import { KubeError, type KubeErrorCategory } from '../../src/kube/errors.ts';
import { SERVICES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Action, Change, WriteRequest } from '../../src/plan/plan.types.ts';

export interface ActionGiven {
  readonly kind?: Action['kind'];
  readonly key?: string;
  readonly uid?: string;
  readonly name?: string;
  readonly version?: string;
  /** Field and what is written into it. */
  readonly after?: Readonly<Record<string, string | number | undefined>>;
  readonly parts?: Partial<Action>;
}

/** An action of no particular meaning. */
export function action(given: ActionGiven = {}): Action {
  const { kind = 'publish-address', key = 'Gateway default/web', uid = 'uid-1', name = 'service' } = given;
  const changes = Object.entries(given.after ?? { field: 'wanted' }).map(
    ([field, after]): Change => ({ field, before: 'other', after }),
  );
  const target = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name, uid };
  const ref = { namespace: 'default', name };
  const request: WriteRequest = { verb: 'patch', resource: SERVICES, ref, patch: { type: 'merge', body: {} } };
  return {
    kind,
    key,
    target,
    targetVersion: given.version ?? '7',
    changes,
    reason: 'Tried',
    message: 'Try something.',
    request,
    related: [target],
    ...given.parts,
  };
}

export function kubeError(category: KubeErrorCategory, retryAfterMs?: number): KubeError {
  const details = { category, status: 0, reason: '', operation: 'PATCH services default/service' };
  return new KubeError(`it was ${category}`, retryAfterMs === undefined ? details : { ...details, retryAfterMs });
}

export interface Sent {
  readonly verb: 'create' | 'patch' | 'delete';
  readonly name: string;
  readonly body: unknown;
  readonly options: RequestOptions;
}

/** A client that keeps what is sent, and answers with what `answer` returns or throws. */
export function scriptedClient(
  answer: (sent: Sent) => Promise<RawObject>,
): KubeClient & { readonly sent: readonly Sent[] } {
  const sent: Sent[] = [];
  const take = (one: Sent): Promise<RawObject> => {
    sent.push(one);
    return answer(one);
  };
  const unused = (): never => {
    throw new Error('not scripted');
  };
  return {
    sent,
    server: 'http://api.test',
    get: unused,
    list: unused,
    listMapped: unused,
    watch: unused,
    version: unused,
    close: () => undefined,
    create: (_, object, options) => take({ verb: 'create', name: String(object.name), body: object, options }),
    patch: (_, ref, patch: PatchBody, options) => take({ verb: 'patch', name: ref.name, body: patch.body, options }),
    delete: async (_, ref, options) => {
      await take({ verb: 'delete', name: ref.name, body: undefined, options });
    },
  };
}
