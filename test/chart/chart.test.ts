import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { asArray, asRecord, asString } from '../../src/kube/read.ts';
import { buildParts } from '../control-plane/build.ts';
import { installCrds, monitoringCrds } from '../control-plane/crds.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/fixture.ts';
import { type KubeObject, valueAt } from '../control-plane/objects.ts';
import { MAIN_VERSIONS } from '../control-plane/versions.ts';
import { grantsOf } from './grants.ts';
import {
  buildHelm,
  CHART,
  EXAMPLES,
  exampleFlags,
  helm,
  NAMESPACE,
  notesWith,
  RELEASE,
  render,
  renderWith,
} from './helm.ts';
import { helmDone, objectsOf, whatHelmSays } from './release.ts';
import { kubernetesOr } from './scene.ts';

const ALL = ['defaults', ...EXAMPLES];
const NAMESPACES = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };

beforeAll(buildHelm);

test('every file in ci/ is tested', () => {
  expect(readdirSync(join(CHART, 'ci')).toSorted()).toEqual(EXAMPLES.map((name) => `${name}-values.yaml`).toSorted());
});

test.each(ALL)('helm lint --strict finds nothing with the values %s', async (name) => {
  const { code, stdout, stderr } = await helm('lint', '--strict', CHART, ...exampleFlags(name));
  expect(stdout + stderr).toContain('1 chart(s) linted, 0 chart(s) failed');
  expect(code).toBe(0);
});

test.each(ALL)('the configuration rendered with the values %s is one that the program takes', async (name) => {
  const objects = await render(exampleFlags(name));
  const map = objects.find(({ kind }) => kind === 'ConfigMap');
  const config = parseConfig(asString(valueAt(map, 'data', 'config.yaml')), name);
  expect(config.cilium.namespace).toBe('kube-system');
  const values = name === 'defaults' ? {} : load(readFileSync(join(CHART, 'ci', `${name}-values.yaml`), 'utf8'));
  const given = parseConfig(JSON.stringify(asRecord(valueAt(values, 'config'))), name);
  expect(config).toEqual({ ...given, cilium: { namespace: 'kube-system' } });
});

describe('the schema refuses, naming the place:', () => {
  test.each([
    ['a key of the configuration that there is not', { config: { gatway: {} } }, "at '/config'", 'gatway'],
    [
      'a wrong choice',
      { config: { gateway: { exposure: 'direct' } } },
      "at '/config/gateway/exposure'",
      'must be one of',
    ],
    ['a number beyond its limit', { config: { taints: { maxPercent: 200 } } }, "at '/config/taints/maxPercent'", '100'],
    [
      'a text that is no namespace',
      { config: { lease: { namespace: 'A b' } } },
      "at '/config/lease/namespace'",
      'pattern',
    ],
    ['a value that there is not', { replicas: 3 }, "at ''", 'replicas'],
    ['a digest that is none', { image: { digest: 'sha256:short' } }, "at '/image/digest'", 'pattern'],
    ['a number without its unit', { config: { taints: { grace: '5' } } }, "at '/config/taints/grace'", 'pattern'],
    ['a duration before now', { config: { resync: '-5m' } }, "at '/config/resync'", 'pattern'],
    [
      'a number instead of a duration',
      { config: { lease: { duration: 15 } } },
      "at '/config/lease/duration'",
      'string',
    ],
    ['fewer than no Pods', { replicaCount: -1 }, "at '/replicaCount'", 'minimum'],
    ['a text instead of a number', { replicaCount: '2' }, "at '/replicaCount'", 'want integer'],
    ['a key at depth', { config: { gateway: { managed: { on: true } } } }, "at '/config/gateway/managed'", "'on'"],
    [
      'a name that no Secret has',
      { credentials: { existingSecret: 'a b' } },
      "at '/credentials/existingSecret'",
      'pattern',
    ],
    ['a name that no class has', { gatewayClass: { name: 'My Class' } }, "at '/gatewayClass/name'", 'pattern'],
    ['a name that no object has', { fullnameOverride: 'A_b' }, "at '/fullnameOverride'", 'pattern'],
    ['an entry instead of a list', { tolerations: {} }, "at '/tolerations'", 'want array'],
    ['a value of an annotation that is no text', { podAnnotations: { a: true } }, "at '/podAnnotations/a'", 'string'],
    ['a text instead of a switch', { hostNetwork: 'yes' }, "at '/hostNetwork'", 'want boolean'],
    [
      'an image that still is a placeholder',
      { image: { repository: '<registry>/a' } },
      "at '/image/repository'",
      'pattern',
    ],
    ['an image with its tag', { image: { repository: 'example.com/a:1' } }, "at '/image/repository'", 'pattern'],
    ['a tag that none is', { image: { tag: 'a b' } }, "at '/image/tag'", 'pattern'],
    ['a URL as a host', { kubernetesService: { host: 'https://a' } }, "at '/kubernetesService/host'", 'pattern'],
    ['a port that is none', { kubernetesService: { port: 99_999 } }, "at '/kubernetesService/port'", 'maximum'],
    ['a variable that is no text', { extraEnv: [{ name: 'A', value: true }] }, "at '/extraEnv/0/value'", 'string'],
    ['a budget of no Pods', { podDisruptionBudget: { maxUnavailable: '0%' } }, "at '/podDisruptionBudget", 'pattern'],
    [
      'an unknown kind of policy',
      { networkPolicy: { flavor: 'calico' } },
      "at '/networkPolicy/flavor'",
      'must be one of',
    ],
  ])('%s', async (_, values, place, what) => {
    await expect(renderWith(values)).rejects.toThrow(place);
    await expect(renderWith(values)).rejects.toThrow(what);
  });
});

