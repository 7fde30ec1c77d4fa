import { SERVICES } from '../src/kube/resources.ts';
import { waitFor } from '../test/control-plane/wait.ts';
import { observe, startBare, targetPortOf } from './latency.ts';
import { type Result, ratio, summarise } from './stats.ts';
import { makeEntrypoint, makeGateway, startController, type World, waitProgrammed } from './world.ts';

const ROUNDS = 200;

/** NodePort of a Gateway Service changed → targetPort of the entrypoint written, beside the bare watch + PATCH. */
export async function nodePortLatency({ cluster, client }: World): Promise<Result[]> {
  for (const [index, name] of ['ours', 'bare'].entries()) {
    await makeGateway(cluster, name);
    if (name === 'ours') await makeEntrypoint(cluster, name, `203.0.113.${index + 1}`);
  }
  await waitFor('the Gateway Service', () =>
    cluster.get(SERVICES, { namespace: 'default', name: 'cilium-gateway-bare' }),
  );
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'entry-bare', namespace: 'kube-system' },
    spec: { type: 'LoadBalancer', loadBalancerClass: 'bench/none', ports: [{ name: 'http', port: 80, targetPort: 1 }] },
  });
  const controller = startController(cluster);
  const stopBare = await startBare(cluster, 'default/cilium-gateway-bare', 'kube-system/entry-bare');
  await waitProgrammed(cluster, 'ours');
  const observer = await observe(client, SERVICES, 'kube-system');
  const times: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of ['ours', 'bare'] as const) {
      // The lowest 86 ports are given to nobody who does not ask for them.
      const nodePort = 30_000 + (round % 40) + (name === 'ours' ? 0 : 40);
      const startedAt = performance.now();
      const seen = observer.next(`entry-${name}`, (service) => targetPortOf(service) === nodePort);
      seen.catch(() => undefined);
      if (!(await moveNodePort(cluster, `cilium-gateway-${name}`, nodePort))) continue;
      times[name].push((await seen) - startedAt);
    }
  }
  observer.stop();
  stopBare();
  await controller.stop();
  const ours = summarise(times.ours);
  const bare = summarise(times.bare);
  const result = ratio('NodePort changed → targetPort written', ours, bare, ['ours', 'bare watch + PATCH'], 1.3);
  const p99 = ours.p99 / bare.p99;
  return [
    result,
    {
      what: 'the same, 99th percentile',
      figures: [`ours ${ours.p99.toFixed(1)} ms, bare ${bare.p99.toFixed(1)} ms, ratio ${p99.toFixed(2)}`],
      target: '≤ 3 × bare',
      reached: p99 <= 3,
    },
  ];
}

/** False when another Service has that port just now: then the round does not count. */
async function moveNodePort(cluster: World['cluster'], name: string, nodePort: number): Promise<boolean> {
  const path = `/api/v1/namespaces/default/services/${name}`;
  const patch = [{ op: 'replace', path: '/spec/ports/0/nodePort', value: nodePort }];
  const answer = await cluster.request('PATCH', path, patch, 'application/json-patch+json');
  if (answer.status !== 200 && answer.status !== 422) throw new Error(`PATCH ${path}: ${answer.status}`);
  return answer.status === 200;
}
