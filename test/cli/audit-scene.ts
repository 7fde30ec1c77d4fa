import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { asRecord, asString } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { installedCilium } from '../demo/cilium.ts';
import { cceNode, tkeNode } from '../demo/nodes.ts';
import { startCiliumOperator } from '../fake-api/cilium-operator.ts';
import { startFakeApi } from '../fake-api/server.ts';
import { endpointsOf, startFakeHuawei } from '../fake-clouds/huawei.ts';
import * as huaweiWorld from '../fake-clouds/huawei-small-world.ts';
import { SECRET_ID, SECRET_KEY, startFakeTencent } from '../fake-clouds/tencent.ts';
import * as tencentWorld from '../fake-clouds/tencent-world.ts';
import { entrypoint, GATEWAY, GATEWAY_CLASS, withoutOwners } from './cloud-scene.ts';

/** A cluster and its cloud, of a size, for the whole program as a process of its own: `doctor`, with what it costs. */
export interface AuditScene {
  audit(): Promise<Audit>;
  stop(): Promise<void>;
}

/** What one `doctor -o json` was and cost. */
export interface Audit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** HTTP requests that the cloud got, by action. */
  readonly calls: Readonly<Record<string, number>>;
  /** HTTP requests that the API server got. */
  readonly kubeCalls: number;
  readonly seconds: number;
  /** The most memory that the process ever had resident, as Linux counted it. */
  readonly peakMiB: number;
}

export interface AuditSize {
  readonly nodes: number;
  /** Default `half`: half of the nodes is in the one security group, half in the other; `both`: each is in both. */
  readonly groups?: 'half' | 'both';
  /** Huawei Cloud's kinds of load balancers. Default `dedicated`, which takes a call more. */
  readonly kind?: 'shared' | 'dedicated';
}

/** Latency of each answer of the clouds. */
export const LATENCY_MS = 50;

const ACCESS_KEY = 'HPUAFAKEFAKEFAKE0001';
const SECRET = 'fakeSecretKeyOfTheFakeCloud0123456789abc';

/** CCE with as many servers, one ELB and two security groups. */
export async function huaweiAudit(program: string, size: AuditSize): Promise<AuditScene> {
  const { nodes, groups = 'half', kind = 'dedicated' } = size;
  // The first load balancer of the small world is shared, the second dedicated.
  const world = huaweiWorld.smallWorld({ nodes, loadBalancers: 2, securityGroups: 2 });
  const balancer = huaweiWorld.loadBalancerId(kind === 'dedicated' ? 1 : 0);
  world.loadBalancers = world.loadBalancers.filter(({ id }) => id === balancer);
  if (groups === 'both') {
    const ids = world.securityGroups.map(({ id }) => id);
    world.servers = world.servers.map((server) => ({
      ...server,
      security_groups: ids.map((id) => ({ name: 'cilium-cce-node', id })),
    }));
    world.ports = world.ports.map((port) => ({ ...port, security_groups: ids }));
  }
  const cloud = await startFakeHuawei(world);
  cloud.keys.set(ACCESS_KEY, { secretKey: SECRET, securityToken: '' });
  cloud.latencyMs = LATENCY_MS;
  const numbers = Array.from({ length: nodes }, (_, n) => n);
  return await sceneOf(program, cloud, {
    nodes: numbers.map((n) => {
      const node = cceNode({ address: huaweiWorld.nodeIp(n) });
      const status = asRecord(node.status);
      const nodeInfo = { ...asRecord(status.nodeInfo), machineID: huaweiWorld.serverId(n) };
      return { ...node, status: { ...status, nodeInfo } };
    }),
    objects: [],
    annotations: { 'kubernetes.io/elb.id': balancer, 'kubernetes.io/elb.class': 'performance' },
    env: { HUAWEICLOUD_SDK_AK: ACCESS_KEY, HUAWEICLOUD_SDK_SK: SECRET },
    settings: { projectId: world.projectId, clusterId: huaweiWorld.CLUSTER_ID, endpoints: endpointsOf(cloud) },
  });
}

