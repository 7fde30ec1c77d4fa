import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ENVOY_CONFIGS, GATEWAYS, SERVICES } from '../../src/kube/resources.ts';
import { type DemoCluster, startDemoCluster } from './cluster.ts';
import { gatewayAddresses, ingressOf, nodePortsOf, portsOf, programmedOf } from './look.ts';
import { play } from './play.ts';
import { createPrinter } from './print.ts';
import type { Scenario } from './scenario.types.ts';
import { cceGuide } from './scenarios/cce-guide.ts';
import { SCENARIOS } from './scenarios.ts';

const run = promisify(execFile);
/** Each starts processes, also where every core is busy. */
const SLOW_MS = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-demo-test-'));
const bundle = join(folder, 'cilium-cloud-bridge.js');

beforeAll(async () => {
  await run(process.execPath, ['scripts/build.ts', '--outfile', bundle]);
}, SLOW_MS);

afterAll(async () => {
  for (const { cluster } of await Promise.all(plays.values())) await cluster.stop();
  rmSync(folder, { recursive: true });
});

interface Played {
  readonly cluster: DemoCluster;
  readonly wrong: readonly string[];
  readonly told: string;
}

const plays = new Map<Scenario, Promise<Played>>();

/** Each scenario is played once, and its cluster left as it ended. */
function played(scenario: Scenario): Promise<Played> {
  const playing = plays.get(scenario) ?? playNow(scenario);
  plays.set(scenario, playing);
  return playing;
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

describe.each(SCENARIOS)('scenario $name', (scenario) => {
  it('ends well', { timeout: SLOW_MS }, async () => {
    const { wrong, told } = await played(scenario);
    expect(wrong, told).toEqual([]);
  });
});

describe('the demo of the CCE guide', () => {
  it('tells the trouble, the plan, the writes and the end', { timeout: SLOW_MS }, async () => {
    const { told } = await played(cceGuide);
    const parts = [
      'Programmed False, AddressNotAssigned: Gateway waiting for address',
      'Programmed True, addresses 10.0.0.10',
      '✗ addresses   10.0.0.10  no load balancer has this address',
      'targetPort 32546  nothing listens there any more',
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
    ];
    let from = 0;
    for (const part of parts) {
      const at = told.indexOf(part, from);
      expect(at, `${part}\nafter\n${told.slice(0, from)}`).toBeGreaterThanOrEqual(0);
      from = at + part.length;
    }
  });

  it('leaves the Gateway Programmed at the real addresses, and the entrypoint on its NodePort', {
    timeout: SLOW_MS,
  }, async () => {
    const { api } = (await played(cceGuide)).cluster;
    const [subject] = cceGuide.subjects;
    const { gateway, service, entrypoint } = subject ?? expect.unreachable();
    expect(programmedOf(api.get(GATEWAYS, gateway))).toEqual({ status: 'True', why: '' });
    expect(gatewayAddresses(api.get(GATEWAYS, gateway))).toEqual(['122.9.70.186', '192.168.0.133']);
    expect(ingressOf(api.get(SERVICES, service))).toEqual([
      '122.9.70.186 (ipMode Proxy)',
      '192.168.0.133 (ipMode Proxy)',
    ]);
    const [nodePort = 0] = nodePortsOf(api.get(SERVICES, service));
    expect(portsOf(api.get(SERVICES, entrypoint))).toEqual([{ port: 80, nodePort: 30_080, targetPort: nodePort }]);
    expect(api.list(ENVOY_CONFIGS, entrypoint.namespace)).toHaveLength(1);
  });
});

describe('npm run demo', { timeout: SLOW_MS }, () => {
  const demo = (...args: string[]): Promise<{ stdout: string }> =>
    run(process.execPath, ['test/demo/run.ts', ...args], { env: { ...process.env, NO_COLOR: '1' } });

  it('lists the scenarios and explains its flags', async () => {
    const { stdout } = await demo('--list');
    expect(stdout.trim().split('\n')).toHaveLength(SCENARIOS.length);
    expect((await demo('--help')).stdout).toContain('--scenario NAME');
  });

  it('refuses a scenario that does not exist, and names those that do', async () => {
    await expect(demo('--scenario', 'nonsense')).rejects.toMatchObject({
      code: 1,
      stderr: 'no scenario nonsense; there are: cce-guide\n',
    });
  });

  it('--keep says that the cluster is a fake, serves it until Ctrl-C, and cleans up', async () => {
    const child = spawn(process.execPath, ['test/demo/run.ts', '--keep'], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill('SIGTERM'));
    const told = await textUntil(child, 'Ctrl-C ends it.');
    expect(told).toContain('This cluster is a fake');
    expect(told).toContain('npm run control-plane');
    expect(told).toContain('$ kubectl delete gateway ip-gateway');
    expect(told).toContain('✓ All is well');
    const kubeconfig = /export KUBECONFIG=(\S+)/.exec(told)?.[1] ?? '';
    const once = ['dist/cilium-cloud-bridge.js', '--kubeconfig', kubeconfig, '--once', '--adopt', 'auto'];
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