test('a policy for Pods that no policy holds for is refused', async () => {
  await expect(renderWith({ networkPolicy: { enabled: true } })).rejects.toThrow('Set hostNetwork: false');
});

test('names of an identity provider without the token that it asks for are refused', async () => {
  for (const names of [{ huawei: { idpId: 'idp' } }, { tencent: { roleArn: 'arn', providerId: 'idp' } }]) {
    await expect(renderWith({ credentials: { oidc: names } })).rejects.toThrow('credentials.oidc.audience');
  }
});

test.each([
  ['an image of a registry with a port', { image: { repository: 'reg.example.com:5000/team/a_b--c' } }],
  ['a port as --set has it', { kubernetesService: { host: '10.0.0.1', port: 5443 } }],
  ['a share of the Pods', { podDisruptionBudget: { maxUnavailable: '50%' } }],
])('%s is taken', async (_, values) => {
  expect(await renderWith(values)).not.toEqual([]);
});

test('no name of an object is one that Kubernetes refuses, however the release and the chart are named', async () => {
  const long = 'a'.repeat(53);
  const overrides = [{}, { nameOverride: 'n'.repeat(63) }, { fullnameOverride: 'f'.repeat(63) }];
  for (const release of ['a.b.c', `${'a'.repeat(49)}.b`, long]) {
    for (const override of overrides) {
      const objects = await renderWith({ ...override, serviceMonitor: { enabled: true } }, release);
      for (const { kind, metadata, spec } of objects) {
        const ofJob = valueAt(spec, 'template', 'metadata', 'labels');
        const labels = Object.values({ ...asRecord(metadata.labels), ...asRecord(ofJob) }).map(String);
        expect(labels.filter((label) => !/^[a-z0-9A-Z](?:[-\w.]{0,61}[a-z0-9A-Z])?$/.test(label))).toEqual([]);
        const limit = ['Service', 'Job', 'Deployment'].includes(kind) ? 63 : 253;
        expect(metadata.name).toMatch(/^[a-z](?:[-a-z0-9]*[a-z0-9])?$/);
        expect(metadata.name.length).toBeLessThanOrEqual(limit);
      }
    }
  }
});

