import type { ObjectRef } from '../../src/kube/types.ts';
import type { Send } from '../control-plane/http.ts';
import { type KubeObject, valueAt } from '../control-plane/objects.ts';
import { createServiceApi, repeat } from './service-api.ts';

/** Which annotations name a load balancer. */
export type Dialect = 'huawei' | 'tencent';

/**
 * What it does to the status of a LoadBalancer Service without a loadBalancerClass that names no load balancer:
 * `holds` leaves it alone (seen by the CCE guide), `clears` empties it after `clearAfterMs` (seen in the field). Who
 * empties a field owns nothing in managedFields: what shows its name is the finalizer that Kubernetes' service
 * controller, which every CCM is made of, puts on each Service through `/status` before it does anything else.
 */
export type Manner = 'holds' | 'clears';

export type CloudAddress = { readonly ip: string } | { readonly hostname: string };

export interface CcmOptions {
  readonly send: Send;
  readonly dialect: Dialect;
  readonly manner: Manner;
  /** Default `cloud-controller-manager`. */
  readonly fieldManager?: string;
  /** By load balancer id; EIP before VIP, as CCE writes them. */
  readonly addresses?: Readonly<Record<string, readonly CloudAddress[]>>;
  /** Default 500. */
  readonly clearAfterMs?: number;
  /** Between two looks; default 50. */
  readonly everyMs?: number;
}

/** A cloud controller, as far as Services see it. */
export interface Ccm {
  /** Binds or releases addresses of a load balancer; none: the Services on it lose theirs. */
  setAddresses(loadBalancerId: string, addresses: readonly CloudAddress[]): void;
  /** How often it emptied a status that it had not written. */
  cleared(): number;
  stop(): Promise<void>;
}

const CCM_FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

const ID_ANNOTATIONS: Readonly<Record<Dialect, readonly string[]>> = {
  huawei: ['kubernetes.io/elb.id'],
  tencent: ['service.kubernetes.io/tke-existed-lbid', 'service.kubernetes.io/loadbalance-id'],
};

/** Writes the addresses of load balancers into Services that name one. Never touches one with a loadBalancerClass. */
export function startCcm(options: CcmOptions): Ccm {
  const { dialect, manner, fieldManager = 'cloud-controller-manager', clearAfterMs = 500, everyMs = 50 } = options;
  const api = createServiceApi(options.send);
  const addresses = new Map(Object.entries(options.addresses ?? {}));
  const strangerSince = new Map<string, number>();
  let cleared = 0;

  async function serve(service: KubeObject): Promise<void> {
    if (valueAt(service, 'spec', 'type') !== 'LoadBalancer') return;
    if (valueAt(service, 'spec', 'loadBalancerClass') !== undefined) return;
    const id = loadBalancerId(service, dialect);
    const current = valueAt(service, 'status', 'loadBalancer', 'ingress') ?? [];
    if (id === undefined) {
      if (manner === 'clears') await clear(service, current);
      return;
    }
    const wanted = addresses.get(id) ?? [];
    if (JSON.stringify(wanted) !== JSON.stringify(withoutDefaults(current))) await write(service, wanted);
  }

  async function clear(service: KubeObject, current: unknown): Promise<void> {
    const uid = service.metadata.uid ?? '';
    const deleting = service.metadata.deletionTimestamp !== undefined;
    if (deleting === hasFinalizer(service)) {
      await setFinalizer(service, !deleting);
      return;
    }
    if (!Array.isArray(current) || current.length === 0) {
      strangerSince.delete(uid);
      return;
    }
    const since = strangerSince.get(uid) ?? performance.now();
    strangerSince.set(uid, since);
    if (performance.now() - since < clearAfterMs) return;
    strangerSince.delete(uid);
    if ((await write(service, [])) === 200) cleared += 1;
  }

  async function setFinalizer(service: KubeObject, wanted: boolean): Promise<void> {
    const { resourceVersion, finalizers } = service.metadata;
    const present: readonly unknown[] = Array.isArray(finalizers) ? finalizers : [];
    const others = present.filter((name) => name !== CCM_FINALIZER);
    const body = { metadata: { resourceVersion, finalizers: wanted ? [...others, CCM_FINALIZER] : others } };
    await api.patch(refOf(service), body, fieldManager, 'merge', 'status');
  }

  function write(service: KubeObject, ingress: readonly CloudAddress[]): Promise<number> {
    const body = { status: { loadBalancer: { ingress: ingress.length === 0 ? null : ingress } } };
    return api.patch(refOf(service), body, fieldManager, 'merge', 'status');
  }

  const loop = repeat(everyMs, async () => {
    for (const service of await api.list()) await serve(service);
  });
  return {
    setAddresses: (id, list) => addresses.set(id, list),
    cleared: () => cleared,
    stop: loop.stop,
  };
}

function loadBalancerId(service: KubeObject, dialect: Dialect): string | undefined {
  return ID_ANNOTATIONS[dialect].map((key) => service.metadata.annotations?.[key]).find((id) => id !== undefined);
}

/** The API server adds `ipMode: VIP`. */
function withoutDefaults(ingress: unknown): readonly unknown[] {
  if (!Array.isArray(ingress)) return [];
  return ingress.map((entry: object) => Object.fromEntries(Object.entries(entry).filter(([key]) => key !== 'ipMode')));
}

function hasFinalizer({ metadata: { finalizers } }: KubeObject): boolean {
  return Array.isArray(finalizers) && finalizers.includes(CCM_FINALIZER);
}

function refOf({ metadata }: KubeObject): ObjectRef {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}
