import { GATEWAYS, SERVICES } from '../../../src/kube/resources.ts';
import type { ObjectRef, RawObject } from '../../../src/kube/types.ts';
import { objectsAt } from '../../fake-api/json.ts';
import { installedCilium } from '../cilium.ts';
import { gatewayLine, nodePortsOf } from '../look.ts';
import { applyFile, waitForAddress } from '../manifests.ts';
import { tkeNode } from '../nodes.ts';
import type { Scenario } from '../scenario.types.ts';
import { parkedVpcCni, TKE_CLOUD, TKE_OVERLAY } from '../tke.ts';

const GATEWAY: ObjectRef = { namespace: 'default', name: 'api' };
const SERVICE: ObjectRef = { namespace: 'default', name: 'cilium-gateway-api' };
const ENTRYPOINT: ObjectRef = { namespace: 'kube-system', name: 'api-lb' };
const FILE = 'test/demo/manifests/healthy.yaml';
const ADDRESS = '43.139.201.88';

export const healthy: Scenario = {
  name: 'healthy',
  title: 'TKE where all is well: nothing is found, nothing is written, code 0',
  objects: () => [
    ...parkedVpcCni(),
    ...backend(),
    ...installedCilium({
      version: '1.19.5',
      config: TKE_OVERLAY,
      nodes: [tkeNode({ address: '10.0.4.2' }), tkeNode({ address: '10.0.4.3' }), tkeNode({ address: '10.0.4.6' })],
    }),
  ],
  cloud: { ...TKE_CLOUD, addresses: { 'lb-2ncv8xq4': [{ ip: ADDRESS }] } },
  subjects: [{ kind: 'Gateway', ref: GATEWAY, service: SERVICE, entrypoint: ENTRYPOINT }],
  flags: [],
  story: [
    {
      kind: 'acts',
      acts: [
        {
          why: 'A Gateway in a class of its own, and an entrypoint whose members are the Pods of Envoy.',
          command: `kubectl apply -f ${FILE}`,
          async run(cluster) {
            await applyFile(cluster, FILE);
            await waitForAddress(cluster, ENTRYPOINT);
          },
          outcome: ({ api }) => gatewayLine(api.get(GATEWAYS, GATEWAY)),
        },
        {
          why: 'The controller has done its work since. (These two writes are made by the demo, as the controller makes them.)',
          async run({ api, operator }) {
            const [nodePort] = nodePortsOf(api.get(SERVICES, SERVICE));
            const write = { manager: 'cilium-cloud-bridge' } as const;
            api.update(
              SERVICES,
              ENTRYPOINT,
              (service) => {
                for (const port of objectsAt(service, 'spec', 'ports')) port.targetPort = nodePort;
              },
              write,
            );
            api.update(
              SERVICES,
              SERVICE,
              (service) => {
                service.status = { loadBalancer: { ingress: [{ ip: ADDRESS, ipMode: 'Proxy' }] } };
              },
              { ...write, subresource: 'status' },
            );
            await operator.settled();
          },
          outcome: ({ api }) => gatewayLine(api.get(GATEWAYS, GATEWAY)),
        },
      ],
    },
    { kind: 'view', heading: 'The cluster' },
    { kind: 'dry-run', code: 0, meaning: 'Code 0: nothing is to be done, and nothing is wrong.' },
    { kind: 'once', heading: 'Asked to write, it writes nothing', code: 0, meaning: '', writes: [] },
    { kind: 'again', heading: 'Once more: the same', code: 0 },
    {
      kind: 'doctor',
      code: 0,
      meaning: 'Code 0: nothing is wrong from the first link of the chain to the last, as far as Kubernetes tells.',
    },
  ],
  tryOut: [
    { what: 'look', command: 'kubectl get gateways,services,nodes -A -o wide' },
    {
      what: 'break the entrypoint, then run the program',
      command: `kubectl -n kube-system patch service api-lb --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":80}]'`,
    },
  ],
};

/** The Pod of the backend, and its EndpointSlice as the controllers of a real cluster make it when the Pod is Ready. */
function backend(): RawObject[] {
  const [name, ip, nodeName] = ['api-5c9d8f7b6-tq2lm', '10.244.1.17', '10.0.4.2'];
  const containers = [{ name: 'api', image: 'nginx:1.29.3', ports: [{ containerPort: 8080 }] }];
  return [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'default', name, labels: { app: 'api' } },
      spec: { nodeName, containers },
      status: {
        phase: 'Running',
        podIP: ip,
        podIPs: [{ ip }],
        hostIP: nodeName,
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: 'default', name: 'api-x7k2m', labels: { 'kubernetes.io/service-name': 'api' } },
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: [ip],
          conditions: { ready: true },
          nodeName,
          targetRef: { kind: 'Pod', namespace: 'default', name },
        },
      ],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    },
  ];
}