test.each([
  ['a cluster of before 1.30', ['--kube-version', '1.29.5-r0-CCE'], false],
  ['a newer one', ['--kube-version', 'v1.30.4-r4-30.0.27.4-arm64'], true],
  [
    'one that serves them early',
    ['--kube-version', '1.29', '--api-versions', 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy'],
    true,
  ],
  ['one that serves none', ['--kube-version', '1.33', '--api-versions', 'apps/v1/Deployment'], false],
])('rendered without a cluster, for %s, it has the policies that there will be: %j', async (_, flags, wanted) => {
  const kinds = (await render(flags)).map(({ kind }) => kind);
  expect(kinds).toContain('Deployment');
  expect(kinds.includes('ValidatingAdmissionPolicy')).toBe(wanted);
});

test('NOTES.txt says that there is no image where none was named, and how doctor is run', async () => {
  const notes = await notesWith({});
  expect(notes).toContain('image.repository is not set, and no image is published');
  expect(notes).toContain('exec deployment/cilium-cloud-bridge -- node /app/cilium-cloud-bridge.js doctor --config=');
  const other = await notesWith({ image: { repository: 'example.com/ccb' }, config: { checks: { enabled: false } } });
  expect(other).not.toContain('no image is published');
  expect(other).toContain('set doctor.enabled');
});

test("parameters of the class that stays lie in Cilium's namespace: that of the release may be deleted after it", async () => {
  const objects = await renderWith({ gatewayClass: { create: true }, config: { cilium: { namespace: 'cilium' } } });
  const one = (wanted: string): KubeObject | undefined => objects.find(({ kind }) => kind === wanted);
  const { name, namespace } = one('CiliumGatewayClassConfig')?.metadata ?? {};
  expect([namespace, one('GatewayClass')?.metadata.name]).toEqual(['cilium', name]);
  expect(valueAt(one('GatewayClass'), 'spec', 'parametersRef')).toMatchObject({ name, namespace });
});

describe('where each Pod needs a node of its own', () => {
  test.each([
    ['two replicas', {}, 'so they need 2 nodes'],
    ['three', { replicaCount: 3 }, 'so they need 3 nodes'],
    ['one', { replicaCount: 1 }, undefined],
    ['the Pod network', { hostNetwork: false }, undefined],
    ['no port', { config: { listen: 'none' } }, undefined],
  ])('NOTES.txt says so: %s', async (_, values, said) => {
    const notes = await notesWith(values);
    expect(notes).toContain('Next, see who leads');
    if (said === undefined) expect(notes).not.toContain('so they need');
    else expect(notes).toContain(said);
  });

  test('an update waits for no free node: an old Pod goes first', async () => {
    const deployment = (await renderWith({})).find(({ kind }) => kind === 'Deployment');
    expect(valueAt(deployment, 'spec', 'strategy', 'rollingUpdate', 'maxUnavailable')).toBe(1);
  });
});

describe('a change of the configuration', () => {
  const checksum = async (config: object): Promise<unknown> => {
    const deployment = (await renderWith({ config })).find(({ kind }) => kind === 'Deployment');
    return valueAt(deployment, 'spec', 'template', 'metadata', 'annotations', 'checksum/config');
  };

  test('makes no new Pods where the program follows it while it runs', async () => {
    const hot = {
      readOnly: true,
      gateway: { adopt: 'auto', managed: { enabled: true, allowedNamespaces: ['a'] } },
      taints: { maxPercent: 5, rules: [] },
      cloud: { nonMasqueradeCidrs: ['10.0.0.0/8'] },
      checks: { interval: '1h' },
      logLevel: 'debug',
    };
    expect(await checksum(hot)).toBe(await checksum({}));
  });

  test.each([
    { taints: { enabled: false } },
    { lease: { name: 'other' } },
    { cilium: { namespace: 'cilium' } },
    { cloud: { region: 'cn-north-4' } },
    { cloud: { endpoints: { elb: 'https://10.0.0.5' } } },
    { cloud: { credentials: { instanceRole: true } } },
    { resync: '5m' },
  ])('makes new Pods for %j', async (config) => {
    const before = await checksum({});
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(await checksum(config)).not.toBe(before);
  });
});

describe('what is granted', () => {
  test.each(ALL)('holds no wildcard, no Secret and no impersonation with the values %s', async (name) => {
    const text = JSON.stringify((await render(exampleFlags(name))).flatMap((object) => object.rules ?? []));
    expect(text).not.toMatch(/"\*"|"secrets"|"impersonate"|"escalate"|"bind"/);
    expect(text).toContain('"services"');
  });

  test('holds no right to write with readOnly but those to Lease and Events', async () => {
    expect(writesOf(await renderWith({ config: { readOnly: true } }))).toEqual([
      'create events',
      'create leases',
      'patch events',
      'patch leases',
    ]);
  });

  test('goes with each feature', async () => {
    const writes = writesOf(await renderWith({}));
    const off = { taints: { enabled: false } };
    expect(writesOf(await renderWith({ config: off }))).toEqual(writes.filter((write) => write !== 'patch nodes'));
    const managed = { gateway: { managed: { enabled: true, allowedNamespaces: ['a'] } } };
    expect(writesOf(await renderWith({ config: managed }))).toEqual(
      [...writes, 'create services', 'delete services'].toSorted(),
    );
    expect(writesOf(await renderWith({ doctor: { enabled: true } }))).toEqual(writes);
  });

  test('has policies that go with each feature', async () => {
    const policies = async (config: object): Promise<ReadonlyMap<string, string>> => {
      const objects = await renderWith({ config, admissionPolicies: { enabled: 'always' } });
      const found = objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
      const said = (object: KubeObject): string => JSON.stringify(valueAt(object, 'spec'));
      return new Map(found.map((object) => [object.metadata.name.slice(RELEASE.length + 1), said(object)]));
    };
    const usual = await policies({});
    expect([...usual.keys()].toSorted()).toEqual(
      ['envoyconfigs', 'events', 'leases', 'nodes', 'redirected-services', 'service-status', 'services'].toSorted(),
    );
    expect([...(await policies({ readOnly: true })).keys()].toSorted()).toEqual(['events', 'leases']);
    expect((await policies({ taints: { enabled: false } })).has('nodes')).toBe(false);
    const nodes = async (rules: readonly string[]): Promise<string | undefined> =>
      (await policies({ taints: { rules } })).get('nodes');
    expect(await nodes(['example.com/slow=yes:NoSchedule'])).toContain('only example.com/slow may be removed');
    expect(await nodes([])).toContain('no taint may be removed');
    const pinned = await policies({ gateway: { pinNodePorts: true } });
    expect([usual.get('services'), pinned.get('services')]).toEqual([
      expect.stringMatching(/"pinnable","expression":"false &&|"expression":"false && [^}]*"name":"pinnable"/),
      expect.stringMatching(/"pinnable","expression":"true &&|"expression":"true && [^}]*"name":"pinnable"/),
    ]);
  });

  test('is bound in the namespaces that the configuration names', async () => {
    const config = { cilium: { namespace: 'cilium' }, lease: { namespace: 'leases' } };
    const objects = await renderWith({ config, uninstallHook: { enabled: false } });
    const roles = objects.filter(({ kind }) => kind === 'Role').map(({ metadata }) => metadata.namespace);
    expect(roles).toEqual(['cilium', 'kube-system', 'leases']);
    const bindings = objects.filter(({ kind }) => kind === 'RoleBinding').map(({ metadata }) => metadata.namespace);
    expect(bindings).toEqual(roles);
  });
});

