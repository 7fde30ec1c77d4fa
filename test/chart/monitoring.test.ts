import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { asArray, asRecord, asString } from '../../src/kube/read.ts';
import { type KubeObject, valueAt } from '../control-plane/objects.ts';
import { buildHelm, CHART, NAMESPACE, renderWith } from './helm.ts';

/** Probes, the port of the metrics, and what Prometheus and Grafana take. */

const PROBES = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;
const MONITORS = ['PodMonitor', 'ServiceMonitor', 'PrometheusRule'];

beforeAll(buildHelm);

describe('the probes ask the port that the program listens on', () => {
  test.each([
    { listen: undefined, port: 9976, host: undefined },
    { listen: ':8081', port: 8081, host: undefined },
    { listen: '0.0.0.0:8081', port: 8081, host: undefined },
    { listen: '[::]:8081', port: 8081, host: undefined },
    { listen: '127.0.0.1:9000', port: 9000, host: '127.0.0.1' },
    { listen: '[::1]:9000', port: 9000, host: '::1' },
  ])('listen $listen', async ({ listen, port, host }) => {
    const objects = await renderWith({ config: listen === undefined ? {} : { listen } });
    const container = containerOf(objects);
    expect(container.ports).toEqual([{ name: 'metrics', containerPort: port }]);
    const paths = PROBES.map((probe) => {
      const { path, ...where } = asRecord(valueAt(container, probe, 'httpGet'));
      expect(where).toEqual({ port: 'metrics', ...(host === undefined ? {} : { host }) });
      return path;
    });
    expect(paths).toEqual(['/healthz', '/healthz', '/readyz']);
    const text = asString(valueAt(named(objects, 'ConfigMap'), 'data', 'config.yaml'));
    expect(parseConfig(text, 'test').listen).toMatchObject(host === undefined ? { port } : { host, port });
  });

  test('none: no port, no probe, no way in, and nothing that Prometheus would ask for', async () => {
    const config = { listen: 'none' };
    for (const flavor of ['kubernetes', 'cilium']) {
      const objects = await renderWith({ config, hostNetwork: false, networkPolicy: { enabled: true, flavor } });
      const container = containerOf(objects);
      expect(Object.keys(container).filter((key) => key === 'ports' || key.endsWith('Probe'))).toEqual([]);
      expect(policyIngress(objects)).toEqual(flavor === 'cilium' ? [{}] : []);
    }
    for (const key of ['podMonitor', 'serviceMonitor']) {
      await expect(renderWith({ config, [key]: { enabled: true } })).rejects.toThrow('nothing to be scraped');
    }
  });
});

test('a start may take two minutes; who hangs is restarted after one', async () => {
  const container = containerOf(await renderWith({}));
  const seconds = (probe: string): number =>
    Number(valueAt(container, probe, 'periodSeconds')) * Number(valueAt(container, probe, 'failureThreshold'));
  expect([seconds('startupProbe'), seconds('livenessProbe')]).toEqual([120, 60]);
});

test.each(['kubernetes', 'cilium'])('a policy of the flavor %s lets in that port and no other', async (flavor) => {
  const objects = await renderWith({
    config: { listen: ':8081' },
    hostNetwork: false,
    networkPolicy: { enabled: true, flavor },
  });
  expect(policyIngress(objects)).toEqual([
    flavor === 'cilium'
      ? { toPorts: [{ ports: [{ port: '8081', protocol: 'TCP' }] }] }
      : { ports: [{ port: 8081, protocol: 'TCP' }] },
  ]);
});

test.each(['kubernetes', 'cilium'])(
  'a policy of the flavor %s lets out to every DNS and to the API server',
  async (flavor) => {
    const values = { hostNetwork: false, networkPolicy: { enabled: true, flavor, egressPorts: [443] } };
    const objects = await renderWith({ ...values, kubernetesService: { host: '10.0.0.1', port: 8443 } });
    const policy = objects.find(({ kind }) => kind === (flavor === 'cilium' ? 'CiliumNetworkPolicy' : 'NetworkPolicy'));
    const rules = asArray(valueAt(policy, 'spec', 'egress'));
    const port = (number: number, protocol: string): object =>
      flavor === 'cilium' ? { port: String(number), protocol } : { port: number, protocol };
    const last = rules.at(-1);
    expect(flavor === 'cilium' ? valueAt(last, 'toPorts', 0, 'ports') : valueAt(last, 'ports')).toEqual([
      port(443, 'TCP'),
      port(8443, 'TCP'),
    ]);
    expect(rules).toContainEqual(
      flavor === 'cilium'
        ? { toEntities: ['cluster', 'world'], toPorts: [{ ports: [port(53, 'ANY')] }] }
        : { ports: [port(53, 'UDP'), port(53, 'TCP')] },
    );
  },
);

test('without being asked for, there is neither monitor nor rule nor dashboard', async () => {
  const objects = await renderWith({});
  expect(objects.filter(({ kind }) => MONITORS.includes(kind))).toEqual([]);
  expect(objects.filter(({ kind }) => kind === 'ConfigMap')).toHaveLength(1);
  expect(objects.filter(({ kind }) => kind === 'Service')).toEqual([]);
});

test.each(['127.0.0.1:9976', 'localhost:9976', '[::1]:9976'])(
  'a monitor of what answers on %s, its own machine alone, is refused',
  async (listen) => {
    for (const key of ['podMonitor', 'serviceMonitor']) {
      const refused = renderWith({ config: { listen }, [key]: { enabled: true } });
      await expect(refused).rejects.toThrow(`${key}.enabled: config.listen is ${listen}`);
      await expect(refused).rejects.toThrow('Set config.listen to :9976, or switch the monitor off.');
    }
  },
);

