import type { CloudHealthCheck, CloudListener, CloudTarget } from '../provider.types.ts';
import { checksOf } from './load-balancers.ts';
import type { HealthCheck, Listener, ListenerTargets, LoadBalancerHealth, TargetHealth } from './models/clb.ts';

/** CLB's name where it isn't the lower-case one of everybody. */
const PROTOCOLS: Readonly<Record<string, string>> = { TCP_SSL: 'tls' };

export function toListener(listener: Listener): CloudListener {
  return {
    id: listener.ListenerId,
    name: listener.ListenerName,
    protocol: PROTOCOLS[listener.Protocol] ?? listener.Protocol.toLowerCase(),
    port: listener.Port,
    // 0 or absent where there is no range.
    endPort: Math.max(listener.Port, listener.EndPort ?? 0),
    // There is no switch for a single listener, and each holds its targets itself.
    enabled: true,
    hasBackendGroup: true,
    healthCheck: toHealthCheck(checksOf(listener)),
    proxyProtocol: listener.ProxyProtocol ?? undefined,
  };
}

/** One that is on stands for all: rules of a layer-7 listener may differ. */
function toHealthCheck(checks: readonly HealthCheck[]): CloudHealthCheck {
  const check = checks.find(({ HealthSwitch }) => HealthSwitch === 1) ?? checks[0];
  return { enabled: check?.HealthSwitch === undefined ? undefined : check.HealthSwitch === 1 };
}

/** Where a target's health could not be had: why. */
export interface HealthRefused {
  readonly reason: string;
}

/**
 * The targets of all listeners with their health; a target of a layer-7 listener is there once for each rule. What only
 * the health answer knows (targets of target groups) is there, too.
 */
export function toTargets(
  listeners: readonly ListenerTargets[],
  health: LoadBalancerHealth | HealthRefused | undefined,
): readonly CloudTarget[] {
  const book = new HealthBook(health);
  const targets = listeners.flatMap(({ ListenerId, Targets, Rules }) =>
    [{ LocationId: '', Targets }, ...Rules].flatMap((rule) =>
      rule.Targets.map((target): CloudTarget => {
        const address = target.PrivateIpAddresses[0] ?? '';
        const instanceId = target.InstanceId !== '' ? target.InstanceId : target.EniId;
        const known = book.take(ListenerId, rule.LocationId, address, instanceId, target.Port);
        return {
          listenerId: ListenerId,
          address: address !== '' ? address : (known?.IP ?? ''),
          port: target.Port,
          weight: target.Weight ?? 0,
          instanceId,
          ...book.verdict(known),
        };
      }),
    ),
  );
  return [...targets, ...book.rest()];
}

type Verdict = Pick<CloudTarget, 'health' | 'reason'>;

/** The health answer of one load balancer, by listener and rule. */
class HealthBook {
  readonly #left: { readonly listenerId: string; readonly locationId: string; readonly health: TargetHealth }[];
  readonly #refusal: string;

  constructor(answer: LoadBalancerHealth | HealthRefused | undefined) {
    this.#refusal = answer !== undefined && 'reason' in answer ? answer.reason : '';
    const listeners = answer === undefined || 'reason' in answer ? [] : answer.Listeners;
    this.#left = listeners.flatMap(({ ListenerId, Rules }) =>
      Rules.flatMap(({ LocationId, Targets }) =>
        Targets.map((health) => ({ listenerId: ListenerId, locationId: LocationId, health })),
      ),
    );
  }

  /** The entry of a target; it is then no longer among the rest. A layer-4 entry may carry any location. */
  take(
    listenerId: string,
    locationId: string,
    address: string,
    instanceId: string,
    port: number,
  ): TargetHealth | undefined {
    const index = this.#left.findIndex(
      (entry) =>
        entry.listenerId === listenerId &&
        (locationId === '' || entry.locationId === locationId) &&
        entry.health.Port === port &&
        (address === '' ? entry.health.TargetId === instanceId : entry.health.IP === address),
    );
    return index < 0 ? undefined : this.#left.splice(index, 1)[0]?.health;
  }

  verdict(health: TargetHealth | undefined): Verdict {
    if (health === undefined) return { health: 'unknown', reason: this.#refusal };
    switch (health.HealthStatusDetail) {
      case 'Alive':
        return { health: 'healthy', reason: '' };
      case 'Dead':
        return { health: 'unhealthy', reason: 'Dead' };
      case 'Close':
        return { health: 'unchecked', reason: 'Close' };
      default:
        // `Unknown`: not probed yet, being probed, or not known; false alone says no more.
        return { health: health.HealthStatus === true ? 'healthy' : 'unknown', reason: health.HealthStatusDetail };
    }
  }

  rest(): readonly CloudTarget[] {
    return this.#left.map(({ listenerId, health }) => ({
      listenerId,
      address: health.IP,
      port: health.Port,
      weight: health.Weight ?? 0,
      instanceId: health.TargetId,
      ...this.verdict(health),
    }));
  }
}
