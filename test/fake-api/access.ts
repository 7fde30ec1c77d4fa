import { ApiError } from './api-error.ts';
import type { JsonObject } from './json.ts';
import type { RequestInfo } from './request-info.ts';

/** What a rule decides on; `resource` has the subresource behind a slash, as RBAC writes it. */
export interface AccessAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string;
}

/** True, or the reason in words: denied. */
export type DenyRule = (attributes: AccessAttributes) => boolean | string | undefined;

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

const ANYBODY: User = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

/** Who may do what. Without tokens anybody is the admin; without rules everybody may do everything. */
export class Access {
  readonly #tokens = new Map<string, User>();
  readonly #rules = new Set<DenyRule>();
  #required = false;

  /** From now on requests need a known token; this one is. */
  addToken(token: string, user: Partial<User> = {}): void {
    this.#required = true;
    this.#tokens.set(token, { ...ANYBODY, ...user });
  }

  /** Requests with this token get 401 from now on. */
  revokeToken(token: string): void {
    this.#required = true;
    this.#tokens.delete(token);
  }

  /** Adds a rule that denies; returns the way to lift it. */
  deny(rule: DenyRule): () => void {
    this.#rules.add(rule);
    return () => {
      this.#rules.delete(rule);
    };
  }

  /** The user of an Authorization header; throws 401. */
  authenticate(header: string | undefined): User {
    const token = /^Bearer\s+(.+)$/i.exec(header ?? '')?.[1] ?? '';
    const user = this.#tokens.get(token);
    if (user === undefined && this.#required) {
      throw new ApiError(401, 'Unauthorized', 'Unauthorized');
    }
    return user ?? ANYBODY;
  }

  /** Undefined when allowed, else why not (may be empty). */
  denial(attributes: AccessAttributes): string | undefined {
    for (const rule of this.#rules) {
      const verdict = rule(attributes);
      if (verdict === true || typeof verdict === 'string') {
        return verdict === true ? '' : verdict;
      }
    }
    return undefined;
  }

  /** Throws the 403 of a denied request. */
  authorize(info: RequestInfo, user: User): void {
    const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
    const { verb, group, namespace, name } = info;
    const reason = this.denial({ verb, group, resource, namespace, name, user: user.name });
    if (reason === undefined) {
      return;
    }
    const subject = `${group === '' ? info.resource : `${info.resource}.${group}`}${name === '' ? '' : ` "${name}"`}`;
    const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
    const text =
      `${subject} is forbidden: User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${scope}` +
      (reason === '' ? '' : `: ${reason}`);
    const details: JsonObject = {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      kind: info.resource,
    };
    throw new ApiError(403, 'Forbidden', text, details);
  }
}
