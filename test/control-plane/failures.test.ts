import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Ccm, startCcm } from '../emulators/ccm.ts';
import { type CommandResult, tryCommand } from './command.ts';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import { freePort } from './port.ts';
import { once, onceReport, startController, writesSince } from './product.ts';
import { applyGuide, EIP, GUIDE_ELB, GUIDE_ENTRYPOINT, versions, waitForAddress } from './scenario.ts';
import { writeKubeconfig } from './users.ts';

const COMMANDS = [
  { command: '--once --yes', args: ['--once', '--yes', '--adopt', 'auto'] },
  { command: 'the controller', args: ['--listen', 'none'] }, // tests run side by side: no two may want the same port
] as const;

interface Ended extends CommandResult {
  readonly seconds: number;
}

describe('what ends the program is said in one message, with exit code 1, within seconds', () => {
  let cluster: ControlPlane;
  let ccm: Ccm;
  let mute: Server;

  beforeAll(async () => {
    cluster = await startControlPlane({ users: [{ name: 'nobody' }, { name: 'reader' }, { name: 'unready' }] });
    const addresses = { [GUIDE_ELB]: [{ ip: EIP }] };
    ccm = startCcm({ send: cluster.request, dialect: 'huawei', manner: 'holds', addresses });
    await applyGuide(cluster);
    await waitForAddress(cluster, GUIDE_ENTRYPOINT);
    await mayRead('reader', [
      '',
      'gateway.networking.k8s.io',
      'networking.k8s.io',
      'cilium.io',
      'apps',
      'coordination.k8s.io',
    ]);
    await mayRead('unready', [
      'gateway.networking.k8s.io',
      'networking.k8s.io',
      'cilium.io',
      'apps',
      'coordination.k8s.io',
    ]);
    mute = createServer(); // takes connections and never says a word
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    mute?.close();
    await ccm?.stop();
    await cluster?.stop();
  });

  async function mayRead(user: string, apiGroups: readonly string[]): Promise<void> {
    const group = 'rbac.authorization.k8s.io';
    await cluster.apply({
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      metadata: { name: user },
      rules: [{ apiGroups, resources: ['*'], verbs: ['get', 'list', 'watch'] }],
    });
    await cluster.apply({
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: user },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: user },
      subjects: [{ apiGroup: group, kind: 'User', name: user }],
    });
  }

  async function run(kubeconfig: string, args: readonly string[]): Promise<Ended> {
    const startedAt = performance.now();
    const result = await tryCommand(process.execPath, [inject('bundle'), '--kubeconfig', kubeconfig, ...args]);
    return { ...result, seconds: (performance.now() - startedAt) / 1000 };
  }

  function kubeconfigOf(server: string): string {
    const path = join(cluster.dir, `kubeconfig-${new URL(server).port}`);
    return writeKubeconfig(path, server, join(cluster.dir, 'ca.crt'), { name: 'admin', token: cluster.adminToken });
  }

  /** One paragraph on stderr that says where, what and what to do; nothing on stdout; nothing written. */
  function expectOneMessage(ended: Ended, ...parts: readonly (string | RegExp)[]): void {
    expect(ended.stdout).toBe('');
    for (const part of parts) expect(ended.stderr).toMatch(part);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(ended.code).toBe(1);
    expect(ended.seconds).toBeLessThan(30); // 10 s for an answer that never comes, and a busy machine
  }

  describe.each(COMMANDS)('$command', ({ args }) => {
    test('on an API server that is not there', async () => {
      const server = `https://127.0.0.1:${await freePort()}`;
      expectOneMessage(await run(kubeconfigOf(server), args), new URL(server).host, 'ECONNREFUSED', /VPN/);
    });

    test('on an API server that does not answer', async () => {
      const address = mute.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      expectOneMessage(
        await run(kubeconfigOf(`https://127.0.0.1:${port}`), args),
        `127.0.0.1:${port}`,
        /kubectl version/,
      );
    });

    test('with a token that has expired', async () => {
      const kubeconfig = cluster.kubeconfigFor({ name: 'late', token: 'expired' });
      expectOneMessage(await run(kubeconfig, args), 'context "test"', '401', /log in/);
    });

    test('as a user who may nothing', async () => {
      const ended = await run(cluster.kubeconfigFor('nobody'), args);
      expectOneMessage(ended, cluster.server, 'kubeconfig-nobody', /lease/i, /administrator|ClusterRole/);
    });

    test('as a user who may not list Services', async () => {
      expectOneMessage(
        await run(cluster.kubeconfigFor('unready'), args),
        /list.*services|services.*list/i,
        /administrator|ClusterRole/,
      );
    });

    test('as a user who may read but not write: each right that is missing, and nothing is half-written', async () => {
      const before = await versions(cluster);
      const mark = await cluster.audit.mark();
      const ended = await run(cluster.kubeconfigFor('reader'), args);
      expectOneMessage(ended, 'patch services/status', /patch services(?!\/)/, /administrator|ClusterRole/);
      expect(await writesSince(cluster, mark)).toEqual([]);
      expect(await versions(cluster)).toEqual(before);
    });

    test('with a flag that does not exist', async () => {
      expectOneMessage(
        await run(cluster.kubeconfigPath, [...args, '--adpot', 'auto']),
        '--adpot',
        'Did you mean --adopt',
      );
    });

    test('with a configuration that is wrong', async () => {
      const config = join(cluster.dir, 'wrong.yaml');
      writeFileSync(config, 'gateway:\n  adpot: auto\n');
      expectOneMessage(
        await run(cluster.kubeconfigPath, [...args, '--config', config]),
        'wrong.yaml',
        'adpot',
        /adopt/,
      );
    });

    test('with a kubeconfig that is not there', async () => {
      expectOneMessage(await run('/nowhere/config', args), '/nowhere/config', /--kubeconfig/);
    });
  });

  test('a reader sees the plan in a dry run', async () => {
    const options = { kubeconfig: cluster.kubeconfigFor('reader'), args: ['--dry-run', '--adopt', 'auto'] };
    const { code, report } = await onceReport(cluster, options);
    expect(code).toBe(2);
    expect(report.actions.map(({ kind }) => kind)).toEqual(['patch-entrypoint', 'publish-address']);
    expect(report.findings.find(({ reason }) => reason === 'IpModeUnknown')?.message).toContain('may not patch');
  });

  test('--once without a terminal and without --yes refuses', async () => {
    const mark = await cluster.audit.mark();
    const ended = await once(cluster, { args: ['--adopt', 'auto'] });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('--yes');
    expect(await writesSince(cluster, mark)).toEqual([]);
  });

  test('--once beside a live leader refuses, looks with --dry-run, and writes with --force', async () => {
    const controller = await startController(cluster); // without --adopt auto it has nothing to do
    try {
      const mark = await cluster.audit.mark();
      const refused = await run(cluster.kubeconfigPath, ['--once', '--yes', '--adopt', 'auto']);
      expectOneMessage(refused, 'Lease kube-system/cilium-cloud-bridge', '--force', '--dry-run');
      expect(await writesSince(cluster, mark)).toEqual([]);
      expect((await once(cluster, { args: ['--dry-run', '--adopt', 'auto'] })).code).toBe(2);
      expect(await writesSince(cluster, mark)).toEqual([]);
      const forced = await onceReport(cluster, { args: ['--yes', '--force', '--adopt', 'auto'] });
      expect(forced.report.actions.map(({ outcome }) => outcome.status)).not.toContain('failed');
      expect((await writesSince(cluster, mark)).length).toBeGreaterThan(0);
    } finally {
      await controller.stop();
    }
  });
});

describe("a cluster with neither the Gateway API nor Cilium's Ingress", () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    const nothing = { gatewayCrds: false, ciliumCrds: false, operator: false, controllerManager: false };
    cluster = await startControlPlane(nothing);
  });
  afterAll(() => cluster?.stop());

  test.each(COMMANDS)('ends $command with one message', async ({ args }) => {
    const all = [inject('bundle'), '--kubeconfig', cluster.kubeconfigPath, ...args];
    const ended = await tryCommand(process.execPath, all);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toBe('');
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(ended.stderr).toContain('neither the Gateway API');
    expect(ended.stderr).toContain('gatewayAPI.enabled=true');
  });
});
