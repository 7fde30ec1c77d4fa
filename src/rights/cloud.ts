import { failuresOf } from '../checks/asked.ts';
import type { CloudQuestions } from '../checks/cloud-questions.ts';
import { gatherCloud } from '../checks/gather-cloud.ts';
import { trimDoctorNode } from '../checks/models/node.ts';
import { loadBalancerOf } from '../gateway/load-balancers.ts';
import type { ServiceModel } from '../gateway/models/service.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { readAll } from '../kube/read-all.ts';
import { NODES } from '../kube/resources.ts';
import { orAborted } from '../lib/abort.ts';
import { CloudError } from '../providers/errors.ts';
import type { CloudAccess } from '../providers/open.types.ts';
import { permissionsOf, policyOf } from '../providers/policy.ts';
import type { CloudReader } from '../providers/provider.types.ts';
import type { CloudCall, CloudCalls } from './cloud-calls.ts';

/** What became of asking the cloud for everything that it will be asked for. All of it is read only. */
export type CloudReport =
  | { readonly state: 'not-asked'; readonly why: string }
  | {
      readonly state: 'asked';
      /** `Huawei Cloud`. */
      readonly title: string;
      /** How many actions were asked for. */
      readonly asked: number;
      /** Those that the account may not do. */
      readonly refused: readonly CloudCall[];
      /** The policy that allows them, as the cloud's console takes it; undefined: nothing is refused. */
      readonly policy: string | undefined;
      /** What failed for another reason, such as a cloud that cannot be reached. */
      readonly failed: readonly CloudCall[];
      /** Actions that nothing in this cluster needs now, so that nobody knows whether they are allowed. */
      readonly untried: readonly string[];
    };

export interface CloudTrial {
  readonly client: KubeClient;
  readonly access: CloudAccess;
  /** Told of each call of `access`. */
  readonly calls: CloudCalls;
  readonly services: readonly Pick<ServiceModel, 'meta' | 'type'>[];
  /** Some nodes. */
  readonly nodeNames: readonly string[];
  /** Doctor's checks are run: they ask for more than addresses. */
  readonly checks: boolean;
  /** What was not answered until then is left. Default: a minute. */
  readonly limitMs?: number;
}

type FoundCloud = Extract<CloudAccess, { readonly cloud: string }>;

/** Of each thing so many are asked for: all of them take the same permissions. */
export const SOME = 3;
const LIMIT_MS = 60_000;
/** What the cloud says to those who may ask. */
const ANSWERS: ReadonlySet<CloudCall['result']> = new Set(['ok', 'not-found', 'unsupported', 'invalid']);

/**
 * Asks the cloud once for each kind of thing that it will be asked for, by ids that this cluster names: an invented one
 * may be refused where a policy allows real ones.
 * @throws the signal's reason; nothing else
 */
export async function tryCloud(trial: CloudTrial, signal: AbortSignal): Promise<CloudReport> {
  const { access, calls, checks, limitMs = LIMIT_MS } = trial;
  if (access.cloud === undefined) return { state: 'not-asked', why: access.why };
  const why = access.missingCredentials();
  if (why !== undefined) return { state: 'not-asked', why };
  const during = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const unsent = await orAborted(askAll(trial, access, during), during).catch((error: unknown) => {
    if (signal.aborted || !during.aborted) throw error;
    return []; // what is known until now counts
  });
  const asked = calls.all();
  const actions = await access.actions();
  const refused = asked.filter(({ result }) => result === 'denied');
  const permissions = permissionsOf(
    actions,
    refused.map(({ action }) => action),
  );
  return {
    state: 'asked',
    title: access.title,
    asked: asked.length,
    refused,
    policy: permissions.length === 0 ? undefined : JSON.stringify(policyOf(access.cloud, permissions)),
    failed: onePerMessage([...asked, ...unsent].filter(({ result }) => result !== 'denied' && !ANSWERS.has(result))),
    untried: checks ? Object.keys(actions).filter((action) => !asked.some((call) => call.action === action)) : [],
  };
}

/** Yields what failed before a call was sent, such as credentials that cannot be had. */
async function askAll(trial: CloudTrial, access: FoundCloud, signal: AbortSignal): Promise<readonly CloudCall[]> {
  try {
    const reader = await access.reader();
    return trial.checks
      ? failuresOf(await gatherCloud(reader, await questionsOf(trial, access, signal), signal)).map(
          ({ action, category, message }) => ({ action, result: category, message }),
        )
      : await askAddresses(reader, loadBalancerIdsOf(trial), signal);
  } catch (error) {
    if (error instanceof CloudError) return [asCall(error)];
    throw error;
  }
}

async function askAddresses(
  reader: CloudReader,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly CloudCall[]> {
  const answers = await Promise.allSettled(ids.map((id) => reader.loadBalancer(id, signal)));
  return answers.flatMap((answer) =>
    answer.status === 'rejected' && answer.reason instanceof CloudError ? [asCall(answer.reason)] : [],
  );
}

async function questionsOf(
  trial: CloudTrial,
  { clusterId = '', vpcId = '' }: FoundCloud,
  signal: AbortSignal,
): Promise<CloudQuestions> {
  const names = [...new Set(trial.nodeNames)].filter((name) => name !== '').slice(0, SOME);
  const reads = await Promise.all(
    names.map((name) =>
      readAll(trial.client, NODES, { fieldSelector: `metadata.name=${name}`, signal }, trimDoctorNode),
    ),
  );
  const nodes = reads.flatMap((read) => (read.ok ? read.items : []));
  return {
    loadBalancerIds: loadBalancerIdsOf(trial),
    nodes: nodes.map(({ meta: { name }, providerId, machineId, internalIps }) => ({
      name,
      providerId,
      machineId,
      internalIps,
    })),
    addresses: nodes.flatMap(({ externalIps }) => externalIps),
    clusterId,
    vpcId,
  };
}

function loadBalancerIdsOf({ services }: CloudTrial): readonly string[] {
  const balanced = services.filter(({ type }) => type === 'LoadBalancer');
  const ids = balanced.flatMap((service) => loadBalancerOf(service)?.id ?? []);
  return [...new Set(ids)].toSorted().slice(0, SOME);
}

function asCall({ message, details: { action, category } }: CloudError): CloudCall {
  return { action, result: category, message };
}

function onePerMessage(calls: readonly CloudCall[]): readonly CloudCall[] {
  return [...new Map(calls.map((call) => [call.message, call])).values()];
}
