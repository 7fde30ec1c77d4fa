import { isAgent } from '../../cilium/agents.ts';
import type { SubjectState } from '../../gateway/plan-subject.types.ts';
import { matchPorts, type PortPair } from '../../gateway/ports.ts';
import { gatewayKey } from '../../gateway/subjects.ts';
import type { ProbeTarget } from '../../probe/probe.types.ts';
import { subjectsOf } from '../facts/gateway-plan.ts';
import { ordinaryNodes } from '../facts/network.ts';
import type { DoctorWorld } from '../world.types.ts';

/**
 * Where `--probe` connects to: the published addresses, and on each node the entrypoint's NodePort and the Gateway's.
 * Those of a Gateway come first: for ten seconds a node remembers a connection that came by way of the entrypoint, and
 * answers the same client port by that NodePort only.
 */
export function probeTargets(world: DoctorWorld): readonly ProbeTarget[] {
  const subjects = subjectsOf(world);
  const all = subjects.flatMap((state) => targetsOf(state, world));
  const at = (place: ProbeTarget['place']): ProbeTarget[] => all.filter((target) => target.place === place);
  return [...at('gateway'), ...at('entrypoint'), ...at('published')];
}

function targetsOf(state: SubjectState, world: DoctorWorld): ProbeTarget[] {
  const { subject, entrypoint, exposure } = state;
  const { service } = subject;
  if (service === undefined || subject.meta.deleting) return [];
  const speaking = (port: number): Pick<ProbeTarget, 'subject' | 'listenerPort' | 'speaks' | 'hostname'> => ({
    subject: subject.key,
    listenerPort: port,
    ...languageOf(state, port, world),
  });
  const published = entrypoint?.ingress.length ? entrypoint.ingress : state.addresses;
  const pairs = entrypoint === undefined ? [] : tcpPairs(state);
  const open =
    entrypoint === undefined
      ? service.ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => ({ port, listener: port }))
      : pairs.map((pair) => ({ port: pair.entrypoint.port, listener: pair.gateway.port }));
  const targets: ProbeTarget[] = published.flatMap(({ ip, hostname }) =>
    open.map(
      ({ port, listener }): ProbeTarget => ({
        ...speaking(listener),
        listenerPort: port,
        place: 'published',
        node: '',
        address: ip || hostname,
        port,
      }),
    ),
  );
  for (const { meta, internalIps } of ordinaryNodes(world.kube)) {
    const [address] = internalIps;
    if (address === undefined) continue;
    for (const pair of pairs) {
      const common = { ...speaking(pair.gateway.port), listenerPort: pair.entrypoint.port, node: meta.name, address };
      // Where members are Pods, the entrypoint's NodePort is not on the way; on the host's network Envoy needs none.
      if (pair.entrypoint.nodePort > 0 && exposure !== 'pod-ip') {
        targets.push({ ...common, place: 'entrypoint', port: pair.entrypoint.nodePort });
      }
      if (pair.gateway.nodePort > 0 && exposure !== 'host-network') {
        targets.push({ ...common, place: 'gateway', port: pair.gateway.nodePort });
      }
    }
  }
  return targets;
}

/** Ports of the entrypoint that lead to a listener by TCP. */
function tcpPairs({ subject, entrypoint }: SubjectState): readonly PortPair[] {
  if (subject.service === undefined || entrypoint === undefined) return [];
  const { pairs } = matchPorts(entrypoint, subject.service, subject.key);
  return pairs.filter((pair) => pair.entrypoint.protocol === 'TCP');
}

const SPEAKS: Readonly<Record<string, ProbeTarget['speaks']>> = { HTTP: 'http', HTTPS: 'tls', TLS: 'tls' };

/** What a listener speaks, and a hostname that it serves. */
function languageOf(
  { subject }: SubjectState,
  port: number,
  { kube }: DoctorWorld,
): Pick<ProbeTarget, 'speaks' | 'hostname'> {
  if (subject.kind !== 'Gateway') return { speaks: port === 443 ? 'tls' : 'http', hostname: '' };
  const listeners = subject.gateway?.listeners.filter((one) => one.port === port) ?? [];
  const rules = kube.gateways.items.find(({ meta }) => gatewayKey(meta.namespace, meta.name) === subject.key);
  const names = listeners.map(({ name }) => rules?.listenerRules.find((one) => one.name === name)?.hostname ?? '');
  const routed = [...kube.httpRoutes.items, ...kube.grpcRoutes.items]
    .filter(({ parents }) => parents.some((one) => gatewayKey(one.namespace, one.name) === subject.key))
    .flatMap(({ hostnames }) => hostnames);
  const own = names.find((name) => name !== '' && !name.startsWith('*')) ?? '';
  const suffixes = names.filter((name) => name.startsWith('*')).map((name) => name.slice(1));
  const fitting = routed.find((name) => !name.startsWith('*') && fits(name, suffixes));
  const [suffix] = suffixes;
  return {
    speaks: SPEAKS[listeners[0]?.protocol ?? ''] ?? 'tcp',
    hostname: own || (fitting ?? (suffix === undefined ? '' : `probe${suffix}`)),
  };
}

function fits(name: string, suffixes: readonly string[]): boolean {
  return suffixes.length === 0 || suffixes.some((suffix) => name.endsWith(suffix));
}

/**
 * Which share of the connections to an entrypoint's NodePort on each node is refused by the way that the exposure takes
 * (rule 11): the one backend in N that is the node itself. Local: all of a node that has one.
 */
export function refusedShares(
  { exposure, entrypoint }: Pick<SubjectState, 'exposure' | 'entrypoint'>,
  { kube }: DoctorWorld,
): (node: string) => number {
  if (exposure !== 'node-port' || entrypoint === undefined) return () => 0;
  const { meta, externalTrafficPolicy } = entrypoint;
  const ready = kube.slices.items
    .filter((slice) => slice.service === meta.name && slice.meta.namespace === meta.namespace)
    .flatMap(({ endpoints }) => endpoints.filter((one) => one.ready).map(({ node }) => node));
  const agents = kube.pods.items.filter((pod) => isAgent(pod) && pod.ready).map(({ node }) => node);
  const backends = new Set(ready.length > 0 ? ready : agents);
  const share = externalTrafficPolicy === 'Local' ? 1 : 1 / Math.max(1, backends.size);
  return (node) => (backends.has(node) ? share : 0);
}
