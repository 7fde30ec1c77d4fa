import type { CiliumPlace } from '../cilium/discover.ts';
import type { GatewayConfig } from '../config/config.types.ts';
import type { KubeClient } from '../kube/client.types.ts';
import { ENVOY_CONFIGS } from '../kube/resources.ts';
import type { Model } from '../kube/watch.types.ts';
import type { Clock } from '../lib/clock.ts';
import { foreignOwner } from '../plan/ours.ts';
import type { Action } from '../plan/plan.types.ts';
import type { Reconciler } from '../plan/reconciler.types.ts';
import type { AddressBook } from './address-book.ts';
import { askIpModeStored } from './ip-mode-question.ts';
import type { GatewayObservation, IpModeStored, Seen } from './observation.ts';
import { assembleObservation, type GatewayReads } from './observe.ts';
import { type GatewayPlan, planGateways } from './plan.ts';
import { believingEmptyLists } from './proof.ts';
import type { CopyPolicy } from './redirect.ts';
import { declinedFinding } from './second-writer.ts';
import { pinId, showsTargetPorts } from './target-ports.ts';
import type { GatewayView } from './view.ts';

export interface GatewayReconcilerOptions {
  readonly client: KubeClient;
  readonly view: GatewayView;
  readonly place: CiliumPlace;
  /** Asked at each look. */
  readonly config: () => GatewayConfig;
  readonly clock: Clock;
  readonly fieldManager: string;
  readonly copies: CopyPolicy;
  /** Nothing is sent that needs a right to write, not even as a dry run: `ipMode` is assumed to be stored. */
  readonly readOnly?: () => boolean;
  /** A standby looks, and asks neither the cloud nor the API server more than that. Absent: there is no other. */
  readonly leads?: () => boolean;
  /** Where the cloud is asked for addresses; absent: nowhere. */
  readonly addresses?: AddressBook;
  /**
   * Called when a look waits for second lists, since something would be taken away if the empty first ones were true.
   * Absent: no look waits, a later one takes it away.
   */
  readonly onWaitForProof?: () => void;
  /** How long looks wait for what the cloud says, all of them together, milliseconds. */
  readonly cloudWaitMs?: number;
}

/** Observe and plan for Gateways. A look asks the API server about `ipMode` first where the plan rests on it. */
export type GatewayReconciler = Reconciler<GatewayPlan>;

/** When an answer that could not be had is asked for again: a right takes a person, all else may be over at once. */
const ASK_AGAIN_MS = { denied: 15_000, unknown: 1_000 } as const;

/** A watch shows a deletion by then; what is still there was not deleted, whatever the answer said. */
const DELETED_FOR_MS = 10_000;