test.each(['127.0.0.1:8081', '10.0.0.5:8081'])(
  'listening on %s in the Pod network, where no probe would come through, is refused',
  async (listen) => {
    const refused = renderWith({ config: { listen }, hostNetwork: false });
    await expect(refused).rejects.toThrow('Set config.listen to :8081, or hostNetwork: true.');
  },
);

test('two monitors, by which each Pod would be scraped twice, are refused', async () => {
  const both = { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } };
  await expect(renderWith(both)).rejects.toThrow('scraped twice');
});

test.each(['30', 'soon', '', '30 s'])('an interval of %j is refused: it is no time of Prometheus', async (interval) => {
  await expect(renderWith({ podMonitor: { enabled: true, interval } })).rejects.toThrow("at '/podMonitor/interval'");
});

test('the ServiceMonitor chooses the one Service, and that the Pods, ready or not, without an address of its own', async () => {
  const relabelings = [{ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' }];
  const metricRelabelings = [{ sourceLabels: ['__name__'], regex: 'nodejs_.*', action: 'drop' }];
  const monitoring = {
    enabled: true,
    scrapeTimeout: '5s',
    labels: { release: 'mine' },
    relabelings,
    metricRelabelings,
  };
  const objects = await renderWith({ config: { listen: ':8081' }, serviceMonitor: monitoring });
  const monitor = named(objects, 'ServiceMonitor');
  expect(monitor.metadata.labels).toMatchObject({ release: 'mine' });
  expect(valueAt(monitor, 'spec', 'endpoints')).toEqual([
    { port: 'metrics', interval: '30s', scrapeTimeout: '5s', relabelings, metricRelabelings },
  ]);
  const service = named(objects, 'Service');
  expect(service.metadata).toMatchObject({ namespace: NAMESPACE });
  expect(service.metadata.labels).toMatchObject(asRecord(valueAt(monitor, 'spec', 'selector', 'matchLabels')));
  expect(service.spec).toEqual({
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector: valueAt(named(objects, 'Deployment'), 'spec', 'selector', 'matchLabels'),
    ports: [{ name: 'metrics', port: 8081, targetPort: 'metrics' }],
  });
});

test("the PodMonitor chooses the controller's Pods alone, by a port that they have", async () => {
  const objects = await renderWith({ podMonitor: { enabled: true, interval: '15s', labels: { release: 'mine' } } });
  const monitor = named(objects, 'PodMonitor');
  expect(monitor.apiVersion).toBe('monitoring.coreos.com/v1');
  expect(monitor.metadata.namespace).toBe(NAMESPACE);
  expect(monitor.metadata.labels).toMatchObject({ release: 'mine' });
  expect(valueAt(monitor, 'spec', 'podMetricsEndpoints')).toEqual([{ port: 'metrics', interval: '15s' }]);
  const chosen = asRecord(valueAt(monitor, 'spec', 'selector', 'matchLabels'));
  const deployment = named(objects, 'Deployment');
  expect(asRecord(valueAt(deployment, 'spec', 'template', 'metadata', 'labels'))).toMatchObject(chosen);
  expect(chosen).toEqual(valueAt(deployment, 'spec', 'selector', 'matchLabels'));
  // The Pod of the uninstall hook ends by itself and serves nothing.
  const others = objects.filter(({ kind }) => kind === 'Job');
  expect(others).toHaveLength(1);
  for (const job of others) {
    expect(asRecord(valueAt(job, 'spec', 'template', 'metadata', 'labels'))).not.toMatchObject(chosen);
  }
});

test('the PrometheusRule holds the alerts that promtool checks, word for word', async () => {
  const objects = await renderWith({ prometheusRule: { enabled: true, labels: { release: 'mine' } } });
  const rule = named(objects, 'PrometheusRule');
  expect(rule.apiVersion).toBe('monitoring.coreos.com/v1');
  expect(rule.metadata.labels).toMatchObject({ release: 'mine' });
  const alerts = load(readFileSync(join(CHART, 'files', 'alerts.yaml'), 'utf8'));
  expect(rule.spec).toEqual(alerts);
  expect(asString(valueAt(alerts, 'groups', 0, 'rules', 0, 'annotations', 'summary'))).not.toBe('');
});

test("the dashboard is in a ConfigMap that Grafana's sidecar finds, as it is in the chart", async () => {
  const objects = await renderWith({ dashboard: { enabled: true } });
  const map = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-dashboard'));
  expect(map?.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
  const text = asString(valueAt(map, 'data', 'cilium-cloud-bridge.json'));
  expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(join(CHART, 'files', 'dashboard.json'), 'utf8')));
});

function named(objects: readonly KubeObject[], kind: string): KubeObject {
  const found = objects.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`the chart renders no ${kind}`);
  return found;
}

function containerOf(objects: readonly KubeObject[]): Readonly<Record<string, unknown>> {
  return asRecord(valueAt(named(objects, 'Deployment'), 'spec', 'template', 'spec', 'containers', 0));
}

function policyIngress(objects: readonly KubeObject[]): unknown {
  const policy = objects.find(({ kind }) => kind === 'NetworkPolicy' || kind === 'CiliumNetworkPolicy');
  return valueAt(policy, 'spec', 'ingress');
}
