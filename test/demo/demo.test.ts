import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ENVOY_CONFIGS, GATEWAYS, INGRESSES, NODES, SERVICES } from '../../src/kube/resources.ts';
import { type DemoCluster, startDemoCluster } from './cluster.ts';
import { addressesOf, gatewayAddresses, ingressOf, nodePortsOf, portsOf, programmedOf, taintsOf } from './look.ts';
import { play, writesOf } from './play.ts';
import { createPrinter } from './print.ts';
import type { Scenario } from './scenario.types.ts';
import { cceGuide } from './scenarios/cce-guide.ts';
import { healthy } from './scenarios/healthy.ts';
import { ingress } from './scenarios/ingress.ts';
import { secondWriter } from './scenarios/second-writer.ts';
import { taintedBootstrap } from './scenarios/tainted-bootstrap.ts';
import { taintedNodes } from './scenarios/tainted-nodes.ts';
import { tkeDomainClb } from './scenarios/tke-domain-clb.ts';
import { tkeNative } from './scenarios/tke-native.ts';
import { tkeOverlay } from './scenarios/tke-overlay.ts';
import { findScenario, SCENARIOS } from './scenarios.ts';

const run = promisify(execFile);
/** Each starts processes, also where every core is busy. */
const SLOW_MS = 180_000;
const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-demo-test-'));
const bundle = join(folder, 'cilium-cloud-bridge.js');

interface Played {
  readonly cluster: DemoCluster;
  readonly wrong: readonly string[];
  readonly told: string;
}

const plays = new Map<Scenario, Promise<Played>>();

beforeAll(async () => {
  await run(process.execPath, ['scripts/build.ts', '--outfile', bundle]);
  // They mostly wait, so all are played at the same time.
  for (const scenario of SCENARIOS) plays.set(scenario, playNow(scenario));
}, SLOW_MS);

afterAll(async () => {
  for (const { cluster } of await Promise.all(plays.values())) await cluster.stop();
  rmSync(folder, { recursive: true });
}, SLOW_MS);

/** Each scenario is played once, and its cluster left as it ended. */
async function played(scenario: Scenario): Promise<Played> {
  return (await plays.get(scenario)) ?? expect.unreachable();
}

async function playNow(scenario: Scenario): Promise<Played> {
  let told = '';
  const out = {
    columns: 100,
    write: (text: string): void => {
      told += text;
    },
  };
  const cluster = await startDemoCluster(scenario);
  const wrong = await play({ scenario, cluster, bundle, print: createPrinter(out, {}) });
  return { cluster, wrong, told };
}

/** That each part is told, one after the other. */
function expectStory(told: string, parts: readonly string[]): void {
  let from = 0;
  for (const part of parts) {
    const at = told.indexOf(part, from);
    expect(at, `${part}\nafter\n${told.slice(0, from)}`).toBeGreaterThanOrEqual(0);
    from = at + part.length;
  }
}

describe.each(SCENARIOS)('scenario $name', { timeout: SLOW_MS }, (scenario) => {
  it('goes as it says: exit codes, writes, and the end', async () => {
    const { wrong, told } = await played(scenario);
    expect(wrong, told).toEqual([]);
  });

  it('looks before it writes, tells a person what each exit code means, and writes nothing when run again', () => {
    const kinds = scenario.story.map(({ kind }) => kind);
    expect(kinds.indexOf('dry-run')).toBeLessThan(kinds.findIndex((kind) => kind === 'once' || kind === 'controller'));
    expect(kinds).toContain('again');
    expect(scenario.tryOut.length).toBeGreaterThan(0);
  });

  it('names files that are there', () => {
    const commands = scenario.story.flatMap((chapter) =>
      chapter.kind === 'acts' ? chapter.acts : chapter.kind === 'controller' ? (chapter.change ?? []) : [],
    );
    const files = [...commands, ...scenario.tryOut].flatMap(({ command }) =>
      [...(command ?? '').matchAll(/-f (\S+\.yaml)/g)].map(([, file]) => file ?? ''),
    );
    for (const file of files) expect(readFileSync(file, 'utf8')).toContain('apiVersion:');
  });
});

