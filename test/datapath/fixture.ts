import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODES as NODE_RESOURCE } from '../../src/kube/resources.ts';
import { atDeath } from '../control-plane/cleanup.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/fixture.ts';
import type { ControlPlaneOptions } from '../control-plane/options.ts';
import { MAIN_VERSIONS } from '../control-plane/versions.ts';
import { type Agent, SECRETS_NAMESPACE, startAgent } from './agent.ts';
import { type Client, createClient } from './client.ts';
import { createEnvoy, type Envoy } from './envoy.ts';
import { createNetwork, FABRIC_ADDRESS, inNamespace, NODES, type NodeName, namespacesOf } from './network.ts';
import { cgroupRoot, checkPreconditions } from './preconditions.ts';
import { buildDatapath } from './programs.ts';
import { recordTraces, removeLeftovers, removeTraces } from './traces.ts';

export interface DatapathOptions {
  /** Release of operator and agents. Default: the main one of versions.ts. */
  readonly cilium?: string;
  /** Keys of the agents' configuration that differ from the usual ones. */
  readonly agentConfig?: Readonly<Record<string, string>>;
  /** For the control plane, beside what the datapath sets. */
  readonly controlPlane?: Omit<ControlPlaneOptions, 'cilium' | 'address' | 'namespacePrefix' | 'say' | 'keepLogs'>;
  /** Leaves the logs behind after `stop`. */
  readonly keepLogs?: boolean;
  /** Gets a line for each step that takes long. Default: stderr. */
  readonly say?: (line: string) => void;
}

/** A node: its agent, and the stand-in for Envoy. */
export interface DatapathNode {
  readonly name: NodeName;
  readonly address: string;
  /** Its network namespace. */
  readonly namespace: string;
  readonly agent: Agent;
  readonly envoy: Envoy;
}

/** Two nodes with real Cilium agents, the real control plane, and a client outside. */
export interface Datapath {
  readonly controlPlane: ControlPlane;
  readonly nodes: readonly DatapathNode[];
  readonly client: Client;
  /** Where logs and sockets of the nodes are. */
  readonly dir: string;
  /** Runs a program beside the control plane: `['ip', 'netns', 'exec', …]`. It needs `innerKubeconfigPath`. */
  readonly prefix: readonly string[];
  /** Ends everything and leaves no trace on the machine. */
  stop(): Promise<void>;
}

/** The operator copies the secrets of listeners to where the agents read them, as Cilium's chart has it. */
const SECRETS_SYNC = { 'enable-gateway-api-secrets-sync': 'true', 'enable-ingress-secrets-sync': 'true' };

let started = 0;

/** Builds what is missing, starts it all, and resolves when both agents serve and their Envoys listen to them. */
export async function startDatapath(options: DatapathOptions = {}): Promise<Datapath> {
  const say = options.say ?? ((line: string) => console.error(line));
  checkPreconditions();
  for (const line of removeLeftovers()) say(line);
  const versions = { ...MAIN_VERSIONS, cilium: options.cilium ?? MAIN_VERSIONS.cilium };
  await buildDatapath(versions, say);

  const id = `ccb-${process.pid}-${++started}`;
  const namespaces = namespacesOf(id);
  const dir = mkdtempSync(join(tmpdir(), 'ccb-'));
  const cgroup = (node: NodeName): string => join(cgroupRoot() ?? '', `${id}-${node}`);
  const traces = {
    namespaces: [namespaces.fabric, namespaces.client, ...Object.values(namespaces.nodes)],
    cgroups: NODES.map(({ name }) => cgroup(name)),
    dirs: [dir],
  };
  recordTraces(id, traces);
  const forget = atDeath(() => removeTraces(id, traces, options.keepLogs));
  let controlPlane: ControlPlane | undefined;

  async function stop(): Promise<void> {
    await controlPlane?.stop();
    removeTraces(id, traces, options.keepLogs);
    forget();
  }

  try {
    await createNetwork(namespaces);
    const prefix = inNamespace(namespaces.fabric);
    const plane = await startControlPlane({
      ...options.controlPlane,
      ciliumConfig: { ...SECRETS_SYNC, ...options.controlPlane?.ciliumConfig },
      cilium: versions.cilium,
      address: FABRIC_ADDRESS,
      namespacePrefix: prefix,
      say,
      ...(options.keepLogs === undefined ? {} : { keepLogs: options.keepLogs }),
    });
    controlPlane = plane;
    traces.dirs.push(plane.dir);
    recordTraces(id, traces);
    await createObjects(plane);
    const nodes = await Promise.all(
      NODES.map(async ({ name, address }): Promise<DatapathNode> => {
        const namespace = namespaces.nodes[name];
        const nodeDir = join(dir, name);
        mkdirSync(nodeDir);
        const agent = await startAgent({
          node: name,
          namespace,
          cgroup: cgroup(name),
          dir: nodeDir,
          kubeconfig: plane.innerKubeconfigPath,
          versions,
          config: options.agentConfig ?? {},
        });
        const envoy = createEnvoy({ node: name, namespace, dir: nodeDir, xdsSocket: agent.xdsSocket });
        await Promise.all([envoy.start(), agent.untilAttached()]);
        return { name, address, namespace, agent, envoy };
      }),
    );
    return { controlPlane: plane, nodes, client: createClient(namespaces.client), dir, prefix, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createObjects(plane: ControlPlane): Promise<void> {
  await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SECRETS_NAMESPACE } });
  for (const { name, address, podCidr } of NODES) {
    await plane.apply({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name } },
      spec: { podCIDR: podCidr, podCIDRs: [podCidr] },
    });
    const status = {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await plane.patchStatus(NODE_RESOURCE, { namespace: '', name }, status);
  }
}
