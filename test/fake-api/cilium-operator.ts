import {
  ENVOY_CONFIGS,
  GATEWAY_CLASSES,
  GATEWAYS,
  INGRESSES,
  LB_IP_POOLS,
  SERVICES,
} from '../../src/kube/resources.ts';
import { reconcileGateway, reconcileGatewayClass } from './cilium/gateway.ts';
import { reconcileIngress, reconcileShared, SHARED_SERVICE, serviceOf } from './cilium/ingress.ts';
import { LbIpam } from './cilium/lb-ipam.ts';
import { listIfServed, type OperatorSettings } from './cilium/model.ts';
import { backendsOf, parentsOf } from './cilium/routes.ts';
import { type KubeObject, objectsAt, stringAt } from './json.ts';
import { ENDPOINT_SLICES, GATEWAY_CLASS_CONFIGS, HTTP_ROUTES, kindKey } from './kinds.ts';
import type { FakeApi } from './server.ts';
import type { Change } from './store.ts';

export interface CiliumOperatorOptions extends Partial<OperatorSettings> {
  /** Between a change and what follows from it. Default 0: the next tick. */
  readonly delayMs?: number;
}

export interface CiliumOperator {
  /** From now on nothing is reconciled; what changes meanwhile is looked at by `resume`. */
  pause(): void;
  resume(): void;
  /** Resolves when nothing is left to do. */
  settled(): Promise<void>;
  stop(): void;
}

/**
 * A model of Cilium's operator 1.19.5 on the fake server: GatewayClasses, Gateways, Ingresses and LB-IPAM, as far as
 * this project has to do with them. Not modelled: GRPCRoutes, TLSRoutes, host names and namespaces in the status of routes, certificates.
 */
export function startCiliumOperator(api: FakeApi, options: CiliumOperatorOptions = {}): CiliumOperator {
  return new Model(api, options);
}

const ALL = '*';

class Model implements CiliumOperator {
  readonly #api: FakeApi;
  readonly #settings: OperatorSettings;
  readonly #delayMs: number;
  readonly #ipam: LbIpam;
  readonly #dirty = new Set<string>();
  readonly #stopListening: () => void;
  #timer: NodeJS.Timeout | undefined;
  #paused = false;
  #waiting: (() => void)[] = [];

  constructor(api: FakeApi, options: CiliumOperatorOptions) {
    this.#api = api;
    this.#delayMs = options.delayMs ?? 0;
    this.#settings = {
      hostNetwork: options.hostNetwork ?? false,
      ingress: options.ingress ?? true,
      lbIpam: options.lbIpam ?? true,
      namespace: options.namespace ?? 'kube-system',
    };
    this.#ipam = new LbIpam(api);
    this.#stopListening = api.onChange(undefined, (change) => this.#observe(change));
    this.#mark(ALL);
  }

  pause(): void {
    this.#paused = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  resume(): void {
    this.#paused = false;
    this.#mark(ALL);
  }

  settled(): Promise<void> {
    return this.#dirty.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    this.#stopListening();
    this.pause();
    this.#dirty.clear();
    this.#release();
  }

  #observe({ kind, object, previous }: Change): void {
    const key = `${stringAt(object, 'metadata', 'namespace')}/${object.metadata.name}`;
    switch (kindKey(kind)) {
      case kindKey(GATEWAYS):
        this.#mark(`gateway ${key}`);
        break;
      case kindKey(GATEWAY_CLASSES):
      case kindKey(GATEWAY_CLASS_CONFIGS):
        this.#mark('classes');
        break;
      case kindKey(HTTP_ROUTES):
        for (const parent of [object, ...(previous === undefined ? [] : [previous])].flatMap(parentsOf)) {
          this.#mark(`gateway ${parent}`);
        }
        break;
      case kindKey(INGRESSES):
        this.#mark(`ingress ${key}`, 'shared');
        break;
      case kindKey(LB_IP_POOLS):
        this.#mark('ipam');
        break;
      case kindKey(SERVICES):
        this.#mark('ipam');
        this.#markOwners(object);
        this.#markRoutesTo(key);
        break;
      case kindKey(ENDPOINT_SLICES):
      case kindKey(ENVOY_CONFIGS):
        this.#markOwners(object);
        break;
      default:
    }
  }

  #markOwners(object: KubeObject): void {
    const namespace = stringAt(object, 'metadata', 'namespace');
    for (const owner of objectsAt(object, 'metadata', 'ownerReferences')) {
      if (owner.kind === 'Gateway' || owner.kind === 'Ingress') {
        this.#mark(`${owner.kind.toLowerCase()} ${namespace}/${stringAt(owner, 'name')}`);
      }
    }
    if (object.metadata.name === SHARED_SERVICE) {
      this.#mark('shared', ...this.#sharedIngresses());
    }
  }

  /** Gateways whose routes send to that Service. */
  #markRoutesTo(service: string): void {
    for (const route of listIfServed(this.#api, HTTP_ROUTES)) {
      if (backendsOf(route).some(({ namespace, name }) => `${namespace}/${name}` === service)) {
        this.#mark(...parentsOf(route).map((parent) => `gateway ${parent}`));
      }
    }
  }

  #sharedIngresses(): string[] {
    return this.#api
      .list(INGRESSES)
      .filter((ingress) => serviceOf(ingress, this.#settings).name === SHARED_SERVICE)
      .map((ingress) => `ingress ${stringAt(ingress, 'metadata', 'namespace')}/${ingress.metadata.name}`);
  }

  #mark(...keys: string[]): void {
    for (const key of keys) {
      this.#dirty.add(key);
    }
    if (!this.#paused) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#work();
      }, this.#delayMs);
    }
  }

  #work(): void {
    const keys = [...this.#dirty];
    this.#dirty.clear();
    for (const key of keys) {
      this.#reconcile(key);
    }
    if (this.#dirty.size === 0) {
      this.#release();
    }
  }

  #reconcile(key: string): void {
    const [what = '', ref = ''] = key.split(' ');
    const [namespace = '', name = ''] = ref.split('/');
    const api = this.#api;
    switch (what) {
      case 'gateway':
        reconcileGateway(api, { namespace, name }, this.#settings);
        break;
      case 'ingress':
        if (this.#settings.ingress) {
          reconcileIngress(api, { namespace, name }, this.#settings);
        }
        break;
      case 'shared':
        if (this.#settings.ingress) {
          reconcileShared(api, this.#settings);
        }
        break;
      case 'ipam':
        if (this.#settings.lbIpam) {
          this.#ipam.reconcile();
        }
        break;
      default:
        this.#reconcileClasses();
        if (what === ALL) {
          this.#mark('shared', 'ipam', ...keysOf('ingress', api.list(INGRESSES)));
        }
    }
  }

  #reconcileClasses(): void {
    for (const gatewayClass of listIfServed(this.#api, GATEWAY_CLASSES)) {
      reconcileGatewayClass(this.#api, gatewayClass.metadata.name);
    }
    this.#mark(...keysOf('gateway', listIfServed(this.#api, GATEWAYS)));
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }
}

function keysOf(what: string, objects: readonly KubeObject[]): string[] {
  return objects.map((object) => `${what} ${stringAt(object, 'metadata', 'namespace')}/${object.metadata.name}`);
}
