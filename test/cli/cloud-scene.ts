import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { EVENTS, SERVICES } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { installedCilium } from '../demo/cilium.ts';
import { cceNode, tkeNode } from '../demo/nodes.ts';
import { startCiliumOperator } from '../fake-api/cilium-operator.ts';
import { startFakeApi } from '../fake-api/server.ts';
import { endpointsOf, type FakeHuawei, startFakeHuawei } from '../fake-clouds/huawei.ts';
import { loadBalancerId, smallWorld } from '../fake-clouds/huawei-small-world.ts';
import { type FakeTencent, SECRET_ID, SECRET_KEY, startFakeTencent } from '../fake-clouds/tencent.ts';
import { clb, smallWorld as smallTencentWorld } from '../fake-clouds/tencent-world.ts';

/** The whole program, as a process: an entrypoint that shows no address, a cluster, and a fake cloud to ask. */
export interface CloudScene<C> {
  readonly cloud: C;
  /** Secrets that are good, and that no output may hold. */
  readonly secrets: Set<string>;
  /** Environment of the program. */
  readonly env: Record<string, string>;
  /** Keys of `cloud:` in its configuration. */
  readonly settings: Record<string, unknown>;
  /** `--once --yes -o json`, with everything it can log. */
  once(...flags: string[]): Promise<Ran>;
  /** `doctor`, with everything it can log. */
  doctor(output: 'table' | 'json'): Promise<Ran>;
  /** `--preflight`, with everything it can log. */
  preflight(): Promise<Ran>;
  /** The controller, until its log has a line that matches (or 70 s have passed), and its end. */
  controller(until: RegExp): Promise<Ran>;
  stop(): Promise<void>;
}

/** What a run left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Every Event in the cluster, as JSON. */
  readonly events: string;
  /** `status.loadBalancer.ingress` of the Gateway Service. */
  readonly published: unknown;
}

/** Kept over all runs of a file. */
export interface Bundle {
  readonly file: string;
  remove(): void;
}

export async function buildBundle(): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-clouds-'));
  const file = join(folder, 'cilium-cloud-bridge.js');
  await promisify(execFile)(process.execPath, ['scripts/build.ts', '--outfile', file]);
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}

const ACCESS_KEY = 'HPUAFAKEFAKEFAKE0001';
const HUAWEI_SECRET = 'fakeSecretKeyOfTheFakeCloud0123456789abc';

export async function huaweiScene(bundle: Bundle): Promise<CloudScene<FakeHuawei>> {
  const cloud = await startFakeHuawei(smallWorld());
  cloud.keys.set(ACCESS_KEY, { secretKey: HUAWEI_SECRET, securityToken: '' });
  return await sceneOf(bundle, cloud, {
    objects: installedCilium({ version: '1.19.5', nodes: [cceNode({ address: '10.2.128.11' })] }),
    annotations: { 'kubernetes.io/elb.id': loadBalancerId(0) },
    env: { HUAWEICLOUD_SDK_AK: ACCESS_KEY, HUAWEICLOUD_SDK_SK: HUAWEI_SECRET },
    settings: { projectId: cloud.world.projectId, endpoints: endpointsOf(cloud) },
    secrets: [HUAWEI_SECRET, ACCESS_KEY],
    sent: () => cloud.requests.flatMap(({ secrets }) => secrets),
  });
}

export async function tencentScene(bundle: Bundle): Promise<CloudScene<FakeTencent>> {
  const world = smallTencentWorld();
  world.loadBalancers.push(clb('lb-entry001', { LoadBalancerVips: [], LoadBalancerDomain: 'lb-entry001.clb.example' }));
  const cloud = await startFakeTencent(world);
  const tkeConfig: RawObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name: 'tke-config' },
    data: { TKE_REGION: 'ap-guangzhou', TKE_VPC_ID: 'vpc-main0001' },
  };
  return await sceneOf(bundle, cloud, {
    objects: [...installedCilium({ version: '1.19.5', nodes: [tkeNode({ address: '10.0.1.11' })] }), tkeConfig],
    annotations: { 'service.kubernetes.io/loadbalance-id': 'lb-entry001' },
    env: { TENCENTCLOUD_SECRET_ID: SECRET_ID, TENCENTCLOUD_SECRET_KEY: SECRET_KEY },
    settings: { endpoints: cloud.endpoints.overrides },
    secrets: [SECRET_ID, SECRET_KEY],
    sent: () =>
      cloud.requests.flatMap(({ headers }) =>
        [headers.authorization, headers['x-tc-token']]
          .flatMap((value) => value ?? [])
          .filter((text) => text !== 'SKIP'),
      ),
  });
}

