import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENVOY_CONFIGS, SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { KubeObject } from '../control-plane/objects.ts';
import { type Controller, startController } from '../control-plane/product.ts';
import { waitFor } from '../control-plane/wait.ts';
import { backend, httpRoute, tlsRoute, tlsSecret } from './backends.ts';
import type { Target } from './client.ts';
import { type Datapath, startDatapath } from './fixture.ts';
import { applyAll, GATEWAY_SERVICE, gateway, HTTP_LISTENER, setUpGateway } from './guide.ts';
import { byCopy, copyOf, GATEWAY, makeEntrypoint, ownershipQuarrels, sentFor, untilNoTrace } from './product.ts';
import { everyNode, untilAnswered } from './until.ts';

/* Every kind of Gateway and Ingress beside each other, on one load balancer, each with an entrypoint of its own. */

const SHOP = 'shop.example.com';
const RAW = 'raw.example.com';
const COUNT = 100;
const FIRST_ADDRESS = '198.51.100.10';

interface Way {
  readonly what: string;
  readonly entrypoint: ObjectRef;
  /** Of ours: whom the entrypoint serves, and more. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Port → NodePort. */
  readonly ports: Readonly<Record<number, number>>;
  readonly source: ObjectRef;
  readonly asked: readonly (Omit<Target, 'address'> & { readonly port: number; readonly cluster: string })[];
  readonly sent: { readonly listeners: number; readonly routes: number; readonly clusters: number };
}

const WAYS: readonly Way[] = [
  {
    what: 'a Gateway with HTTP, HTTPS and TLS listeners and a backend in another namespace',
    entrypoint: { namespace: 'kube-system', name: 'gateway-entrypoint' },
    annotations: { 'cilium-cloud-bridge.io/gateway': 'default/ip-gateway' },
    ports: { 80: 30_080, 443: 30_443 },
    source: GATEWAY_SERVICE,
    asked: [
      { port: 30_080, path: '/api', cluster: 'default:api:80' },
      { port: 30_080, path: '/far', cluster: 'far:away:80' },
      { port: 30_443, path: '/api', host: SHOP, tls: true, cluster: 'default:api:80' },
      { port: 30_443, host: RAW, tls: true, cluster: 'default:raw:80' },
    ],
    sent: { listeners: 1, routes: 2, clusters: 4 },
  },
  {
    what: 'a second Gateway on the same load balancer, its entrypoint in its own namespace, another port number',
    entrypoint: { namespace: 'default', name: 'second-entrypoint' },
    annotations: {
      'cilium-cloud-bridge.io/gateway': 'default/second',
      'cilium-cloud-bridge.io/ports': '8080=8000',
    },
    ports: { 8080: 30_808 },
    source: { namespace: 'default', name: 'cilium-gateway-second' },
    asked: [{ port: 30_808, path: '/', cluster: 'default:api:80' }],
    sent: { listeners: 1, routes: 1, clusters: 1 },
  },
  {
    what: 'a dedicated Ingress',
    entrypoint: { namespace: 'kube-system', name: 'ingress-entrypoint' },
    annotations: { 'cilium-cloud-bridge.io/ingress': 'default/dedicated' },
    ports: { 80: 30_180 },
    source: { namespace: 'default', name: 'cilium-ingress-default-dedicated' },
    asked: [{ port: 30_180, path: '/dedicated', cluster: 'default:web:80' }],
    sent: { listeners: 1, routes: 1, clusters: 1 },
  },
  {
    what: 'the shared Ingress',
    entrypoint: { namespace: 'kube-system', name: 'shared-entrypoint' },
    annotations: { 'cilium-cloud-bridge.io/ingress': 'shared' },
    ports: { 80: 30_280 },
    source: { namespace: 'kube-system', name: 'cilium-ingress' },
    asked: [{ port: 30_280, path: '/shared', cluster: 'default:web:80' }],
    sent: { listeners: 1, routes: 1, clusters: 1 },
  },
];

let datapath: Datapath;
let controller: Controller;