describe('the demo of the CCE guide', { timeout: SLOW_MS }, () => {
  it('tells the trouble, the plan, the writes and the end', async () => {
    expectStory((await played(cceGuide)).told, [
      'Programmed False, AddressNotAssigned: Gateway waiting for address',
      'Programmed True, addresses 10.0.0.10',
      '✗ addresses   10.0.0.10  no load balancer has this address',
      'targetPort 32546  nothing listens there',
      '$ cilium-cloud-bridge --once --dry-run --adopt auto',
      '- {ip: 10.0.0.10, ipMode: VIP}',
      '+ {ip: 122.9.70.186, ipMode: Proxy}',
      'Dry run: nothing was written.',
      '│ exit code 2',
      '$ cilium-cloud-bridge --once --adopt auto --yes',
      '2 writes done',
      '│ exit code 0',
      '│ PATCH services kube-system/gateway-entrypoint\n  │ PATCH services/status default/cilium-gateway-ip-gateway\n\n',
      '✓ addresses   122.9.70.186, 192.168.0.133',
      '1 in sync',
      '$ cilium-cloud-bridge --adopt auto',
      "the Gateway's NodePort is now",
      'reason=TargetPortSynced',
      '✓ redirect ',
    ]);
  });

  it('leaves the Gateway Programmed at the real addresses, and the entrypoint on its NodePort', async () => {
    const { api } = (await played(cceGuide)).cluster;
    const [subject] = cceGuide.subjects;
    const { ref, service, entrypoint } = subject ?? expect.unreachable();
    expect(programmedOf(api.get(GATEWAYS, ref))).toEqual({ status: 'True', why: '' });
    expect(gatewayAddresses(api.get(GATEWAYS, ref))).toEqual(['122.9.70.186', '192.168.0.133']);
    expect(ingressOf(api.get(SERVICES, service))).toEqual([
      '122.9.70.186 (ipMode Proxy)',
      '192.168.0.133 (ipMode Proxy)',
    ]);
    const [nodePort = 0] = nodePortsOf(api.get(SERVICES, service));
    expect(portsOf(api.get(SERVICES, entrypoint))).toEqual([{ port: 80, nodePort: 30_080, targetPort: nodePort }]);
    expect(api.list(ENVOY_CONFIGS, entrypoint.namespace)).toHaveLength(1);
  });
});

describe('the demo of tainted nodes', { timeout: SLOW_MS }, () => {
  it('frees the nodes whose agent is Ready, and says why the others keep the taint', async () => {
    const { cluster, told } = await played(taintedNodes);
    expectStory(told, [
      'AgentNotReady: the agent cilium-q6tzv is not Ready',
      'NodeLeaving: it carries the taint ToBeDeletedByClusterAutoscaler',
      '2 writes planned. Dry run: nothing was written.',
      'PATCH nodes 172.18.4.11\n  │ PATCH nodes 172.18.4.12\n\n',
      "Cilium's agent cilium-q6tzv is Ready since",
    ]);
    const tainted = cluster.api.list(NODES).filter((node) => taintsOf(node).length > 0);
    expect(tainted.map(({ metadata }) => metadata.name)).toEqual(['172.18.4.14']);
  });

  it('breaks the deadlock of the operator with one node, and the rest follow the rule', async () => {
    const { cluster, told } = await played(taintedBootstrap);
    expectStory(told, [
      '1 write planned, 1 warning',
      'reason=BootstrapTaintRemoved',
      'reason=TaintRemoved',
      'reason=TaintRemoved',
      'exit code 0',
    ]);
    expect(told.match(/reason=BootstrapTaintRemoved/g)).toHaveLength(1);
    expect(cluster.api.list(NODES).flatMap(taintsOf)).toEqual([]);
  });
});

describe('the demo of a second writer', { timeout: SLOW_MS }, () => {
  it('stops after three reverts, names the writer, remembers it, and the mend of the report mends it', async () => {
    const { cluster, told } = await played(secondWriter);
    const unwrapped = told.replaceAll(/\n +│ +/g, ' ');
    expectStory(unwrapped, [
      'undid what was written to Service default/cilium-gateway-pay',
      'exit code 2',
      'cloud-controller-manager keeps undoing this write; nothing is written for another 30 min.',
      'spec.service.loadBalancerClass: cilium-cloud-bridge.io/entrypoint',
      '1 write declined',
      '$ kubectl delete gateway pay',
      'is programmed with 122.9.70.201, 192.168.0.140',
    ]);
    expect(cluster.ccm.cleared()).toBe(4);
    expect(writesOf(cluster).filter((write) => write.includes('services/status'))).toHaveLength(5);
  });
});

