import { setTimeout } from 'node:timers/promises';
import { GATEWAYS, SERVICES } from '../src/kube/resources.ts';
import { conditionOf, isKubeObject, valueAt } from '../test/control-plane/objects.ts';
import { observe } from './latency.ts';
import { type Result, ratio, summarise } from './stats.ts';
import { makeEntrypoint, makeGateway, startController, type World } from './world.ts';

const ROUNDS = 30;
/** What a write leaves behind, such as Events, does not fall into what is measured next. */
const REST_MS = 400;

/** Gateway created → Programmed=True with an address: by us (own class), beside Cilium's LB-IPAM (classless), in turn. */
export async function gatewayProgrammed({ cluster, client }: World): Promise<Result[]> {
  await cluster.apply({
    apiVersion: 'cilium.io/v2alpha1',
    kind: 'CiliumLoadBalancerIPPool',
    metadata: { name: 'bench' },
    spec: { blocks: [{ cidr: '198.51.100.0/24' }] },
  });
  const controller = startController(cluster);
  const observer = await observe(client, GATEWAYS, 'default');
  const times: Record<'ours' | 'ipam', number[]> = { ours: [], ipam: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const who of ['ours', 'ipam'] as const) {
      const name = `p-${who}-${round}`;
      if (who === 'ours') await makeEntrypoint(cluster, name, `203.0.113.${round + 10}`);
      await setTimeout(REST_MS);
      const seen = observer.next(name, isProgrammed);
      const startedAt = performance.now();
      await makeGateway(cluster, name, who === 'ours' ? undefined : 'cilium');
      times[who].push((await seen) - startedAt);
      await setTimeout(REST_MS);
      await cluster.remove(GATEWAYS, { namespace: 'default', name });
      if (who === 'ours') await cluster.remove(SERVICES, { namespace: 'kube-system', name: `entry-${name}` });
    }
  }
  observer.stop();
  await controller.stop();
  await cluster.remove(
    {
      group: 'cilium.io',
      version: 'v2alpha1',
      plural: 'ciliumloadbalancerippools',
      kind: 'CiliumLoadBalancerIPPool',
      namespaced: false,
    },
    { namespace: '', name: 'bench' },
  );
  const names = ['ours', "Cilium's LB-IPAM"] as const;
  // The first round warms both up.
  return [
    ratio('Gateway created → Programmed', summarise(times.ours.slice(1)), summarise(times.ipam.slice(1)), names, 1.2),
  ];
}

function isProgrammed(gateway: unknown): boolean {
  const addresses = valueAt(gateway, 'status', 'addresses');
  return (
    isKubeObject(gateway) &&
    conditionOf(gateway, 'Programmed')?.status === 'True' &&
    Array.isArray(addresses) &&
    addresses.length > 0
  );
}
