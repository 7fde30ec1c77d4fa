import { beforeEach, describe, expect, it } from 'vitest';
import { asRecord } from '../../src/kube/read.ts';
import { CLASS_CONFIGS, DAEMON_SETS, GATEWAY_CLASSES, GATEWAYS, PODS, SERVICES } from '../../src/kube/resources.ts';
import { objectsAt } from '../fake-api/json.ts';
import { annotate, ENTRYPOINT, GATEWAY, type MoveScene, reasonsOf, SERVICE, startMoveScene } from './scene.ts';

let scene: MoveScene;

beforeEach(async (context) => {
  scene = await startMoveScene(context);
});

describe('refuses', () => {
  interface Case {
    readonly what: string;
    readonly reason: string;
    readonly spoil: () => void;
    readonly args?: readonly string[];
  }
  const cases: readonly Case[] = [
    {
      what: 'where no class has our loadBalancerClass',
      reason: 'GatewayClassMissing',
      spoil: () => scene.api.remove(GATEWAY_CLASSES, { namespace: '', name: 'cilium-cloud' }),
    },
    {
      what: 'a class that is not there',
      reason: 'GatewayClassMissing',
      spoil: () => undefined,
      args: ['--to-class', 'nowhere'],
    },
    { what: 'several that fit', reason: 'GatewayClassAmbiguous', spoil: () => copyClass('second', {}) },
    {
      what: 'a class of another controller',
      reason: 'GatewayClassNotFit',
      spoil: () => copyClass('other', { controllerName: 'example.com/other' }),
      args: ['--to-class', 'other'],
    },
    {
      what: 'a class whose parameters are gone',
      reason: 'GatewayClassNotFit',
      spoil: () => scene.api.remove(CLASS_CONFIGS, { namespace: 'kube-system', name: 'cloud' }),
      args: ['--to-class', 'cilium-cloud'],
    },
    {
      what: 'a class that makes NodePort Services',
      reason: 'GatewayClassNotFit',
      spoil: () => setClassService({ type: 'NodePort' }),
      args: ['--to-class', 'cilium-cloud'],
    },
    {
      what: 'a class of a foreign loadBalancerClass',
      reason: 'ForeignLoadBalancerClass',
      spoil: () => setClassService({ type: 'LoadBalancer', loadBalancerClass: 'example.com/lb' }),
      args: ['--to-class', 'cilium-cloud'],
    },
    { what: 'Cilium 1.17', reason: 'CiliumTooOld', spoil: () => setCilium('1.17.9') },
    {
      what: 'an operator that does not run',
      reason: 'CiliumOperatorNotLeading',
      spoil: () => putOperatorLease(Date.now() - 86_400_000),
    },
    {
      what: 'a Gateway that is not Programmed',
      reason: 'GatewayNotProgrammed',
      spoil: () => {
        scene.cluster.operator.pause();
        scene.api.update(
          GATEWAYS,
          GATEWAY,
          ({ status }) => {
            const { conditions } = asRecord(status);
            for (const one of Array.isArray(conditions) ? conditions : []) Object.assign(one, { status: 'False' });
          },
          { manager: 'test', subresource: 'status' },
        );
      },
    },
    {
      what: 'a paused Gateway',
      reason: 'Paused',
      spoil: () => annotate(scene.api, GATEWAYS, GATEWAY, 'cilium-cloud-bridge.io/paused', 'true'),
    },
    {
      what: 'a paused entrypoint',
      reason: 'Paused',
      spoil: () => annotate(scene.api, SERVICES, ENTRYPOINT, 'cilium-cloud-bridge.io/paused', 'true'),
    },
    {
      what: 'a Gateway that Argo CD keeps',
      reason: 'ManagedByGitOps',
      spoil: () => annotate(scene.api, GATEWAYS, GATEWAY, 'argocd.argoproj.io/tracking-id', 'app:gateway'),
    },
    {
      what: 'a Gateway that Flux applied',
      reason: 'ManagedByGitOps',
      spoil: () => {
        for (const gatewayClassName of ['another', 'cilium']) {
          scene.api.update(
            GATEWAYS,
            GATEWAY,
            ({ spec }) => {
              Object.assign(asRecord(spec), { gatewayClassName });
            },
            { manager: 'kustomize-controller' },
          );
        }
      },
    },
    {
      what: 'a Service that another controller serves',
      reason: 'ForeignLoadBalancerClass',
      spoil: () => {
        scene.cluster.operator.pause();
        const service = scene.api.get(SERVICES, SERVICE);
        const { labels, ownerReferences } = asRecord(service?.metadata);
        const { ports } = asRecord(service?.spec);
        scene.api.remove(SERVICES, SERVICE);
        const metadata = { ...SERVICE, labels, ownerReferences };
        const spec = { type: 'LoadBalancer', ports, loadBalancerClass: 'example.com/lb' };
        scene.api.apply({ apiVersion: 'v1', kind: 'Service', metadata, spec });
      },
    },
    {
      what: 'a Service that names the load balancer of others',
      reason: 'LoadBalancerShared',
      spoil: () => annotate(scene.api, SERVICES, SERVICE, 'kubernetes.io/elb.id', 'elb-gw-1'),
    },
    {
      what: 'a Gateway whose address nobody gives',
      reason: 'NoEntrypoint',
      spoil: () => annotate(scene.api, SERVICES, ENTRYPOINT, 'cilium-cloud-bridge.io/gateway', 'default/nobody'),
    },
    {
      what: 'to go where LB-IPAM gives addresses',
      reason: 'OwnedByLbIpam',
      spoil: () => {
        setClassService({ type: 'LoadBalancer' });
        scene.api.apply({
          apiVersion: 'cilium.io/v2alpha1',
          kind: 'CiliumLoadBalancerIPPool',
          metadata: { name: 'pool' },
          spec: { blocks: [{ cidr: '198.51.100.0/24' }] },
        });
      },
      args: ['--to-class', 'cilium-cloud'],
    },
  ];

  it.each(cases)('$what', async ({ reason, spoil, args = [] }) => {
    spoil();
    if (!['GatewayNotProgrammed', 'ForeignLoadBalancerClass'].includes(reason)) await scene.cluster.operator.settled();
    const report = await scene.migrate(args);
    expect(reasonsOf(report)).toContain(reason);
    expect(report).toMatchObject({ exitCode: 2, steps: [], actions: [] });
    expect(report.findings.filter(({ fix, verdict }) => verdict === 'fail' && fix === '')).toEqual([]);
    expect(report.manifest === null).toBe(reason !== 'GatewayClassMissing' || args.length > 0);
    expect(scene.writes()).toEqual([]);
  });
});

