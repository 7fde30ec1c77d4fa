import { LB_IP_POOLS, SERVICES } from '../../../src/kube/resources.ts';
import {
  type Json,
  type JsonObject,
  type KubeObject,
  listAt,
  objectAt,
  objectsAt,
  stringAt,
  stringMap,
} from '../json.ts';
import type { FakeApi } from '../server.ts';
import { withCondition } from './conditions.ts';
import { listIfServed, writeStatus } from './model.ts';

/**
 * LB-IPAM: asleep until the first pool, and from then on the owner of every LoadBalancer Service without a class. It
 * removes whatever is not of its pools, hostnames too, and gives an address where a pool matches. With the last pool
 * its addresses go.
 */
export class LbIpam {
  readonly #api: FakeApi;
  #awake = false;

  constructor(api: FakeApi) {
    this.#api = api;
  }

  reconcile(): void {
    const pools = listIfServed(this.#api, LB_IP_POOLS);
    if (pools.length === 0 && !this.#awake) {
      return;
    }
    this.#awake = pools.length > 0;
    const services = this.#api.list(SERVICES).filter(isItsBusiness);
    const taken = new Set(services.flatMap((service) => ipsOf(service)));
    for (const service of services) {
      const usable = pools.filter((pool) => matches(pool, service)).flatMap(addressesOf);
      const kept = ipsOf(service).filter((ip) => usable.includes(ip));
      const wanted = requested(service).filter((ip) => usable.includes(ip));
      const free = usable.find((ip) => !taken.has(ip));
      const chosen = kept.length > 0 ? kept : wanted.length > 0 ? wanted : free === undefined ? [] : [free];
      for (const ip of chosen) {
        taken.add(ip);
      }
      this.#write(service, chosen, pools.length > 0);
    }
  }

  #write(service: KubeObject, ips: readonly string[], awake: boolean): void {
    const present = listAt(service, 'status', 'loadBalancer', 'ingress');
    const ingress: Json[] = ips.map(
      (ip) => objectsAt(present).find((entry) => entry.ip === ip) ?? { ip, ipMode: 'VIP' },
    );
    const condition = withCondition(listAt(service, 'status', 'conditions'), {
      type: 'cilium.io/IPAMRequestSatisfied',
      status: ips.length > 0 ? 'True' : 'False',
      reason: ips.length > 0 ? 'satisfied' : 'no_pool',
      message: ips.length > 0 ? '' : 'There are no enabled CiliumLoadBalancerIPPools that match this service',
      observedGeneration: 0,
    });
    const loadBalancer: JsonObject = ingress.length > 0 ? { ingress } : {};
    const status = { ...objectAt(service, 'status'), ...(awake ? { conditions: condition } : {}), loadBalancer };
    writeStatus(this.#api, SERVICES, service, status);
  }
}

function isItsBusiness(service: KubeObject): boolean {
  const spec = objectAt(service, 'spec');
  return spec.type === 'LoadBalancer' && spec.loadBalancerClass === undefined;
}

function ipsOf(service: KubeObject): string[] {
  return objectsAt(service, 'status', 'loadBalancer', 'ingress').flatMap((entry) => stringAt(entry, 'ip') || []);
}

function requested(service: KubeObject): string[] {
  const annotations = stringMap(service.metadata.annotations);
  const text = annotations['lbipam.cilium.io/ips'] ?? annotations['io.cilium/lb-ipam-ips'] ?? '';
  return text.split(',').filter((ip) => ip !== '');
}

function matches(pool: KubeObject, service: KubeObject): boolean {
  const wanted = Object.entries(stringMap(objectAt(pool, 'spec', 'serviceSelector').matchLabels));
  const labels = stringMap(service.metadata.labels);
  return objectAt(pool, 'spec').disabled !== true && wanted.every(([key, value]) => labels[key] === value);
}

/** The IPv4 addresses of a pool's blocks, at most 256 of each: enough for tests. */
function addressesOf(pool: KubeObject): string[] {
  return objectsAt(pool, 'spec', 'blocks').flatMap((block) => {
    const [network = '', bits = '32'] = stringAt(block, 'cidr').split('/');
    const first = number(stringAt(block, 'start') || network);
    const stop = stringAt(block, 'stop');
    const size = stop === '' ? 2 ** (32 - Number(bits)) : number(stop) - first + 1;
    return Array.from({ length: Math.min(size, 256) }, (_, offset) => text(first + offset));
  });
}

function number(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function text(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
