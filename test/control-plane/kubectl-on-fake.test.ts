import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONFIG_MAPS, GATEWAYS, NODES, SERVICES } from '../../src/kube/resources.ts';
import { type CiliumOperator, startCiliumOperator } from '../fake-api/cilium-operator.ts';
import { BUILT_IN_KINDS, CUSTOM_KINDS } from '../fake-api/kinds.ts';
import { type Certificate, type FakeApi, startFakeApi } from '../fake-api/server.ts';
import { buildParts } from './build.ts';
import { type CommandResult, tryCommand } from './command.ts';
import { valueAt } from './objects.ts';
import { partPath } from './parts.ts';
import { makeCertificates } from './pki.ts';
import { SERVED_KINDS } from './served-kinds.ts';
import { MAIN_VERSIONS } from './versions.ts';
import { waitFor } from './wait.ts';

const GATEWAY = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: cilium }
spec: { controllerName: io.cilium/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ip-gateway, namespace: default }
spec:
  gatewayClassName: cilium
  listeners: [{ name: http, port: 80, protocol: HTTP }]
`;
const SERVICE_REF = { namespace: 'default', name: 'cilium-gateway-ip-gateway' };

const kindsServed = [...BUILT_IN_KINDS, ...CUSTOM_KINDS];

/** The fake server is the demo's cluster: what its user types must work. It lives here because kubectl is built here. */
describe('kubectl on the fake API server', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-kubectl-'));
  let api: FakeApi;
  let operator: CiliumOperator;

  beforeAll(async () => {
    await buildParts(['kubectl'], MAIN_VERSIONS, (line) => console.error(line));
    api = await startFakeApi();
    operator = startCiliumOperator(api);
    api.writeKubeconfig(join(dir, 'kubeconfig'));
    api.apply({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'node-1' },
      spec: { taints: [{ key: 'node.kubernetes.io/route-unreachable', effect: 'NoSchedule' }] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    expect(await kubectl(['apply', '-f', '-'], { input: GATEWAY })).toMatchObject({ code: 0 });
    await operator.settled();
  });
  afterAll(async () => {
    operator?.stop();
    await api?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  function kubectl(args: readonly string[], more: { input?: string; editor?: string } = {}): Promise<CommandResult> {
    const editor = more.editor === undefined ? {} : { KUBE_EDITOR: more.editor };
    return tryCommand(partPath('kubectl', MAIN_VERSIONS), args, {
      env: { KUBECONFIG: join(dir, 'kubeconfig'), HOME: dir, ...editor },
      ...(more.input === undefined ? {} : { input: more.input }),
    });
  }

  async function said(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await kubectl(args);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return stdout;
  }

  test('get prints tables of the served kinds', async () => {
    expect(await said('get', 'service', SERVICE_REF.name)).toMatch(
      /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\ncilium-gateway-ip-gateway +LoadBalancer +10\.96\.\S+ +<pending> +80:3\d{4}\/TCP +\d\S*\n$/,
    );
    expect(await said('get', 'gtw', '-A')).toMatch(
      /NAMESPACE +NAME +CLASS +ADDRESS +PROGRAMMED +AGE\ndefault +ip-gateway +cilium +False/,
    );
    const everything =
      'nodes,pods,cm,events,ds,deploy,leases,ingress,endpointslices,gatewayclasses,httproutes,cec,ippools,cgcc,crd';
    expect(await said('get', '-A', '-o', 'name', everything)).toContain('node/node-1');
  });

  describe.each(SERVED_KINDS)('$kind', ({ kind, short, name, yaml, described }) => {
    const ref = `${kind}/${name}`;

    test('apply, get in every form, and describe', async () => {
      expect((await kubectl(['apply', '-f', '-'], { input: yaml })).stderr).toBe('');
      const [header = '', row = ''] = (await said('get', short || kind, name)).split('\n');
      expect(header).toMatch(kind === 'event' ? /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$/ : /^NAME /);
      if (kind !== 'event') expect(row).toMatch(new RegExp(`^${name} `));
      const wide = (await said('get', kind, name, '-o', 'wide')).split('\n')[0] ?? '';
      expect(wide.length).toBeGreaterThanOrEqual(header.length);
      expect(await said('get', kind, name, '-o', 'name')).toContain(`/${name}\n`);
      expect(await said('get', kind, name, '-o', 'yaml')).toContain(`  name: ${name}\n`);
      const object: unknown = JSON.parse(await said('get', kind, name, '-o', 'json'));
      expect(valueAt(object, 'metadata', 'name')).toBe(name);
      expect(await said('get', kind, '-A', '--no-headers')).toContain(kind === 'event' ? 'service/web' : name);
      expect(await said('get', kind, '-l', 'step=first', '-o', 'name')).toContain(`/${name}\n`);
      expect(await said('describe', kind, name)).toMatch(described);
      expect(await said('explain', kind)).toMatch(/^(GROUP|KIND): /);
    });

    test('label, annotate, patch, edit, replace and wait', async () => {
      const label = (): Promise<string> => said('get', kind, name, '-o', 'jsonpath={.metadata.labels.step}');
      expect(await said('label', kind, name, '--overwrite', 'step=labelled')).toBe(`${await nameOf()} labeled\n`);
      expect(await label()).toBe('labelled');
      expect(await said('annotate', kind, name, 'example.com/note=seen')).toBe(`${await nameOf()} annotated\n`);
      await said('patch', kind, name, '--type=merge', '-p', '{"metadata":{"labels":{"step":"patched"}}}');
      expect(await label()).toBe('patched');
      const path = '[{"op":"replace","path":"/metadata/labels/step","value":"by-path"}]';
      await said('patch', kind, name, '--type=json', '-p', path);
      expect(await label()).toBe('by-path');
      const edited = await kubectl(['edit', kind, name], { editor: 'sed -i s/step:.by-path/step:\\ edited/' });
      expect(edited).toMatchObject({ code: 0, stdout: `${await nameOf()} edited\n` });
      expect(await label()).toBe('edited');
      const unchanged = await kubectl(['edit', kind, name], { editor: 'true' });
      expect(unchanged.stderr).toBe('Edit cancelled, no changes made.\n');
      const live = await said('get', kind, name, '-o', 'json');
      const replaced = await kubectl(['replace', '-f', '-'], { input: live.replace('"edited"', '"replaced"') });
      expect([replaced.code, replaced.stderr]).toEqual([0, '']);
      await said('wait', ref, '--for=jsonpath={.metadata.labels.step}=replaced', '--timeout=5s');
      const input = yaml.replace('step: first', 'step: applied');
      expect((await kubectl(['apply', '-f', '-'], { input })).stdout).toBe(`${await nameOf()} configured\n`);
      expect((await kubectl(['diff', '-f', '-'], { input })).code).toBe(0);
    });

    test('-w shows each change, and delete takes it away', async () => {
      const kindOf = kindsServed.find((one) => one.singular === kind) ?? expect.unreachable();
      const watching = kubectl(['get', kind, '-A', '-w', '-o', 'jsonpath={.metadata.labels.step}{"\\n"}']);
      await waitFor('the watch', () => api.openWatches(kindOf).length > 0);
      for (const step of ['one', 'two']) await said('label', kind, name, '--overwrite', `step=${step}`);
      expect(await said('delete', kind, name, '--timeout=10s')).toContain('deleted');
      api.closeWatches(kindOf);
      expect((await watching).stdout).toMatch(/one\n(.*\n)*two\n/);
      expect(await kubectl(['get', kind, name])).toMatchObject({ code: 1 });
      expect((await kubectl(['delete', kind, name, '--ignore-not-found'])).code).toBe(0);
    });

    async function nameOf(): Promise<string> {
      return (await said('get', kind, name, '-o', 'name')).trim();
    }
  });

  test('get of several kinds at once prints a table for each', async () => {
    const told = await said('get', 'svc,gateway,node');
    expect(told).toMatch(/^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE$/m);
    expect(told).toMatch(/^NAME +CLASS +ADDRESS +PROGRAMMED +AGE$/m);
    expect(told).toMatch(/^NAME +STATUS +ROLES +AGE +VERSION$/m);
    expect(told).toMatch(/^node\/node-1 +Ready +<none> +\d\S*/m);
  });

  test('get -w prints rows as the server makes them', async () => {
    api.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'rows', namespace: 'default' } });
    const watching = kubectl(['get', 'configmap', 'rows', '-w']);
    await waitFor('the watch', () => api.openWatches(CONFIG_MAPS).length > 0);
    api.update(CONFIG_MAPS, { namespace: 'default', name: 'rows' }, (object) => {
      object.data = { a: '', b: '' };
    });
    api.closeWatches(CONFIG_MAPS);
    expect((await watching).stdout).toMatch(/^NAME +DATA +AGE\nrows +0 +\d\S*\nrows +2 +\d\S*\n$/);
  });

  test('get -o yaml and -o jsonpath show the objects', async () => {
    expect(await said('get', 'gateway', 'ip-gateway', '-o', 'yaml')).toContain('gatewayClassName: cilium');
    const condition = "-o=jsonpath={.status.conditions[?(@.type=='Programmed')].reason}";
    expect(await said('get', 'gateway', 'ip-gateway', condition)).toBe('AddressNotAssigned');
  });

  test('describe tells about Services, Gateways and Nodes', async () => {
    expect(await said('describe', 'service', SERVICE_REF.name)).toMatch(/NodePort: +port-80 +3\d{4}\/TCP/);
    expect(await said('describe', 'gateway', 'ip-gateway')).toMatch(/Message: +Gateway waiting for address/);
    expect(await said('describe', 'node', 'node-1')).toMatch(
      /Taints: +node\.kubernetes\.io\/route-unreachable:NoSchedule/,
    );
  });

  test('annotate, label, taint and patch change objects', async () => {
    await said('annotate', 'gateway', 'ip-gateway', 'cilium-cloud-bridge.io/paused=true');
    expect(api.get(GATEWAYS, { namespace: 'default', name: 'ip-gateway' })?.metadata.annotations).toMatchObject({
      'cilium-cloud-bridge.io/paused': 'true',
    });
    await said('label', 'node', 'node-1', 'a=b');
    await said('taint', 'nodes', 'node-1', 'node.kubernetes.io/route-unreachable-');
    expect(valueAt(api.get(NODES, { namespace: '', name: 'node-1' }), 'spec', 'taints')).toBeUndefined();
    const patch = '{"spec":{"ports":[{"port":80,"targetPort":8443}]}}';
    await said('patch', 'service', SERVICE_REF.name, '-p', patch);
    const ingress = '{"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.9"}]}}}';
    await said('patch', 'service', SERVICE_REF.name, '--subresource=status', '--type=merge', '-p', ingress);
    expect(await said('get', 'gateway', 'ip-gateway')).toMatch(/203\.0\.113\.9 +True/);
  });

  test('edit sends what the editor left', async () => {
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'edited', namespace: 'default' } };
    api.apply({ ...manifest, data: { key: 'before' } });
    const answer = await kubectl(['edit', 'configmap', 'edited'], { editor: 'sed -i s/before/after/' });
    expect(answer).toMatchObject({ code: 0, stdout: 'configmap/edited edited\n' });
    const edited = await kubectl(['edit', 'gateway', 'ip-gateway'], { editor: 'sed -i s/name:.http/name:\\ web/' });
    expect(edited).toMatchObject({ code: 0, stdout: 'gateway.gateway.networking.k8s.io/ip-gateway edited\n' });
    expect(api.get(CONFIG_MAPS, { namespace: 'default', name: 'edited' })).toMatchObject({ data: { key: 'after' } });
  });

  test('apply, with and without the server, create and delete', async () => {
    const input = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: applied }\ndata: { key: one }\n';
    expect((await kubectl(['apply', '-f', '-'], { input })).stdout).toBe('configmap/applied created\n');
    const changed = input.replace('one', 'two');
    expect((await kubectl(['apply', '-f', '-'], { input: changed })).stdout).toBe('configmap/applied configured\n');
    expect((await kubectl(['apply', '-f', '-'], { input: changed })).stdout).toBe('configmap/applied unchanged\n');
    const onServer = await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input });
    expect(onServer.stdout).toBe('configmap/applied serverside-applied\n');
    // Imperative `kubectl create <kind>` sends protobuf, which the fake doesn't read.
    const other = input.replace('applied', 'created');
    expect((await kubectl(['create', '-f', '-'], { input: other })).stdout).toBe('configmap/created created\n');
    expect(await said('delete', 'configmap', 'applied', 'created')).toContain('configmap "applied" deleted');
    expect(await kubectl(['get', 'configmap', 'applied'])).toMatchObject({
      code: 1,
      stderr: 'Error from server (NotFound): configmaps "applied" not found\n',
    });
  });

  test('get all, and get sorted by a field of the objects', async () => {
    expect(await said('get', 'all', '-A')).toContain(`service/${SERVICE_REF.name}`);
    const service = { apiVersion: 'v1', kind: 'Service', spec: { type: 'ClusterIP', ports: [{ port: 80 }] } };
    api.apply({ ...service, metadata: { name: 'a-plain-one', namespace: 'default' } });
    const sorted = await said('get', 'services', '--sort-by=.spec.ports[0].nodePort');
    expect(sorted).toMatch(/^NAME .*\n(.*\n)*a-plain-one .*\n(.*\n)*cilium-gateway-ip-gateway /);
  });

  test('delete --dry-run=server deletes nothing', async () => {
    api.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept', namespace: 'default' } });
    expect(await said('delete', 'configmap', 'kept', '--dry-run=server')).toContain('deleted (server dry run)');
    expect(await said('get', 'configmap', 'kept', '-o', 'name')).toBe('configmap/kept\n');
  });

  test('what a fake cannot do is told as that, and a kind that is not served by its name', async () => {
    api.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'mute', namespace: 'default' },
      spec: { containers: [{ name: 'mute', image: 'mute' }] },
    });
    const stderrOf = async (args: readonly string[], input = ''): Promise<string> => {
      const { code, stderr } = await kubectl(args, { input });
      expect(code).toBe(1);
      return stderr;
    };
    expect(await stderrOf(['logs', 'mute'])).toContain('this API server is a fake: no container runs in its Pods');
    expect(await stderrOf(['exec', 'mute', '--', 'true'])).toContain('no container runs in its Pods');
    expect(await stderrOf(['create', 'configmap', 'x'])).toContain('use kubectl apply -f');
    const nonsense = 'apiVersion: v1\nkind: Nonsense\nmetadata: { name: x }\n';
    expect(await stderrOf(['apply', '-f', '-'], nonsense)).toContain('no matches for kind "Nonsense" in version "v1"');
  });

  test('-w follows changes', async () => {
    api.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'watched', namespace: 'default' } });
    const watching = kubectl([
      'get',
      'configmap',
      'watched',
      '-w',
      '--request-timeout=3s',
      '-o',
      'jsonpath={.data.key}{"\\n"}',
    ]);
    await waitFor('the watch', () => api.openWatches(CONFIG_MAPS).length > 0);
    for (const value of ['one', 'two']) {
      api.update(CONFIG_MAPS, { namespace: 'default', name: 'watched' }, (object) => {
        object.data = { key: value };
      });
    }
    api.closeWatches(CONFIG_MAPS);
    expect((await watching).stdout).toBe('\none\ntwo\n');
  });

  test('a server with TLS is trusted by its kubeconfig, until its CA is another', async () => {
    const first = await certificate('first');
    const secure = await startFakeApi({ tls: first });
    const kubeconfig = secure.writeKubeconfig(join(dir, 'tls'));
    expect(await said('--kubeconfig', kubeconfig, 'get', 'namespaces', '-o', 'name')).toContain('namespace/default');
    await secure.rotateCertificate(await certificate('second'));
    const distrusted = await kubectl(['--kubeconfig', kubeconfig, 'get', 'namespaces']);
    expect(distrusted.stderr).toContain('certificate signed by unknown authority');
    secure.writeKubeconfig(kubeconfig);
    expect(await said('--kubeconfig', kubeconfig, 'get', 'namespaces', '-o', 'name')).toContain('namespace/default');
    await secure.stop();
  });

  async function certificate(name: string): Promise<Certificate> {
    const folder = join(dir, name);
    mkdirSync(folder);
    const ca = await makeCertificates(folder, ['127.0.0.1']);
    const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
    return { key: text('api.key'), cert: text('api.crt'), ca };
  }

  test('a recreated Gateway gets another NodePort', async () => {
    const before = valueAt(api.get(SERVICES, SERVICE_REF), 'spec', 'ports', 0, 'nodePort');
    await said('delete', 'gateway', 'ip-gateway');
    await kubectl(['apply', '-f', '-'], { input: GATEWAY });
    const after = await waitFor(
      'the Service',
      () => valueAt(api.get(SERVICES, SERVICE_REF), 'spec', 'ports', 0, 'nodePort') as number,
    );
    expect(after).not.toBe(before);
  });
});
