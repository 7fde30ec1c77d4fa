import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKubeClient } from '../src/kube/client.ts';
import type { KubeClient } from '../src/kube/client.types.ts';
import { openConnection } from '../src/kube/connection.ts';
import { GATEWAYS, SERVICES } from '../src/kube/resources.ts';
import { systemClock } from '../src/lib/clock.ts';
import { atDeath } from '../test/control-plane/cleanup.ts';
import { type ControlPlane, startControlPlane } from '../test/control-plane/fixture.ts';
import { conditionOf, valueAt } from '../test/control-plane/objects.ts';
import { waitFor } from '../test/control-plane/wait.ts';
import { cpuSeconds, memoryMiB } from './process-status.ts';
import { BUNDLE } from './setting.ts';

const OWN_CLASS = 'cilium-cloud';

/** A control plane with Cilium's operator, a class of our own, and a client that uses the product's HTTP stack. */
export interface World {
  readonly cluster: ControlPlane;
  readonly client: KubeClient;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const cluster = await startControlPlane();
  const connection = openConnection({ path: cluster.kubeconfigPath, clock: systemClock });
  const client = createKubeClient({ connection, userAgent: 'bench' });
  await cluster.apply({
    apiVersion: 'cilium.io/v2alpha1',
    kind: 'CiliumGatewayClassConfig',
    metadata: { name: OWN_CLASS, namespace: 'kube-system' },
    spec: { service: { type: 'LoadBalancer', loadBalancerClass: 'cilium-cloud-bridge.io/entrypoint' } },
  });
  await cluster.apply({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: OWN_CLASS },
    spec: {
      controllerName: 'io.cilium/gateway-controller',
      parametersRef: {
        group: 'cilium.io',
        kind: 'CiliumGatewayClassConfig',
        name: OWN_CLASS,
        namespace: 'kube-system',
      },
    },
  });
  await cluster.apply({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'cilium' },
    spec: { controllerName: 'io.cilium/gateway-controller' },
  });
  return {
    cluster,
    client,
    stop: async () => {
      client.close();
      connection.close();
      await cluster.stop();
    },
  };
}

export async function makeGateway(cluster: ControlPlane, name: string, className = OWN_CLASS): Promise<void> {
  await cluster.apply({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'default' },
    spec: { gatewayClassName: className, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  });
}

/** An entrypoint that names its Gateway and has an address, as after the cloud controller's work. */
export async function makeEntrypoint(cluster: ControlPlane, gateway: string, ip: string): Promise<void> {
  const name = `entry-${gateway}`;
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'kube-system',
      annotations: { 'cilium-cloud-bridge.io/gateway': `default/${gateway}` },
    },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'bench/none',
      selector: { 'k8s-app': 'cilium' },
      ports: [{ name: 'http', port: 80, targetPort: 1 }],
    },
  });
  await cluster.patchStatus(SERVICES, { namespace: 'kube-system', name }, { loadBalancer: { ingress: [{ ip }] } });
}

export async function waitProgrammed(cluster: ControlPlane, name: string): Promise<void> {
  await waitFor(`Gateway ${name} to be programmed`, async () => {
    const gateway = await cluster.get(GATEWAYS, { namespace: 'default', name });
    return (
      conditionOf(gateway, 'Programmed')?.status === 'True' && valueAt(gateway, 'status', 'addresses') !== undefined
    );
  });
}

/** The bundle as a child process. */
export interface Child {
  readonly pid: number;
  /** Peak resident memory so far, MiB. */
  peakMiB(): number;
  /** Resident memory now, MiB. */
  residentMiB(): number;
  /** Processor time so far, seconds. */
  cpuSeconds(): number;
  stop(): Promise<number>;
}

export function startController(cluster: ControlPlane, config: object = {}): Child {
  const path = join(cluster.dir, 'bench-config.json');
  writeFileSync(path, JSON.stringify(config));
  const args = [
    BUNDLE,
    '--kubeconfig',
    cluster.kubeconfigPath,
    '--config',
    path,
    '--listen',
    'none',
    '--log-level',
    'error',
  ];
  return childOf(spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
}

function childOf(child: ReturnType<typeof spawn>): Child {
  const pid = child.pid ?? 0;
  const forget = atDeath(() => void child.kill('SIGKILL'));
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? -1));
  });
  return {
    pid,
    peakMiB: () => memoryMiB(pid, 'VmHWM'),
    residentMiB: () => memoryMiB(pid, 'VmRSS'),
    cpuSeconds: () => cpuSeconds(pid),
    stop: async () => {
      child.kill('SIGTERM');
      const code = await ended;
      forget();
      return code;
    },
  };
}

/** Runs the bundle to its end; wall time in seconds and peak memory in MiB. */
export async function runOnce(
  cluster: ControlPlane,
  args: readonly string[],
): Promise<{ seconds: number; peakMiB: number; code: number }> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [BUNDLE, '--kubeconfig', cluster.kubeconfigPath, ...args], { stdio: 'ignore' });
  let peakMiB = 0;
  const sampling = setInterval(() => {
    try {
      peakMiB = Math.max(peakMiB, memoryMiB(child.pid ?? 0, 'VmHWM'));
    } catch {
      // It has ended.
    }
  }, 5);
  const code = await new Promise<number>((resolve) => {
    child.once('exit', (status) => resolve(status ?? -1));
  });
  clearInterval(sampling);
  return { seconds: (performance.now() - startedAt) / 1000, peakMiB, code };
}
