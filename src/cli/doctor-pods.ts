import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { describePlan, planPodProbe } from '../checks/pod-probe/plan.ts';
import type { DoctorWorld } from '../checks/world.types.ts';
import { describePermission, type Permission, reviewAccess } from '../kube/access.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { KubeError } from '../kube/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { ONCE_MANAGER } from '../plan/ours.ts';
import type { PodProbeChoice, PodProbeMeasurement, PublicTarget } from '../pod-probe/pod-probe.types.ts';
import { runPodProbe } from '../pod-probe/run.ts';

export interface PodProbeUi {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly progress: (text: string) => void;
  /** Shows what would be created and asks. Throws UsageError where there is nobody to ask. */
  readonly confirm: (plan: string, signal: AbortSignal) => Promise<boolean>;
  /** Tells, should somebody be in a hurry, why the end must wait; returns the way to say that it need not. For tests: absent. */
  readonly hold?: (why: string) => () => void;
  /** Writes a line for people, besides the report. */
  readonly say: (line: string) => void;
  /** First IPv4 address of a name; undefined: none. For tests. */
  readonly resolve?: (name: string) => Promise<string | undefined>;
}

/**
 * Says what Pods would be made, asks, makes them and removes them. What this account may not do is data; nothing is
 * created unless it may be removed again, too.
 * @throws UsageError where nobody can be asked; the signal's reason, after the removal
 */
export async function measureByPods(
  choice: PodProbeChoice,
  world: DoctorWorld,
  ui: PodProbeUi,
  signal: AbortSignal,
): Promise<PodProbeMeasurement> {
  const { client, clock, progress, say } = ui;
  const targets = await resolveAll(choice.names, ui.resolve ?? firstAddress);
  const plan = planPodProbe(choice, world.kube, targets);
  if (plan.nodes.length === 0)
    return notMeasured('no node could be read', 'Give this account the right to list nodes.');
  const verbs = ['create', 'list', 'delete'] as const;
  const permissions = verbs.map(
    (verb): Permission => ({ verb, group: '', resource: 'pods', namespace: plan.namespace }),
  );
  const { denied } = await reviewAccess(client, permissions, { signal });
  if (denied.length > 0) {
    const rights = denied.map(({ permission }) => describePermission(permission)).join(', ');
    return notMeasured(
      `this account may not ${rights}`,
      `Give this account the right to ${rights}, or choose another namespace with --probe-namespace.`,
    );
  }
  if (!choice.yes && !(await ui.confirm(describePlan(plan), signal))) {
    return notMeasured('the question was not answered with yes', 'Answer y, or add --yes.');
  }
  if (choice.yes) say(describePlan(plan));
  try {
    const { results, remains } = await runPodProbe(
      plan,
      {
        client,
        clock,
        fieldManager: ONCE_MANAGER,
        run: randomBytes(4).toString('hex'),
        progress,
        hold: ui.hold,
        onRemains: (names, command) =>
          say(`These Pods could not be removed: ${names.join(', ')}. Remove them: ${command}`),
      },
      signal,
    );
    return { state: 'measured', plan, results, remains };
  } catch (error) {
    if (signal.aborted || !(error instanceof KubeError)) throw error;
    return notMeasured(error.message, 'See what the API server says, and try again.');
  }
}

function notMeasured(why: string, mend: string): PodProbeMeasurement {
  return { state: 'not-measured', why, mend };
}

async function resolveAll(
  names: readonly string[],
  resolve: (name: string) => Promise<string | undefined>,
): Promise<readonly PublicTarget[]> {
  const found = await Promise.all(names.map(async (name) => ({ name, ip: await resolve(name) })));
  return found.flatMap(({ name, ip }) => (ip === undefined ? [] : [{ name, ip }]));
}

async function firstAddress(name: string): Promise<string | undefined> {
  return await lookup(name, { family: 4 }).then(
    ({ address }) => address,
    () => undefined,
  );
}