describe('on a real API server', () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    await buildParts(['monitoring-crds'], MAIN_VERSIONS, (line) => console.error(line));
    cluster = await startControlPlane({ operator: false, kubernetes: kubernetesOr(MAIN_VERSIONS.kubernetes) });
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  });
  afterAll(() => cluster?.stop());

  test.each(ALL)('every object of the values %s is accepted, by a dry run and in earnest', async (name) => {
    const objects = await render(exampleFlags(name));
    const file = join(cluster.dir, `${name}.json`);
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    const kubectl = async (...args: readonly string[]): Promise<readonly string[]> => {
      const { code, stdout, stderr } = await cluster.kubectl(...args, '-f', file);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      return stdout.split('\n').filter((line) => line !== '');
    };
    const dry = await kubectl('apply', '--dry-run=server', '--validate=strict');
    expect(dry.filter((line) => line.endsWith(' created (server dry run)'))).toHaveLength(objects.length);
    const applied = await kubectl('apply', '--validate=strict');
    expect(applied.filter((line) => line.endsWith(' created'))).toHaveLength(objects.length);
    await kubectl('delete', '--wait');
  });

  /** What the API server makes of the Deployment's Pod; nothing is kept. */
  async function podIn(namespace: string, values: object): Promise<unknown> {
    const deployment = (await renderWith(values)).find(({ kind }) => kind === 'Deployment');
    const spec = { ...asRecord(valueAt(deployment, 'spec', 'template', 'spec')), priorityClassName: undefined };
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod', namespace }, spec };
    return (await cluster.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, body)).body;
  }

  test('helm installs it, upgrades it to other values, goes back, and takes all of it away', async () => {
    const POLICY = 'ValidatingAdmissionPolicy';
    await helmDone(cluster, 'install', RELEASE, CHART);
    expect(await whatHelmSays(cluster)).toContain(POLICY);
    await helmDone(cluster, 'upgrade', RELEASE, CHART, '--reset-values', ...exampleFlags('ha'));
    await whatHelmSays(cluster);
    await helmDone(cluster, 'upgrade', RELEASE, CHART, '--reset-values', ...exampleFlags('minimal'));
    expect(await whatHelmSays(cluster)).not.toContain(POLICY);
    await helmDone(cluster, 'rollback', RELEASE, '2');
    expect(await whatHelmSays(cluster)).toContain(POLICY);
    await helmDone(cluster, 'uninstall', RELEASE, '--no-hooks');
    expect(await objectsOf(cluster)).toEqual([]);
  });

  test("the Pod is one that the restricted profile takes, but for the node's network", async () => {
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'restricted', labels: restricted } });
    expect(asString(valueAt(await podIn('restricted', { hostNetwork: false }), 'message'))).toBe('');
    expect(asString(valueAt(await podIn('restricted', {}), 'message'))).toContain('host namespaces (hostNetwork=true)');
    await cluster.remove(NAMESPACES, { namespace: '', name: 'restricted' });
  });

  test.each([
    { where: "on the node's network", values: {}, reserved: [9976] },
    { where: 'on the Pod network', values: { hostNetwork: false }, reserved: [undefined] },
    { where: 'without the port', values: { config: { listen: 'none' } }, reserved: [] },
  ])('$where: the ports that no two Pods of a node can have are $reserved', async ({ values, reserved }) => {
    const pod = await podIn(NAMESPACE, values);
    expect(valueAt(pod, 'kind')).toBe('Pod');
    // By it the scheduler keeps Pods apart; the API server sets it on the node's network.
    const ports = asArray(valueAt(pod, 'spec', 'containers', 0, 'ports'));
    expect(ports.map((port) => valueAt(port, 'hostPort'))).toEqual(reserved);
  });

  describe('what Prometheus and Grafana take', () => {
    const watched = { prometheusRule: { enabled: true, labels: { release: 'mine' } }, dashboard: { enabled: true } };
    const monitor = {
      enabled: true,
      interval: '1m30s',
      scrapeTimeout: '5s',
      labels: { release: 'mine' },
      relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' }],
      metricRelabelings: [{ sourceLabels: ['__name__'], regex: 'nodejs_.*', action: 'drop' }],
    };

    test.each(['podMonitor', 'serviceMonitor', 'prometheusRule'])(
      'where its kind is not served, an installation with %s is refused, and nothing is there',
      async (key) => {
        const where = ['--namespace', NAMESPACE, '--kubeconfig', cluster.kubeconfigPath];
        const { code, stderr } = await helm('install', 'refused', CHART, ...where, '--set', `${key}.enabled=true`);
        expect(stderr).toContain(`no matches for kind "${key.charAt(0).toUpperCase()}${key.slice(1)}"`);
        expect(code).not.toBe(0);
        const { stdout } = await cluster.kubectl('get', 'deployments,secrets', '-n', NAMESPACE, '-o', 'name');
        expect(stdout).toBe('');
      },
    );

    test.each(['podMonitor', 'serviceMonitor'])(
      "%s, rule and dashboard are accepted by the Prometheus Operator's own CRDs, no field unknown",
      async (key) => {
        const served = await cluster.request('GET', '/apis/monitoring.coreos.com/v1');
        if (served.status !== 200) await installCrds(cluster, monitoringCrds(cluster.versions));
        const objects = await renderWith({ ...watched, [key]: monitor });
        const file = join(cluster.dir, `${key}.json`);
        writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
        const { stdout, stderr, code } = await cluster.kubectl(
          'apply',
          '--dry-run=server',
          '--validate=strict',
          '-f',
          file,
        );
        expect(stderr).toBe('');
        expect(code).toBe(0);
        for (const kind of [key.toLowerCase(), 'prometheusrule']) {
          expect(stdout).toContain(`${kind}.monitoring.coreos.com/cilium-cloud-bridge created (server dry run)`);
        }
      },
    );

    test('a field that the CRD does not know would be refused', async () => {
      const objects = await renderWith({ podMonitor: { ...monitor, relabelings: [{ sourceLabel: ['a'] }] } });
      const file = join(cluster.dir, 'unknown-field.json');
      writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
      const { stderr } = await cluster.kubectl('apply', '--dry-run=server', '--validate=strict', '-f', file);
      expect(stderr).toMatch(/unknown field ".*sourceLabel"/);
    });
  });
});

/** Verbs that write, with what they may be used on, as `patch services/status`. */
function writesOf(objects: readonly KubeObject[]): readonly string[] {
  const reads = new Set(['get', 'list', 'watch']);
  const grants = objects.flatMap(grantsOf).filter(({ verb }) => !reads.has(verb));
  return [...new Set(grants.map(({ verb, resource }) => `${verb} ${resource}`))].toSorted();
}
