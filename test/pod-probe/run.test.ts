import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POD_PROBE_CHECKS } from '../../src/checks/pod-probe/all.ts';
import { runChecks } from '../../src/checks/run.ts';
import type { DoctorWorld } from '../../src/checks/world.types.ts';
import { measureByPods } from '../../src/cli/doctor-pods.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import type { KubeClient } from '../../src/kube/client.types.ts';
import { openConnection } from '../../src/kube/connection.ts';
import { PODS } from '../../src/kube/resources.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { POD_DEADLINE_S, PROBE_LABEL, probePod } from '../../src/pod-probe/pod.ts';
import type { PodProbeChoice, PodProbeMeasurement, PodProbePlan } from '../../src/pod-probe/pod-probe.types.ts';
import { REFERENCES } from '../checks/reference/all.ts';
import { worldOf } from '../checks/world-of.ts';
import { stringAt } from '../fake-api/json.ts';
import { isWrite } from '../fake-api/requests.ts';
import { type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { ended, type Fate, messageOf, startKubelets, waiting } from './kubelets.ts';

const CHOICE: PodProbeChoice = {
  nodes: 10,
  image: undefined,
  namespace: 'default',
  names: ['one.example.com', 'two.example.com'],
  yes: true,
};
const IPS: Readonly<Record<string, string>> = { 'one.example.com': '203.0.113.1', 'two.example.com': '203.0.113.2' };

let api: FakeApi;
let dir: string;
let client: KubeClient;
let world: DoctorWorld;
let plan: PodProbePlan;
let said: string[];

beforeEach(async () => {
  api = await startFakeApi();
  dir = mkdtempSync(join(tmpdir(), 'ccb-pods-'));
  const path = api.writeKubeconfig(join(dir, 'config'));
  client = createKubeClient({ connection: openConnection({ path, clock: systemClock }), userAgent: 'test' });
  world = await worldOf(REFERENCES['tke-overlay']);
  said = [];
  plan = {
    namespace: 'default',
    image: 'test',
    nodes: world.kube.nodes.items.map(({ meta, internalIps: [ip = ''] }) => ({ name: meta.name, ip })),
    leftOut: 0,
    names: CHOICE.names,
    targets: Object.entries(IPS).map(([name, ip]) => ({ name, ip })),
  };
});

afterEach(async () => {
  client.close();
  await api.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Given {
  readonly choice?: Partial<PodProbeChoice>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly answer?: boolean;
}

async function measure({ choice, clock, signal, answer = true }: Given = {}): Promise<PodProbeMeasurement> {
  const ui = {
    client,
    clock: clock ?? hurried(),
    progress: () => undefined,
    say: (line: string) => said.push(line),
    confirm: async (text: string) => {
      said.push(`asked: ${text}`);
      return answer;
    },
    resolve: async (name: string) => IPS[name],
  };
  return await measureByPods({ ...CHOICE, ...choice }, world, ui, signal ?? AbortSignal.timeout(25_000));
}

/** Waits a hundredth of what is asked, and counts it in full. */
function hurried(): Clock {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: async (ms, signal) => {
      await systemClock.sleep(ms / 100, signal);
      ahead += ms;
    },
  };
}

function verdicts(podProbe: PodProbeMeasurement): unknown {
  const { outcomes } = runChecks(POD_PROBE_CHECKS, { ...world, podProbe });
  return Object.fromEntries(
    outcomes.map(({ check, findings }) => [
      check.id,
      findings.map(({ verdict, reason }) => (verdict === 'pass' ? verdict : `${verdict} ${reason}`)).join(', '),
    ]),
  );
}

const ALL_PASS = {
  'pod-probe-ran': 'pass',
  'pod-probe-dns': 'pass',
  'pod-probe-nodes': 'pass',
  'pod-probe-exit': 'pass',
};

/** Every node's Pod has the same fate. */
function everywhere(status: () => ReturnType<Fate>): void {
  startKubelets(api, status);
}

function firstNode(): string {
  return plan.nodes[0]?.name ?? '';
}

/** Only the first node's Pod has that fate; the others measure everything. */
function onFirst(status: () => ReturnType<Fate>): void {
  startKubelets(api, (pod) => (stringAt(pod, 'spec', 'nodeName') === firstNode() ? status() : ended(messageOf(plan))));
}

describe('--probe-pods', () => {
  it('makes one Pod a node, reads what it says, and leaves nothing behind', async () => {
    everywhere(() => ended(messageOf(plan)));
    const measured = await measure();
    expect(verdicts(measured)).toEqual(ALL_PASS);
    const created = api.requests.filter(({ method, resource }) => method === 'POST' && resource === 'pods');
    expect(created).toHaveLength(plan.nodes.length);
    expect(api.list(PODS)).toEqual([]);
    expect(said).toEqual([expect.stringContaining(`${plan.nodes.length} Pods in namespace default`)]);
    expect(said[0]).toContain('quay.tencentcloudcr.com/cilium/alpine-curl');
  });

  it('writes nothing but its own Pods', async () => {
    everywhere(() => ended(messageOf(plan)));
    await measure();
    const writes = api.requests.filter(isWrite).map(({ verb, resource }) => `${verb} ${resource}`);
    expect([...new Set(writes)].toSorted()).toEqual(['create pods', 'delete pods']);
  });

  it.each([
    ['cluster-dns', 'pod-probe-dns', 'fail ClusterDnsFails'],
    ['public-dns', 'pod-probe-dns', 'fail PublicDnsFails'],
    ['https', 'pod-probe-exit', 'fail NoPublicExit'],
    ['https 203.0.113.2', 'pod-probe-exit', 'warn PublicExitPartly'],
    ['node', 'pod-probe-nodes', 'fail NodesNotReachedFromPods'],
  ])('%s that fails on one node: %s says %s, and names the node', async (failed, check, verdict) => {
    onFirst(() => ended(messageOf(plan, [failed])));
    const podProbe = await measure();
    expect(verdicts(podProbe)).toEqual({ ...ALL_PASS, [check]: verdict });
    const { outcomes } = runChecks(POD_PROBE_CHECKS, { ...world, podProbe });
    const found = outcomes.find((outcome) => outcome.check.id === check)?.findings[0];
    expect(found?.message).toContain(`on 1 of ${plan.nodes.length} nodes (${firstNode()})`);
    expect(found?.fix).not.toBe('');
  });

  it.each<readonly [string, () => ReturnType<Fate>, string]>([
    ['an image that cannot be pulled', () => waiting('ImagePullBackOff', 'Back-off pulling image'), 'ImagePullBackOff'],
    ['a kubelet that is away', () => undefined, 'did not end within 90 s'],
    [
      'a node that refuses it',
      () => ({ phase: 'Failed', reason: 'OutOfcpu', message: 'Node did not fit' }),
      'OutOfcpu',
    ],
    ['garbage', () => ended('ccb1 begin - ok none\nrm -rf /\n'), 'cannot be read'],
    [
      'a report with another measurement',
      () => ended(messageOf(plan).replace('203.0.113.1', '8.8.8.8')),
      'cannot be read',
    ],
    ['a report that was cut off', () => ended(messageOf(plan).slice(0, -20)), 'cannot be read'],
  ])('%s on one node is told by name, and the others count', async (_, status, words) => {
    onFirst(status);
    const podProbe = await measure();
    expect(verdicts(podProbe)).toEqual({ ...ALL_PASS, 'pod-probe-ran': 'fail PodProbeFailed' });
    const { outcomes } = runChecks(POD_PROBE_CHECKS, { ...world, podProbe });
    expect(outcomes[0]?.findings[0]?.message).toContain(firstNode());
    expect(outcomes[0]?.findings[0]?.message).toContain(words);
    expect(api.list(PODS)).toEqual([]);
  });

  it('removes its Pods on Ctrl-C, also those that are just being created', async () => {
    const stop = new AbortController();
    startKubelets(api, () => undefined);
    api.onChange(PODS, () => stop.abort(new Error('stopped by SIGINT')));
    await expect(measure({ signal: stop.signal })).rejects.toThrow('stopped by SIGINT');
    expect(api.list(PODS)).toEqual([]);
  });

  it('removes its Pods when the API server fails in between', async () => {
    everywhere(() => ended(messageOf(plan)));
    let lists = 0;
    api.faults.intercept(({ verb, resource }) => {
      if (verb !== 'list' || resource !== 'pods') return undefined;
      lists += 1;
      return lists > 1 && lists < 4 ? { kind: 'answer', status: 503 } : undefined;
    });
    expect(verdicts(await measure())).toEqual(ALL_PASS);
    expect(api.list(PODS)).toEqual([]);
  });

  it('removes what an earlier run left, and leaves alone what another makes just now', async () => {
    everywhere(() => ended(messageOf(plan)));
    const { apiVersion, kind, metadata, spec } = probePod(plan, firstNode(), 'ccb-probe-old-0', 'old');
    api.apply({ apiVersion, kind, metadata, spec });
    await measure();
    expect(api.list(PODS).map(({ metadata: { name } }) => name)).toEqual(['ccb-probe-old-0']);
    const clock = hurried();
    await measure({ clock: { ...clock, now: () => clock.now() + (POD_DEADLINE_S + 60) * 1000 } });
    expect(api.list(PODS)).toEqual([]);
  });

  it.each(['create', 'delete', 'list'])('makes no Pod where it may not %s them', async (verb) => {
    api.access.deny((asked) => asked.verb === verb && asked.resource === 'pods');
    const podProbe = await measure();
    expect(podProbe).toMatchObject({ state: 'not-measured', why: `this account may not ${verb} pods in default` });
    expect(verdicts(podProbe)).toMatchObject({ 'pod-probe-ran': 'unknown PodProbeNotMade' });
    expect(api.requests.filter(({ method, resource }) => method === 'POST' && resource === 'pods')).toEqual([]);
  });

  it('tells once what admission refuses on every node, and removes nothing that is not there', async () => {
    api.faults.intercept(({ verb, resource }) =>
      verb === 'create' && resource === 'pods' ? { kind: 'answer', status: 403, reason: 'Forbidden' } : undefined,
    );
    const podProbe = await measure();
    expect(verdicts(podProbe)).toMatchObject({
      'pod-probe-ran': 'fail PodProbeFailed',
      'pod-probe-exit': 'unknown ExitNotMeasured',
    });
  });

  it('says what it would create, asks, and creates nothing without a yes', async () => {
    const podProbe = await measure({ choice: { yes: false }, answer: false });
    expect(said).toEqual([expect.stringMatching(/^asked: .*one on each of: .*\nEach resolves one\.example\.com/)]);
    expect(podProbe).toMatchObject({ state: 'not-measured' });
    expect(api.requests.filter(({ method, resource }) => method === 'POST' && resource === 'pods')).toEqual([]);
  });

  it('takes no more nodes than it may, and says how many are left out', async () => {
    everywhere(() => undefined);
    const podProbe = await measure({ choice: { nodes: 1, image: 'mirror.example.com/curl:1' } });
    expect(podProbe).toMatchObject({ plan: { image: 'mirror.example.com/curl:1', leftOut: plan.nodes.length - 1 } });
    expect(api.requests.filter(({ method, resource }) => method === 'POST' && resource === 'pods')).toHaveLength(1);
  });
});

it('is a Pod of the restricted standard: no root, no privilege, no token, nothing writable, an end of its own', () => {
  expect(probePod(plan, 'n1', 'p', 'r')).toMatchObject({
    metadata: { labels: { [PROBE_LABEL]: 'pod' } },
    spec: {
      nodeName: 'n1',
      restartPolicy: 'Never',
      activeDeadlineSeconds: POD_DEADLINE_S,
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          resources: { limits: { cpu: '100m', memory: '64Mi' } },
        },
      ],
    },
  });
});
