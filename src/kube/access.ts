import type { KubeClient, RequestOptions } from './client.types.ts';
import { KubeError } from './errors.ts';
import { asString, at } from './read.ts';
import { SELF_SUBJECT_ACCESS_REVIEWS } from './resources.ts';

/** One thing that the program will want to do. */
export interface Permission {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';
  readonly group: string;
  /** Lower-case plural. */
  readonly resource: string;
  readonly subresource?: string;
  /** Absent: in all namespaces, or cluster-scoped. */
  readonly namespace?: string;
  /** Absent: objects of any name. */
  readonly name?: string;
}

export interface Denial {
  readonly permission: Permission;
  /** What the authorizer said; often empty. */
  readonly reason: string;
}

export interface AccessReport {
  readonly denied: readonly Denial[];
  /** What could not be asked, and why. */
  readonly unknown: readonly { readonly permission: Permission; readonly error: KubeError }[];
}

const CONCURRENCY = 8;

export interface ReviewOptions extends RequestOptions {
  /** Once aborted, no further question is asked: what is left is unknown. */
  readonly until?: AbortSignal;
}

/**
 * Asks the API server for each permission by a SelfSubjectAccessReview, which everybody may create and which stores
 * nothing. Answers are in the order of the questions.
 * @throws the signal's reason when it is aborted; nothing else
 */
export async function reviewAccess(
  client: KubeClient,
  permissions: readonly Permission[],
  options: ReviewOptions = {},
): Promise<AccessReport> {
  const { until, ...request } = options;
  const answers = new Map<Permission, Denial | KubeError>();
  const questions = permissions.values();

  async function askOn(): Promise<void> {
    for (const permission of questions) {
      const answer = until?.aborted === true ? tooLate(permission) : await ask(client, permission, request);
      if (answer !== undefined) {
        answers.set(permission, answer);
      }
    }
  }

  await Promise.all(Array.from({ length: CONCURRENCY }, askOn));
  const denied: Denial[] = [];
  const unknown: { permission: Permission; error: KubeError }[] = [];
  for (const permission of permissions) {
    const answer = answers.get(permission);
    if (answer instanceof KubeError) {
      unknown.push({ permission, error: answer });
    } else if (answer !== undefined) {
      denied.push(answer);
    }
  }
  return { denied, unknown };
}

/** A permission as an administrator reads it: `patch services/status`, `list gateways.gateway.networking.k8s.io`. */
export function describePermission({ verb, group, resource, subresource, namespace, name }: Permission): string {
  const kind = `${resource}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;
  return `${verb} ${kind}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

function tooLate(permission: Permission): KubeError {
  const operation = `review of ${describePermission(permission)}`;
  return new KubeError(`${operation}: no time left`, { category: 'timeout', status: 0, reason: '', operation });
}

async function ask(
  client: KubeClient,
  permission: Permission,
  options: RequestOptions,
): Promise<Denial | KubeError | undefined> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: permission },
  };
  try {
    const answer = await client.create(SELF_SUBJECT_ACCESS_REVIEWS, review, {
      ...options,
      fieldManager: 'cilium-cloud-bridge',
    });
    if (at(answer, 'status', 'allowed') === true) {
      return undefined;
    }
    return { permission, reason: asString(at(answer, 'status', 'reason')) };
  } catch (error) {
    if (error instanceof KubeError) {
      return error;
    }
    throw error;
  }
}