function setClassService(service: object): void {
  scene.api.update(CLASS_CONFIGS, { namespace: 'kube-system', name: 'cloud' }, ({ spec }) => {
    Object.assign(asRecord(spec), { service });
  });
}

function setCilium(version: string): void {
  for (const { metadata } of scene.api.list(PODS)) scene.api.remove(PODS, { ...ENTRYPOINT, name: metadata.name });
  scene.api.update(DAEMON_SETS, { namespace: 'kube-system', name: 'cilium' }, (set) => {
    const [container] = objectsAt(set, 'spec', 'template', 'spec', 'containers');
    if (container !== undefined) container.image = `quay.io/cilium/cilium:v${version}`;
  });
}

function putOperatorLease(renewedAt: number): void {
  scene.api.apply({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'kube-system', name: 'cilium-operator-resource-lock' },
    spec: {
      holderIdentity: 'operator-1',
      leaseDurationSeconds: 15,
      renewTime: new Date(renewedAt).toISOString().replace('Z', '000Z'),
    },
  });
}

function copyClass(name: string, more: Record<string, string>): void {
  const spec = scene.api.get(GATEWAY_CLASSES, { namespace: '', name: 'cilium-cloud' })?.spec;
  scene.api.apply({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name },
    spec: { ...asRecord(spec), ...more },
  });
}