beforeAll(async () => {
  datapath = await startDatapath();
  await setUpGateway(datapath);
  await applyAll(datapath.controlPlane, [
    await tlsSecret('shop', SHOP, 0xa1),
    ...backend('raw', ['10.244.2.30']),
    tlsRoute('raw', RAW, 'raw'),
    gateway([
      HTTP_LISTENER,
      {
        name: 'https',
        protocol: 'HTTPS',
        port: 443,
        hostname: SHOP,
        tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: 'shop' }] },
      },
      { name: 'tls', protocol: 'TLS', port: 443, hostname: RAW, tls: { mode: 'Passthrough' } },
    ]),
    ...farBackend(),
    { ...gateway([{ ...HTTP_LISTENER, port: 8000 }]), metadata: { namespace: 'default', name: 'second' } },
    httpRoute('second', { '/': 'api' }, { parentRefs: [{ namespace: 'default', name: 'second' }] }),
    ingress('dedicated'),
    sharedIngressService(),
    ingress('shared'),
  ]);
  await Promise.all(WAYS.map(({ source }) => untilThere(source)));
  for (const [index, { entrypoint: ref, annotations, ports }] of WAYS.entries()) {
    // Two Gateways on one load balancer have one address.
    await makeEntrypoint(datapath, {
      ref,
      annotations,
      ports,
      address: index < 2 ? FIRST_ADDRESS : `198.51.100.2${index}`,
    });
  }
  controller = await startController(datapath.controlPlane);
  await Promise.all(WAYS.map(({ entrypoint }) => untilThere(copyOf(entrypoint))));
});

afterAll(async () => {
  await controller?.stop();
  await datapath?.stop();
});

describe.each(WAYS)('$what', ({ entrypoint, source, asked, sent }) => {
  test.each(asked)(
    'port $port $path $host: none refused, by the copy, to $cluster',
    async ({ port, cluster, ...rest }) => {
      const targets = everyNode(datapath, port, rest);
      await untilAnswered(
        datapath,
        targets,
        (answer) => byCopy(answer, entrypoint) && answer.cluster.endsWith(`/${cluster}`),
      );
      const { outcomes, attempts } = await datapath.client.connect({ targets, count: COUNT });
      expect(outcomes.answered).toBe(COUNT);
      expect(new Set(attempts.map(({ body }) => body?.cluster.replace(/^.*\//, '')))).toEqual(new Set([cluster]));
      expect(attempts.every(({ body }) => body?.client.startsWith(`${datapath.client.addresses[0]}:`))).toBe(true);
    },
  );

  test('what the agents send to Envoy for the copy and for its source differs only in names', async () => {
    const pairs = await sentFor(datapath, entrypoint, source);
    expect(pairs).toHaveLength(2);
    for (const pair of pairs) {
      expect(pair.copy).toEqual(pair.source);
      const { copy } = pair;
      expect({
        listeners: copy.listeners?.length,
        routes: copy.routes?.length,
        clusters: copy.clusters?.length,
      }).toEqual(sent);
    }
  });
});

test('the entrypoint deleted: its copy leaves no trace, the others serve on', async () => {
  const [first, second] = WAYS;
  if (first === undefined || second === undefined) throw new Error('no ways');
  await datapath.controlPlane.remove(SERVICES, first.entrypoint);
  await untilNoTrace(datapath, copyOf(first.entrypoint));
  const targets = everyNode(datapath, 30_808);
  expect((await datapath.client.connect({ targets, count: COUNT })).outcomes.answered).toBe(COUNT);
  expect(await datapath.controlPlane.get(ENVOY_CONFIGS, GATEWAY_SERVICE)).toBeDefined();
});

test('one address on four Services of two Gateways, and no agent found it owned twice', () => {
  expect(ownershipQuarrels(datapath)).toEqual([]);
});

function untilThere(ref: ObjectRef): Promise<KubeObject> {
  const what = `CiliumEnvoyConfig ${ref.namespace}/${ref.name}`;
  return waitFor(what, () => datapath.controlPlane.get(ENVOY_CONFIGS, ref), { timeoutMs: 30_000 });
}

/** A backend in another namespace, to which routes of `default` may lead. */
function farBackend(): readonly KubeObject[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'far' } },
    ...backend('away', ['10.244.2.40'], 'far'),
    {
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      kind: 'ReferenceGrant',
      metadata: { namespace: 'far', name: 'default' },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default' }],
        to: [{ group: '', kind: 'Service' }],
      },
    },
    httpRoute(
      'far',
      {},
      {
        parentRefs: [GATEWAY],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/far' } }],
            backendRefs: [{ name: 'away', namespace: 'far', port: 80 }],
          },
        ],
      },
    ),
  ];
}

function ingress(mode: 'dedicated' | 'shared'): KubeObject {
  const service = { name: 'web', port: { number: 80 } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { namespace: 'default', name: mode, annotations: { 'ingress.cilium.io/loadbalancer-mode': mode } },
    spec: {
      ingressClassName: 'cilium',
      rules: [{ http: { paths: [{ path: `/${mode}`, pathType: 'Prefix', backend: { service } }] } }],
    },
  };
}

/** As Cilium's chart makes it, with the endpoints that keep it from being without any. */
function sharedIngressService(): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'kube-system', name: 'cilium-ingress', labels: { 'cilium.io/ingress': 'true' } },
    spec: {
      type: 'LoadBalancer',
      ports: [
        { name: 'http', port: 80, protocol: 'TCP' },
        { name: 'https', port: 443, protocol: 'TCP' },
      ],
    },
  };
}
