import { ApiError } from './api-error.ts';
import { ensureObject, type KubeObject, objectsAt } from './json.ts';
import { type Kind, kindKey } from './kinds.ts';

/** What a validating webhook is asked. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly kind: Kind;
  readonly subresource: '' | 'status';
  /** Undefined on DELETE. */
  readonly object: KubeObject | undefined;
  /** Undefined on CREATE. */
  readonly oldObject: KubeObject | undefined;
  readonly user: string;
  readonly dryRun: boolean;
}

/** A webhook's no. `code` defaults to 400, as the API server's does. */
export interface AdmissionDenial {
  readonly webhook: string;
  readonly message: string;
  readonly code?: number;
  readonly reason?: string;
}

export type AdmissionHook = (request: AdmissionRequest) => AdmissionDenial | undefined;

/** The admission chain: what the API server itself adds, then the tests' webhooks. */
export class Admission {
  readonly #hooks = new Set<AdmissionHook>();

  /** Adds a validating webhook; returns the way to remove it. */
  add(hook: AdmissionHook): () => void {
    this.#hooks.add(hook);
    return () => {
      this.#hooks.delete(hook);
    };
  }

  /** TaintNodesByCondition: a node is born with the not-ready taint. */
  mutateNew(kind: Kind, object: KubeObject): void {
    if (kindKey(kind) !== 'nodes') {
      return;
    }
    const taints = objectsAt(object, 'spec', 'taints');
    if (!taints.some((taint) => taint.key === NOT_READY)) {
      ensureObject(object, 'spec').taints = [...taints, { key: NOT_READY, effect: 'NoSchedule' }];
    }
  }

  /** Throws the denial of the first webhook that has one. */
  review(request: AdmissionRequest): void {
    for (const hook of this.#hooks) {
      const denial = hook(request);
      if (denial !== undefined) {
        const message = `admission webhook "${denial.webhook}" denied the request: ${denial.message}`;
        throw new ApiError(denial.code ?? 400, denial.reason ?? '', message);
      }
    }
  }
}

const NOT_READY = 'node.kubernetes.io/not-ready';