/** TKE with as many servers, one CLB and two security groups. */
export async function tencentAudit(program: string, size: AuditSize): Promise<AuditScene> {
  const { groups = 'half' } = size;
  const nodes = Array.from({ length: size.nodes }, (_, n) => tkeNode({ address: addressOf(n) }));
  const world = tencentWorld.smallWorld();
  const balancer = 'lb-entry001';
  const ids = ['sg-node0001', 'sg-node0002'];
  const [rules] = Object.values(world.securityGroups);
  if (rules !== undefined) world.securityGroups = Object.fromEntries(ids.map((id) => [id, rules]));
  world.instances = nodes.map((node, n) =>
    tencentWorld.cvm(instanceOf(node), addressOf(n), {
      SecurityGroupIds: groups === 'both' ? ids : [ids[n % 2] ?? ''],
    }),
  );
  world.loadBalancers = [tencentWorld.clb(balancer)];
  world.listeners = { [balancer]: [tencentWorld.listener('lbl-entry080', 80)] };
  world.targets = nodes.map((node, n) =>
    tencentWorld.target(balancer, 'lbl-entry080', { instanceId: instanceOf(node), ip: addressOf(n), port: 30_080 }),
  );
  const cloud = await startFakeTencent(world);
  cloud.latencyMs = LATENCY_MS;
  return await sceneOf(program, cloud, {
    nodes,
    objects: [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'kube-system', name: 'tke-config' },
        data: { TKE_REGION: tencentWorld.REGION, TKE_VPC_ID: 'vpc-main0001' },
      },
    ],
    annotations: { 'service.kubernetes.io/loadbalance-id': balancer },
    env: { TENCENTCLOUD_SECRET_ID: SECRET_ID, TENCENTCLOUD_SECRET_KEY: SECRET_KEY },
    settings: { clusterId: 'cls-demo0001', endpoints: cloud.endpoints.overrides },
  });
}

function addressOf(n: number): string {
  return `10.0.${1 + Math.floor(n / 200)}.${1 + (n % 200)}`;
}

function instanceOf(node: RawObject): string {
  return asString(asRecord(node.spec).providerID).replace(/^.*\//, '');
}

interface Parts {
  readonly nodes: readonly RawObject[];
  readonly objects: readonly RawObject[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly settings: object;
}

interface Cloud {
  counts(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

async function sceneOf(program: string, cloud: Cloud, parts: Parts): Promise<AuditScene> {
  const api = await startFakeApi();
  const objects = [...installedCilium({ version: '1.19.5', nodes: parts.nodes }), ...parts.objects];
  for (const object of objects) api.apply(withoutOwners(object));
  const operator = startCiliumOperator(api, { lbIpam: false });
  for (const object of [GATEWAY_CLASS, GATEWAY, entrypoint(parts.annotations)]) api.apply(object);
  await operator.settled();
  const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-audit-'));
  const kubeconfig = api.writeKubeconfig(join(folder, 'kubeconfig'));
  const config = join(folder, 'config.json');
  writeFileSync(
    config,
    JSON.stringify({ cloud: { credentials: { directory: join(folder, 'none') }, ...parts.settings } }),
  );
  const memory = join(folder, 'memory');
  const atExit = join(folder, 'at-exit.cjs');
  writeFileSync(
    atExit,
    `const fs = require('node:fs');
process.on('exit', () => fs.writeFileSync(${JSON.stringify(memory)}, fs.readFileSync('/proc/self/status')));`,
  );

  return {
    async audit() {
      const before = cloud.counts();
      const kubeBefore = api.requests.length;
      const startedAt = performance.now();
      const args = ['doctor', '--kubeconfig', kubeconfig, '--config', config, '-o', 'json'];
      const child = spawn(process.execPath, ['--require', atExit, program, ...args], {
        env: { PATH: process.env.PATH, HOME: folder, ...parts.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = Promise.withResolvers<number>();
      child.once('error', ended.reject);
      child.once('exit', (code) => ended.resolve(code ?? -1));
      const [code, stdout, stderr] = await Promise.all([ended.promise, text(child.stdout), text(child.stderr)]);
      const counted = Object.entries(cloud.counts()).map(([action, n]) => [action, n - (before[action] ?? 0)] as const);
      return {
        code,
        stdout,
        stderr,
        calls: Object.fromEntries(counted.filter(([, n]) => n > 0)),
        kubeCalls: api.requests.length - kubeBefore,
        seconds: (performance.now() - startedAt) / 1_000,
        peakMiB: Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(memory, 'utf8'))?.[1]) / 1_024,
      };
    },
    async stop() {
      operator.stop();
      await api.stop();
      await cloud.close();
      rmSync(folder, { recursive: true });
    },
  };
}