describe('the demos on TKE', { timeout: SLOW_MS }, () => {
  it('overlay: the Gateway is Programmed, every node is free, the load balancer leads to Pods', async () => {
    const { cluster, told } = await played(tkeOverlay);
    expect(gatewayAddresses(cluster.api.get(GATEWAYS, { namespace: 'default', name: 'web' }))).toEqual([
      '43.139.200.17',
    ]);
    expect(cluster.api.list(NODES).flatMap(taintsOf)).toEqual([]);
    expect(told).not.toContain('NodePortExposureRefuses');
  });

  it('domain CLB: the name is the address, and a new name follows', async () => {
    const { api } = (await played(tkeDomainClb)).cluster;
    const gateway = api.get(GATEWAYS, { namespace: 'default', name: 'shop' });
    expect(gateway?.status).toMatchObject({
      addresses: [{ type: 'Hostname', value: 'lb-0pdq5m2r-9r4b6t1z8y5p2hsd.clb.gz-tencentclb.com' }],
    });
  });

  it('native: one finding says that no Gateway is possible, and nothing at all was written', async () => {
    const { cluster, told } = await played(tkeNative);
    expectStory(told, ['✗ GatewayApiNotPossible', 'exit code 2', '│ nothing\n', 'exit code 2']);
    expect(writesOf(cluster)).toEqual([]);
  });

  it('healthy: code 0, no finding, no write, and doctor finds all well that Kubernetes tells of', async () => {
    const { cluster, told } = await played(healthy);
    expectStory(told, ['1 in sync, nothing to write', 'exit code 0', 'exit code 0']);
    expect(told).not.toMatch(/│ [!✗?] /);
    expect(writesOf(cluster)).toEqual([]);
    const doctor = told.slice(told.indexOf('doctor --cloud=false'));
    expectStory(doctor, ['client → ✓ public address', 'Cluster and Cilium', 'Way in', 'Way out', 'exit code 0']);
    // Neither fails nor warns; unknown is only what the cloud would tell.
    expect(doctor).not.toMatch(/│\s+[!✗] /);
    const unknown = doctor.split('\n').filter((line) => /│\s+\? /.test(line));
    expect(unknown).toHaveLength(2);
    expect(doctor.match(/The cloud was not asked: --cloud=false was given\./g)).toHaveLength(2);
  });
});

describe('the demo of Ingresses', { timeout: SLOW_MS }, () => {
  it('gives the dedicated and the shared one the addresses of their own load balancers', async () => {
    const { api } = (await played(ingress)).cluster;
    const shown = (name: string): string[] => addressesOf(api.get(INGRESSES, { namespace: 'default', name }));
    expect([shown('blog'), shown('docs')]).toEqual([['122.9.71.33'], ['122.9.71.48', '192.168.0.177']]);
    expect(api.list(ENVOY_CONFIGS, 'kube-system').map(({ metadata }) => metadata.name.split('-')[0])).toEqual([
      'ccb',
      'ccb',
      'cilium',
    ]);
  });
});

describe('npm run demo', { timeout: SLOW_MS }, () => {
  const demo = (...args: string[]): Promise<{ stdout: string }> =>
    run(process.execPath, ['test/demo/run.ts', ...args], { env: { ...process.env, NO_COLOR: '1' } });

  it('lists the scenarios, a line each, and explains its flags', async () => {
    const lines = (await demo('--list')).stdout.trim().split('\n');
    expect(lines.map((line) => line.split(/\s+/)[0])).toEqual(SCENARIOS.map(({ name }) => name));
    expect((await demo('--help')).stdout).toContain('--scenario NAME');
  });

  it('refuses a scenario that does not exist: names the nearest and lists all', async () => {
    const { stdout } = await demo('--list');
    await expect(demo('--scenario', 'tke-overlya')).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: `no scenario tke-overlya; did you mean tke-overlay?\n\n${stdout}`,
    });
    expect(() => findScenario('nonsense')).toThrow(/^no scenario nonsense\n\ncce-guide {2}/);
  });

  it('Ctrl-C in the middle of a story ends it, and leaves no file behind', async () => {
    const home = mkdtempSync(join(tmpdir(), 'ccb-demo-test-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const child = spawn(process.execPath, ['test/demo/run.ts', '--scenario', 'healthy', '--keep'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, TMPDIR: home },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await textUntil(child, 'Demo healthy');
    expect(readdirSync(home)).not.toEqual([]);
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(readdirSync(home)).toEqual([]);
  });

  it('--keep says that the cluster is a fake, serves it until Ctrl-C, and cleans up', async () => {
    const child = spawn(process.execPath, ['test/demo/run.ts', '--scenario', 'healthy', '--keep'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void child.kill('SIGTERM'));
    const told = await textUntil(child, 'Ctrl-C ends it.');
    expect(told).toContain('This cluster is a fake');
    expect(told).toContain('npm run control-plane');
    expect(told).toContain('$ kubectl get gateways,services,nodes -A -o wide');
    expect(told).toContain('✓ All is well');
    const kubeconfig = /export KUBECONFIG=(\S+)/.exec(told)?.[1] ?? '';
    const once = ['dist/cilium-cloud-bridge.js', '--kubeconfig', kubeconfig, '--once'];
    expect((await run(process.execPath, once)).stdout).toContain('1 in sync');
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(existsSync(kubeconfig)).toBe(false);
  });
});

function textUntil(child: ChildProcess, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(end)) resolve(text);
    });
    child.once('close', () => reject(new Error(`ended before "${end}":\n${text}`)));
  });
}
