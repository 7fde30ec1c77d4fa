import { INGRESSES, SERVICES } from '../../../src/kube/resources.ts';
import type { ObjectRef, RawObject } from '../../../src/kube/types.ts';
import { objectsAt } from '../../fake-api/json.ts';
import { installedCilium } from '../cilium.ts';
import type { DemoCluster } from '../cluster.ts';
import { addressesOf, nodePortsOf } from '../look.ts';
import { applyFile, waitForAddress } from '../manifests.ts';
import { cceNode } from '../nodes.ts';
import type { Scenario, Subject } from '../scenario.types.ts';

const FILE = 'test/demo/manifests/ingress.yaml';
const SHARED: ObjectRef = { namespace: 'kube-system', name: 'cilium-ingress' };
const SUBJECTS: readonly Subject[] = [
  {
    kind: 'Ingress',
    ref: { namespace: 'default', name: 'blog' },
    service: { namespace: 'default', name: 'cilium-ingress-blog' },
    entrypoint: { namespace: 'kube-system', name: 'blog-entrypoint' },
  },
  {
    kind: 'Ingress',
    ref: { namespace: 'default', name: 'docs' },
    service: SHARED,
    entrypoint: { namespace: 'kube-system', name: 'shared-entrypoint' },
  },
];

/** As Cilium's chart makes it, with `ingressController.enabled`. */
function sharedService(): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...SHARED, labels: { 'cilium.io/ingress': 'true', 'app.kubernetes.io/part-of': 'cilium' } },
    spec: {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Cluster',
      ports: [
        { name: 'http', port: 80, protocol: 'TCP' },
        { name: 'https', port: 443, protocol: 'TCP' },
      ],
    },
  };
}

function shown({ api }: DemoCluster): string {
  return SUBJECTS.map(
    ({ ref }) =>
      `Ingress ${ref.namespace}/${ref.name}: ${addressesOf(api.get(INGRESSES, ref)).join(', ') || 'no address'}`,
  ).join('\n');
}

export const ingress: Scenario = {
  name: 'ingress',
  title: "CCE with Cilium's Ingress, one with a Service of its own and one on the shared Service",
  objects: () => [
    ...installedCilium({
      version: '1.19.5',
      config: { 'enable-ingress-controller': 'true', 'ingress-default-lb-mode': 'dedicated' },
      nodes: [cceNode({ address: '10.2.131.5' }), cceNode({ address: '10.2.131.6' })],
    }),
    sharedService(),
  ],
  cloud: {
    name: "Huawei's cloud controller",
    dialect: 'huawei',
    manner: 'holds',
    addresses: {
      '0f9d7b1e-6c1c-4b0a-8d0f-2f6f4c1f9a10': [{ ip: '122.9.71.33' }],
      '8b3a2c6d-94a7-4f7e-b1d5-77b0a5e4c3f2': [{ ip: '122.9.71.48' }, { ip: '192.168.0.177' }],
    },
  },
  subjects: SUBJECTS,
  flags: [],
  story: [
    {
      kind: 'acts',
      acts: [
        {
          why: 'Two Ingresses, and an entrypoint for each. By annotation the one says which Ingress it serves, the other that it serves all that share.',
          command: `kubectl apply -f ${FILE}`,
          async run(cluster) {
            await applyFile(cluster, FILE);
            for (const { entrypoint } of SUBJECTS) await waitForAddress(cluster, entrypoint);
            await cluster.operator.settled();
          },
          outcome: shown,
        },
      ],
    },
    { kind: 'view' },
    { kind: 'dry-run', code: 2, meaning: 'Code 2: there is something to write, for each of the two Services.' },
    {
      kind: 'once',
      code: 0,
      meaning: 'Code 0: both Ingresses show their load balancer.',
      writes: [
        'PATCH services kube-system/blog-entrypoint',
        'PATCH services/status default/cilium-ingress-blog',
        'PATCH services kube-system/shared-entrypoint',
        'PATCH services/status kube-system/cilium-ingress',
      ],
    },
    { kind: 'again', code: 0 },
    {
      kind: 'controller',
      change: {
        why: 'Somebody sets the targetPort of the shared entrypoint by hand.',
        command: `kubectl -n kube-system patch service shared-entrypoint --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":8080}]'`,
        async run({ api }) {
          api.update(
            SERVICES,
            { namespace: 'kube-system', name: 'shared-entrypoint' },
            (service) => {
              const [port] = objectsAt(service, 'spec', 'ports');
              if (port !== undefined) port.targetPort = 8080;
            },
            { manager: 'kubectl-patch' },
          );
          await Promise.resolve();
        },
        outcome: ({ api }) => `Cilium's Service is at nodePort ${nodePortsOf(api.get(SERVICES, SHARED)).join(', ')}`,
      },
      until: {
        what: 'the targetPort to be right again',
        reached: ({ api }) => {
          const [wanted] = nodePortsOf(api.get(SERVICES, SHARED));
          const service = api.get(SERVICES, { namespace: 'kube-system', name: 'shared-entrypoint' });
          return service !== undefined && objectsAt(service, 'spec', 'ports')[0]?.targetPort === wanted;
        },
      },
      writes: [
        'POST ciliumenvoyconfigs kube-system/ccb-blog-entrypoint-mh54t65gcg',
        'POST ciliumenvoyconfigs kube-system/ccb-shared-entrypoint-tt6cbb7fkf',
        'PATCH services kube-system/shared-entrypoint',
      ],
    },
  ],
  tryOut: [
    { what: 'look', command: 'kubectl get ingress,services,ciliumenvoyconfigs,events -A' },
    {
      what: 'another Ingress that shares',
      command: `kubectl create -f - <<< '{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"wiki","annotations":{"ingress.cilium.io/loadbalancer-mode":"shared"}},"spec":{"ingressClassName":"cilium","rules":[{"host":"wiki.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"wiki","port":{"number":80}}}}]}}]}}'`,
    },
  ],
};
