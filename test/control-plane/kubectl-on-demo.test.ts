import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startDemoCluster } from '../demo/cluster.ts';
import { SCENARIOS } from '../demo/scenarios.ts';
import { buildParts } from './build.ts';
import { type CommandResult, tryCommand } from './command.ts';
import { partPath } from './parts.ts';
import { MAIN_VERSIONS } from './versions.ts';

/** A scenario is played from its past to its end before it stays. */
const SLOW_MS = 180_000;
const home = mkdtempSync(join(tmpdir(), 'ccb-kubectl-on-demo-'));

/** As a person with kubectl on the PATH types it. */
function shell(
  command: string,
  kubeconfig: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const path = `${dirname(partPath('kubectl', MAIN_VERSIONS))}:${process.env.PATH ?? ''}`;
  return tryCommand('bash', ['-c', command], { env: { PATH: path, KUBECONFIG: kubeconfig, HOME: home, ...env } });
}

beforeAll(() => buildParts(['kubectl'], MAIN_VERSIONS, (line) => console.error(line)));
afterAll(() => rmSync(home, { recursive: true }));

describe.each(SCENARIOS)('demo $name', (scenario) => {
  test('each command that it names works as written', { timeout: SLOW_MS }, async () => {
    const cluster = await startDemoCluster(scenario);
    onTestFinished(() => cluster.stop());
    const acts = scenario.story.flatMap((chapter) =>
      chapter.kind === 'acts' ? chapter.acts : chapter.kind === 'controller' ? (chapter.change ?? []) : [],
    );
    for (const { command } of [...acts, ...scenario.tryOut]) {
      if (command === undefined) continue;
      const { code, stdout, stderr } = await shell(command, cluster.kubeconfigPath);
      const said = stderr.replace('No resources found\n', ''); // no Event yet
      expect([command, code, said], stdout).toEqual([command, 0, '']);
      expect(stdout, command).not.toBe('');
      await cluster.operator.settled();
    }
  });
});

describe('npm run demo -- --keep', () => {
  test('leaves a cluster in which kubectl works until Ctrl-C, and then nothing', { timeout: SLOW_MS }, async () => {
    const child = spawn(process.execPath, ['test/demo/run.ts', '--scenario', 'tke-overlay', '--keep'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', TMPDIR: home },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const told = await textUntil(child, 'Ctrl-C ends it.');
    const kubeconfig = /export KUBECONFIG=(\S+)/.exec(told)?.[1] ?? '';
    expect(existsSync(kubeconfig)).toBe(true);
    async function kubectl(args: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
      const { code, stdout, stderr } = await shell(`kubectl ${args}`, kubeconfig, env);
      expect([args, code, stderr], stdout).toEqual([args, 0, '']);
      return stdout;
    }

    expect(await kubectl('get svc,gateway,node')).toMatch(
      /^service\/cilium-gateway-web +LoadBalancer +10\.96\.\S+ +43\.139\.200\.17 +80:3\d{4}\/TCP +\S+\n(.*\n)*gateway\.gateway\.networking\.k8s\.io\/web +cilium-cloud +43\.139\.200\.17 +True +\S+\n(.*\n)*node\/10\.0\.1\.7 +Ready +<none> +\S+ +v1\.34\.1-tke\.1$/m,
    );
    expect(await kubectl('get nodes -o wide')).toContain('TencentOS Server 4.4');
    expect(await kubectl('get events -A')).toMatch(/Normal +TaintRemoved +node\/10\.0\.1\.7/);
    expect(await kubectl('describe gateway web')).toContain('Gateway Programmed');
    expect(await kubectl('-n kube-system get ds,deploy,pods,cm -o yaml')).toContain('name: cilium-config');
    await kubectl('label gateway web team=shop');
    await kubectl('edit service web-lb -n kube-system', { KUBE_EDITOR: 'sed -i s/targetPort:.*/targetPort:\\ 81/' });
    expect(await kubectl('-n kube-system get svc web-lb -o jsonpath={.spec.ports[0].targetPort}')).toBe('81');
    const agent = await kubectl('-n kube-system get pods -l k8s-app=cilium -o name');
    expect(await kubectl(`-n kube-system delete ${agent.split('\n')[0]} --timeout=30s`)).toContain('deleted');
    await kubectl('taint node 10.0.1.7 tke.cloud.tencent.com/eni-ip-unavailable=true:NoSchedule');
    const watching = shell('kubectl get gateway web -w --request-timeout=4s --no-headers', kubeconfig);
    await kubectl('annotate gateway web cilium-cloud-bridge.io/paused=true');
    await kubectl('delete gateway web');
    await kubectl('apply -f test/demo/manifests/tke-overlay.yaml');
    await kubectl('wait gateway/web --for=condition=Accepted --timeout=10s');
    expect((await watching).stdout).toMatch(/web +cilium-cloud +43\.139\.200\.17 +True/);

    // What the demo tells to type for the program, as it is printed.
    const program = /\$ (node dist\S+ --kubeconfig \S+.*)/.exec(told)?.[1] ?? '';
    const once = await shell(`${program} --once --yes`, kubeconfig, { NO_COLOR: '1' });
    expect([once.code, once.stderr], once.stdout).toEqual([0, '']);
    expect(await kubectl('get gateway web --no-headers')).toMatch(/43\.139\.200\.17 +True/);

    const port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(await kubectl('config view'))?.[1]);
    expect(await isOpen(port)).toBe(true);
    const children = await descendants(child.pid ?? 0);
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(existsSync(dirname(kubeconfig))).toBe(false);
    expect(await isOpen(port)).toBe(false);
    expect(children).toEqual([]);
  });
});

function textUntil(child: ChildProcess, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes(end)) resolve(text);
      });
    }
    child.once('close', () => reject(new Error(`ended before "${end}":\n${text}`)));
  });
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Commands of the processes that this one has started and that still run. */
async function descendants(pid: number): Promise<readonly string[]> {
  const { stdout } = await tryCommand('ps', ['--ppid', String(pid), '-o', 'args=']);
  return stdout.split('\n').filter((line) => line !== '');
}