export function createGatewayReconciler(options: GatewayReconcilerOptions): GatewayReconciler {
  const { client, view, place, config: configNow, clock, fieldManager, copies, addresses, cloudWaitMs = 0 } = options;
  const readOnly = options.readOnly ?? ((): boolean => false);
  let ipModeStored: IpModeStored = 'unasked';
  const { leads = () => true } = options;
  let askedAt = 0;
  let cloudWaitEndsAt: number | undefined;
  let unwantedSince = new Map<string, number>();
  const refusedPins = new Set<string>();
  /** Entrypoints and copies that were deleted and that the watch still shows, by uid: until when that is believed. */
  let deleted = new Map<string, number>();

  function readsNow(): GatewayReads {
    const reads = view.reads();
    if (deleted.size === 0) return reads;
    const { services, envoyConfigs } = reads;
    const shown = new Set([...services.items, ...(envoyConfigs?.items ?? [])].map(({ meta }) => meta.uid));
    const now = clock.monotonic();
    deleted = new Map([...deleted].filter(([uid, until]) => shown.has(uid) && until > now));
    return {
      ...reads,
      services: withDeleted(services, deleted),
      envoyConfigs: envoyConfigs && withDeleted(envoyConfigs, deleted),
    };
  }

  function observeNow(): GatewayObservation {
    const now = clock.monotonic();
    const unwantedForMs = new Map([...unwantedSince].map(([uid, since]) => [uid, now - since]));
    const memory = {
      ipModeStored: readOnly() ? ('yes' as const) : ipModeStored,
      unwantedForMs,
      refusedPins,
      loadBalancers: addresses?.answers(),
    };
    return assembleObservation(readsNow(), place.namespace, memory);
  }

  function planNow(): GatewayPlan {
    const now = clock.monotonic();
    const plan = planGateways(observeNow(), configNow(), copies);
    // Whatever was wanted, or not certain, in between starts its time anew (rule 14).
    unwantedSince = new Map([...plan.unwanted].map((uid) => [uid, unwantedSince.get(uid) ?? now]));
    return plan;
  }

  /** Whether an empty first list is all that keeps something from being taken away. */
  function waitsForProof(plan: GatewayPlan): boolean {
    const believed = believingEmptyLists(observeNow());
    return believed !== undefined && planGateways(believed, configNow(), copies).actions.length > plan.actions.length;
  }

  function untilAskedAgain(plan: GatewayPlan): GatewayPlan {
    const due = [...deleted.values(), ...(isOpen(ipModeStored) ? [askedAt + ASK_AGAIN_MS[ipModeStored]] : [])];
    if (due.length === 0) return plan;
    const left = Math.max(1, Math.min(...due) - clock.monotonic());
    return { ...plan, nextLookMs: Math.min(plan.nextLookMs ?? left, left) };
  }

  return {
    look: async (signal) => {
      if (isOpen(ipModeStored) && clock.monotonic() - askedAt >= ASK_AGAIN_MS[ipModeStored]) ipModeStored = 'unasked';
      await view.whenAsked(signal); // copies that an earlier life left are known before the first write
      let plan = planNow();
      if (plan.needsEnvoyConfigs) {
        view.watchEnvoyConfigs();
        await view.whenAsked(signal);
        plan = planNow();
      }
      if (options.onWaitForProof !== undefined && waitsForProof(plan)) {
        options.onWaitForProof();
        await view.whenProven(signal);
        plan = planNow();
      }
      if (!leads()) {
        addresses?.want([]);
        return plan;
      }
      if (addresses !== undefined) {
        addresses.want(plan.loadBalancers);
        const now = clock.monotonic();
        if (plan.loadBalancers.length > 0) cloudWaitEndsAt ??= now + cloudWaitMs;
        if (cloudWaitEndsAt !== undefined && cloudWaitEndsAt > now) {
          await addresses.answered(cloudWaitEndsAt - now, signal);
          plan = planNow();
        }
      }
      if (plan.ipModeQuestion === undefined) return untilAskedAgain(plan);
      ipModeStored = await askIpModeStored(client, plan.ipModeQuestion, fieldManager, signal);
      askedAt = clock.monotonic();
      return untilAskedAgain(planNow());
    },
    isShown: (action) => showsTargetPorts(view.service(action.target), action),
    noteApplied: ({ outcome, object }) => {
      const { action, status } = outcome;
      if (object !== undefined) view.upsert(action.request.resource, object);
      if (action.request.verb === 'delete' && status === 'applied') {
        deleted.set(action.target.uid, clock.monotonic() + DELETED_FOR_MS);
      }
      if (action.kind === 'pin-node-port' && status === 'refused') {
        for (const { after } of action.changes) {
          if (typeof after === 'number') refusedPins.add(pinId(action.target.uid, after));
        }
      }
    },
    writerOf: (action) => writerOf(action, view),
    explainDeclined: (declined) => declined.map((one) => declinedFinding(one, configNow())),
  };
}

function isOpen(answer: IpModeStored): answer is 'denied' | 'unknown' {
  return answer === 'denied' || answer === 'unknown';
}

function withDeleted<T extends Model>(seen: Seen<T>, deleted: ReadonlyMap<string, number>): Seen<T> {
  const items = seen.items.map((one) =>
    deleted.has(one.meta.uid) ? { ...one, meta: { ...one.meta, deleting: true } } : one,
  );
  return { ...seen, items };
}

function writerOf(action: Action, view: GatewayView): string {
  if (action.request.resource === ENVOY_CONFIGS) {
    const config = view.reads().envoyConfigs?.items.find(({ meta }) => meta.uid === action.target.uid);
    return foreignOwner(config?.writers ?? [])?.manager ?? '';
  }
  const service = view.service(action.target);
  if (service?.meta.uid !== action.target.uid) return '';
  if (action.kind === 'publish-address' || action.kind === 'clear-address') {
    // A writer that empties the field owns nothing there any more: the last one at all is the best guess.
    return (foreignOwner(service.ingressOwners) ?? foreignOwner(service.statusWriters))?.manager ?? '';
  }
  return foreignOwner(service.ports.flatMap((port) => port.targetPortOwners))?.manager ?? '';
}
