import { abortReason, type Clock } from '../lib/clock.ts';
import { redactText } from '../lib/redact.ts';
import { CloudError } from '../providers/errors.ts';
import type { CloudAccess } from '../providers/open.types.ts';
import {
  entriesOfLoadBalancer,
  type LoadBalancerRef,
  type LoadBalancerSeen,
  type LoadBalancersSeen,
} from './load-balancers.ts';

/**
 * What the cloud says of load balancers whose Services don't show an address. Asks in the background, again and again
 * while an answer is wanted, and never makes a pass wait.
 */
export interface AddressBook {
  answers(): LoadBalancersSeen;
  /** From now on these are wanted, and no others. Cheap when nothing changed. */
  want(wanted: readonly LoadBalancerRef[]): void;
  /** Resolves when each wanted one has an answer, or `ms` are over; rejects with the signal's reason. */
  answered(ms: number, signal: AbortSignal): Promise<void>;
}

export interface AddressBookOptions {
  /** Finds the cloud; called when an answer is wanted for the first time. Rejects only with the signal's reason. */
  readonly findCloud: () => Promise<CloudAccess>;
  readonly clock: Clock;
  /** The cloud controller gets this time to show an address itself: two sources would be two writes (rule 6). */
  readonly graceMs: number;
  /** Called when an answer is another than before. */
  readonly onChange: () => void;
  /** Ends all of it. */
  readonly signal: AbortSignal;
}

/** After an answer, and after a failure: doubled with each one in a row. */
const ASK_AGAIN_MS = { read: 600_000, first: 15_000, most: 600_000 } as const;

interface Entry {
  readonly stop: AbortController;
  answer: LoadBalancerSeen;
}

export function createAddressBook(options: AddressBookOptions): AddressBook {
  const { findCloud, clock, graceMs, onChange, signal } = options;
  const entries = new Map<string, Entry>();
  const waiters = new Set<() => void>();
  let access: Promise<CloudAccess> | undefined;

  function note(entry: Entry, answer: LoadBalancerSeen): void {
    const before = JSON.stringify(entry.answer);
    entry.answer = answer;
    if (JSON.stringify(answer) !== before) onChange();
    for (const wake of waiters) wake();
  }

  async function follow(ref: LoadBalancerRef, entry: Entry): Promise<void> {
    const until = AbortSignal.any([entry.stop.signal, signal]);
    access ??= findCloud();
    const cloud = await access;
    if (graceMs > 0) await clock.sleep(graceMs, until);
    for (let failures = 0; !until.aborted; ) {
      const answer = await askOne(cloud, ref, until);
      failures = answer.state === 'read' && answer.entries.length > 0 ? 0 : failures + 1;
      // What was read once stays true until the cloud says otherwise.
      if (answer.state !== 'unread' || entry.answer.state !== 'read') note(entry, answer);
      const wait = failures === 0 ? ASK_AGAIN_MS.read : ASK_AGAIN_MS.first * 2 ** Math.min(10, failures - 1);
      await clock.sleep(Math.min(wait, ASK_AGAIN_MS.most), until);
    }
  }

  function isAnswered(): boolean {
    return [...entries.values()].every(({ answer }) => answer.state !== 'asking');
  }

  return {
    answers: () => new Map([...entries].map(([id, { answer }]) => [id, answer])),
    want(wanted) {
      const refs = new Map(wanted.map((ref) => [ref.id, ref]));
      for (const [id, entry] of entries) {
        if (refs.has(id)) continue;
        entry.stop.abort(new Error('not wanted any more'));
        entries.delete(id);
      }
      for (const [id, ref] of refs) {
        if (entries.has(id) || signal.aborted) continue;
        const entry: Entry = {
          stop: new AbortController(),
          answer: { state: 'asking', why: 'the cloud has not answered yet' },
        };
        entries.set(id, entry);
        // Nothing but the end of it rejects.
        follow(ref, entry).catch(() => undefined);
      }
    },
    async answered(ms, during) {
      const over = new AbortController();
      const ending = AbortSignal.any([over.signal, during]);
      let late = false;
      const timer = clock.sleep(ms, ending).then(
        () => {
          late = true;
        },
        () => undefined,
      );
      try {
        while (!late && !isAnswered()) {
          if (during.aborted) throw abortReason(during);
          const changed = Promise.withResolvers<void>();
          waiters.add(changed.resolve);
          await Promise.race([changed.promise, timer]);
          waiters.delete(changed.resolve);
        }
      } finally {
        over.abort(new Error('answered'));
      }
    },
  };
}

const ID = /^[A-Za-z0-9][-_A-Za-z0-9]{0,63}$/;

async function askOne(
  cloud: CloudAccess,
  { cloud: name, id }: LoadBalancerRef,
  signal: AbortSignal,
): Promise<LoadBalancerSeen> {
  if (cloud.cloud === undefined) return { state: cloud.wanted ? 'unread' : 'not-asked', why: cloud.why };
  const { title } = cloud;
  if (cloud.cloud !== name) return { state: 'not-asked', why: `the cluster runs on ${title}, which has no such id` };
  const missing = cloud.missingCredentials();
  if (missing !== undefined) return { state: 'not-asked', why: missing };
  const what = `load balancer ${id} of ${title}`;
  if (!ID.test(id)) return { state: 'absent', why: `${JSON.stringify(id.slice(0, 80))} is no id of a load balancer` };
  try {
    const { value } = await (await cloud.reader()).loadBalancer(id, signal);
    return { state: 'read', entries: entriesOfLoadBalancer(value), source: what };
  } catch (error) {
    if (signal.aborted) throw error;
    // Whatever it is, the Kubernetes work goes on: it is data that the cloud could not be read.
    const why = redactText(error instanceof Error ? error.message : String(error)).replace(/[.\s]+$/, '');
    if (!(error instanceof CloudError)) return { state: 'unread', why };
    const { category } = error.details;
    return category === 'not-found' ? { state: 'absent', why } : { state: 'unread', why, category };
  }
}
