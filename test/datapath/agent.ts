import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../control-plane/command.ts';
import { partPath } from '../control-plane/parts.ts';
import { startProgram } from '../control-plane/process.ts';
import type { Versions } from '../control-plane/versions.ts';
import { waitFor } from '../control-plane/wait.ts';
import { type Log, openLog } from './log.ts';
import { LLVM_DIR } from './preconditions.ts';
import { type AgentTables, agentTables } from './tables.ts';

// The first start compiles the BPF programs: 4 s alone on a machine, several times that on a busy one.
const START_TIMEOUT_MS = 180_000;

/** Where TLS secrets are copied to, and read from. */
export const SECRETS_NAMESPACE = 'cilium-secrets';

/** The keys of cilium-config that make a node what it is on CCE and TKE: kube-proxy replacement over vxlan. */
const AGENT_CONFIG: Readonly<Record<string, string>> = {
  'kube-proxy-replacement': 'true',
  'enable-ipv4': 'true',
  'enable-ipv6': 'false',
  ipam: 'kubernetes',
  'k8s-require-ipv4-pod-cidr': 'true',
  'routing-mode': 'tunnel',
  'tunnel-protocol': 'vxlan',
  devices: 'eth0',
  'enable-bpf-masquerade': 'true',
  'identity-allocation-mode': 'crd',
  'enable-l7-proxy': 'true',
  'external-envoy-proxy': 'true',
  'enable-envoy-config': 'true',
  'enable-gateway-api': 'true',
  'enable-ingress-controller': 'true',
  'gateway-api-secrets-namespace': SECRETS_NAMESPACE,
  'ingress-secrets-namespace': SECRETS_NAMESPACE,
  'enable-health-checking': 'false',
  'enable-endpoint-health-checking': 'false',
  'enable-hubble': 'false',
  'cluster-name': 'default',
  'cluster-id': '0',
  'cni-exclusive': 'false',
  'cgroup-root': '/run/cilium/cgroupv2',
  // Two small nodes: the defaults would take most of a small machine's memory.
  'bpf-lb-map-max': '4096',
  'bpf-ct-global-tcp-max': '131072',
  'bpf-ct-global-any-max': '32768',
  'bpf-nat-global-max': '131072',
  'bpf-policy-map-max': '1024',
};

export interface AgentOptions {
  readonly node: string;
  readonly namespace: string;
  readonly cgroup: string;
  /** Everything it writes. Short: Unix sockets lie below it. */
  readonly dir: string;
  /** As it reaches the API server. */
  readonly kubeconfig: string;
  readonly versions: Versions;
  /** Keys that differ from the usual ones. */
  readonly config: Readonly<Record<string, string>>;
}

/** A Cilium agent that runs. */
export interface Agent extends AgentTables {
  readonly log: Log;
  /** cilium-dbg beside the agent, such as `dbg('service', 'list')`. Returns stdout; rejects unless it ends with 0. */
  dbg(...args: readonly string[]): Promise<string>;
  /** The same for a person's shell. */
  readonly dbgCommand: readonly string[];
  /** Where the agent serves xDS. */
  readonly xdsSocket: string;
  /** Resolves when its BPF programs are on the node's network device: seconds after it calls itself healthy. */
  untilAttached(): Promise<void>;
  kill(): Promise<void>;
}

/** Starts an agent; resolves when it serves xDS. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { node, dir, versions } = options;
  const configDir = join(dir, 'config');
  for (const folder of [configDir, join(dir, 'run'), options.cgroup]) mkdirSync(folder, { recursive: true });
  const config = { ...AGENT_CONFIG, 'k8s-kubeconfig-path': options.kubeconfig, ...options.config };
  for (const [key, value] of Object.entries(config)) writeFileSync(join(configDir, key), value);

  const log = openLog(join(dir, 'agent.log'));
  const program = await startProgram(
    `the agent of ${node}`,
    {
      program: fileURLToPath(new URL('agent.sh', import.meta.url)),
      args: [
        options.namespace,
        options.cgroup,
        dir,
        join(partPath('cilium-source', versions), 'bpf'),
        partPath('cilium-agent', versions),
      ],
      env: { K8S_NODE_NAME: node, PATH: `${LLVM_DIR}:${process.env.PATH ?? ''}` },
    },
    log.path,
    [],
  );
  const beside = ['-t', String(program.pid), '-n', '-m', '-C', partPath('cilium-dbg', versions)];
  const xdsSocket = join(dir, 'run', 'envoy', 'sockets', 'xds.sock');

  async function until(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
    const alive = (): true => {
      if (program.running()) return true;
      throw new Error(`the agent of ${node} ended (${log.path}):\n${program.logTail()}`);
    };
    const held = waitFor(what, async () => !program.running() || (await look()), {
      timeoutMs: START_TIMEOUT_MS,
      everyMs: 200,
    });
    await held.catch((error: unknown) => {
      throw new Error(`${what}: not in time (${log.path}):\n${program.logTail()}`, { cause: error });
    });
    alive();
  }

  await until(`the agent of ${node} to serve xDS`, () => existsSync(xdsSocket));
  return {
    ...agentTables(join(dir, 'run', 'shell.sock')),
    log,
    xdsSocket,
    dbg: (...args) => runCommand('nsenter', [...beside, ...args]),
    dbgCommand: ['nsenter', ...beside],
    untilAttached: () =>
      until(
        `the agent of ${node} to attach its programs`,
        () => log.lines(/progName=cil_to_netdev device=eth0/).length > 0,
      ),
    kill: () => program.kill(),
  };
}