interface Parts {
  readonly objects: readonly RawObject[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly env: Record<string, string>;
  readonly settings: Record<string, unknown>;
  readonly secrets: readonly string[];
  /** Authorization and token headers that the cloud was sent. */
  readonly sent: () => readonly string[];
}

const GATEWAY_SERVICE = { namespace: 'default', name: 'cilium-gateway-web' };

async function sceneOf<C extends { close(): Promise<void> }>(
  bundle: Bundle,
  cloud: C,
  parts: Parts,
): Promise<CloudScene<C>> {
  const api = await startFakeApi();
  for (const object of parts.objects) api.apply(withoutOwners(object));
  const operator = startCiliumOperator(api, { lbIpam: false });
  api.apply(GATEWAY_CLASS);
  api.apply(GATEWAY);
  api.apply(entrypoint(parts.annotations));
  await operator.settled();
  const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-scene-'));
  const kubeconfig = api.writeKubeconfig(join(folder, 'kubeconfig'));
  const secrets = new Set(parts.secrets);
  const env = { ...parts.env };
  const settings = { ...parts.settings };

  function start(args: readonly string[], command: readonly string[] = []) {
    const config = join(folder, 'config.json');
    const cloudSection = { credentials: { directory: join(folder, 'none') }, limits: { timeout: '1s' }, ...settings };
    writeFileSync(config, JSON.stringify({ cloud: cloudSection, taints: { enabled: false } }));
    const flags = ['--kubeconfig', kubeconfig, '--config', config, '--log-level', 'trace', ...args];
    return promisify(execFile)(process.execPath, [bundle.file, ...command, ...flags], {
      // What the vendors' code takes for a wish to print everything.
      env: { PATH: process.env.PATH, HOME: folder, DEBUG: 'DEBUG', NODE_DEBUG: '', LOG_LEVEL: 'trace', ...env },
      maxBuffer: 64 * 1024 * 1024,
    });
  }

  function ran({ code = 0, stdout, stderr }: Ended): Ran {
    for (const header of parts.sent()) {
      secrets.add(header);
      const signature = /Signature=([0-9a-f]+)/.exec(header)?.[1];
      if (signature !== undefined) secrets.add(signature);
    }
    return {
      code,
      stdout,
      stderr,
      events: JSON.stringify(api.list(EVENTS)),
      published: api.get(SERVICES, GATEWAY_SERVICE)?.status,
    };
  }

  return {
    cloud,
    secrets,
    env,
    settings,
    async once(...flags) {
      const wait = flags.includes('--wait') ? [] : ['--wait', '25s'];
      return await start(['--once', '--yes', '-o', 'json', ...wait, ...flags]).then(ran, (error: unknown) =>
        ran(Failed.parse(error)),
      );
    },
    async doctor(output) {
      const running = start(['-o', output], ['doctor']);
      return await running.then(ran, (error: unknown) => ran(Failed.parse(error)));
    },
    async preflight() {
      return await start(['--preflight']).then(ran, (error: unknown) => ran(Failed.parse(error)));
    },
    async controller(until) {
      const running = start(['--listen', 'none']);
      const { child } = running;
      let log = '';
      child.stderr?.on('data', (data: Buffer | string) => {
        log += data.toString();
        // A second signal would end it at once.
        if (until.test(log) && !child.killed) child.kill('SIGTERM');
      });
      const timer = setTimeout(() => child.kill('SIGTERM'), 70_000);
      try {
        return ran(await running.catch((error: unknown) => Failed.parse(error)));
      } finally {
        clearTimeout(timer);
      }
    },
    async stop() {
      operator.stop();
      await api.stop();
      await cloud.close();
      rmSync(folder, { recursive: true });
    },
  };
}

interface Ended {
  /** Absent: it went well. */
  readonly code?: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const Failed = z.object({
  code: z
    .number()
    .nullish()
    .transform((code) => code ?? 0),
  stdout: z.string(),
  stderr: z.string(),
});

/** As they are applied first: who makes an object puts its owners in. */
export function withoutOwners(object: RawObject): RawObject {
  const { ownerReferences: _, ...metadata } = z.record(z.string(), z.unknown()).parse(object.metadata);
  return { ...object, metadata };
}

export const GATEWAY_CLASS: RawObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'cilium' },
  spec: { controllerName: 'io.cilium/gateway-controller' },
};

export const GATEWAY: RawObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { namespace: 'default', name: 'web' },
  spec: {
    gatewayClassName: 'cilium',
    listeners: [{ name: 'http', protocol: 'HTTP', port: 80, allowedRoutes: { namespaces: { from: 'Same' } } }],
  },
};

export function entrypoint(annotations: Readonly<Record<string, string>>): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: 'kube-system',
      name: 'entry',
      annotations: { 'cilium-cloud-bridge.io/gateway': 'default/web', ...annotations },
    },
    spec: {
      type: 'LoadBalancer',
      selector: { 'k8s-app': 'cilium' },
      ports: [{ name: 'http', port: 80, targetPort: 30080, protocol: 'TCP' }],
    },
  };
}
