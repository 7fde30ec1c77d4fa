import { beforeEach, describe, expect, it } from 'vitest';
import { asRecord } from '../../src/kube/read.ts';
import {
  CLASS_CONFIGS,
  CONFIG_MAPS,
  GATEWAY_CLASSES,
  GATEWAYS,
  INGRESSES,
  LEASES,
  SERVICES,
} from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { numberAt, objectsAt, stringAt } from '../fake-api/json.ts';
import { isPlannedWrite } from '../faults/requests.ts';
import {
  ENTRYPOINT,
  GATEWAY,
  LEASE,
  leadBy,
  MOVE,
  type MoveScene,
  OURS,
  reasonsOf,
  SERVICE,
  startMoveScene,
} from './scene.ts';

/* What a tired person meets: each ends in one clear message, or goes on from where it is. */

let scene: MoveScene;
let before: unknown;

beforeEach(async (context) => {
  scene = await startMoveScene(context);
  before = scene.outcome();
});

function setClass(gatewayClassName: string): Promise<void> {
  scene.api.update(GATEWAYS, GATEWAY, ({ spec }) => {
    Object.assign(asRecord(spec), { gatewayClassName });
  });
  return scene.cluster.operator.settled();
}

function removeService(): Promise<void> {
  scene.api.remove(SERVICES, SERVICE);
  return scene.cluster.operator.settled();
}

describe('half-way by hand', () => {
  it('the class was changed: only the rest is done', async () => {
    await setClass('cilium-cloud');
    expect(await scene.migrate()).toMatchObject({ exitCode: 0, fromClass: 'cilium-cloud' });
    expect(scene.carriedOut()).toEqual(MOVE.slice(1));
    expect(scene.outcome()).toEqual(before);
  });

  it('the class was changed and the Service deleted: it gets its old NodePort and its address', async () => {
    const [, [[, nodePort] = []] = []] = before as [unknown, [string, number][]];
    await setClass('cilium-cloud');
    await removeService();
    const report = await scene.migrate();
    expect(report).toMatchObject({ exitCode: 0 });
    expect(report.steps.find(({ id }) => id === 'publish')?.what).toContain(`80: ${nodePort}`);
    expect(scene.carriedOut()).toEqual(MOVE.slice(2));
    expect(scene.loadBalancerClass()).toBe(OURS);
    expect(scene.outcome()).toEqual(before);
  });

  it('the class was changed and set back, and the Service deleted: the old class is served again first', async () => {
    await setClass('cilium-cloud');
    await setClass('cilium');
    await removeService();
    expect(reasonsOf(await scene.migrate())).toEqual(['GatewayNotProgrammed']);
    expect(await scene.migrate(['--to-class', 'cilium'])).toMatchObject({ exitCode: 0 });
    expect(scene.outcome()).toEqual(before);
    expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
    expect(scene.outcome()).toEqual(before);
  });
});

describe('Ctrl-C', () => {
  it.each(MOVE.map((what, index) => ({ what, n: index + 1 })))(
    'at write $n ($what): it is seen through and told; run again it finishes',
    async ({ n }) => {
      const stop = new AbortController();
      let left = n;
      const remove = scene.api.faults.intercept((request) => {
        if (isPlannedWrite(request) && --left === 0) stop.abort(new Error('stopped by SIGINT'));
        return undefined;
      });
      const report = await scene.migrate([], { signal: stop.signal });
      remove();
      expect(report).toMatchObject({ exitCode: 1, summary: 'Stopped early: run it again.' });
      // One that met a change of Cilium's is not tried again.
      const done = scene.carriedOut();
      expect(done).toEqual(MOVE.slice(0, Math.min(n, done.length)));
      expect(report.actions.filter(({ outcome }) => outcome.status === 'applied')).toHaveLength(done.length);
      expect(stringAt(scene.api.get(LEASES, LEASE), 'spec', 'holderIdentity')).toBe('');
      await scene.cluster.operator.settled();
      expect(await scene.migrate()).toMatchObject({ exitCode: 0 });
      expect(scene.carriedOut()).toEqual(MOVE);
      expect(scene.outcome()).toEqual(before);
    },
  );

  it('while it looks again after a conflict: what was written is told', async () => {
    const stop = new AbortController();
    scene.api.faults.intercept((request) => {
      if (!isPlannedWrite(request) || request.verb !== 'delete') return undefined;
      stop.abort(new Error('stopped by SIGINT'));
      return { kind: 'answer', status: 409, reason: 'Conflict' };
    });
    const report = await scene.migrate([], { signal: stop.signal });
    expect(report.actions.map(({ kind, outcome }) => `${kind} ${outcome.status}`)).toEqual([
      'switch-class applied',
      'recreate-service conflict',
    ]);
    expect(report.exitCode).toBe(1);
  });

  it('while it waits for the former leader: nothing was written, and the Lease is free', async () => {
    leadBy(scene.api, 'controller-1');
    const stop = new AbortController();
    const progress = (text: string): void => {
      if (text.includes('stands by')) stop.abort(new Error('stopped by SIGINT'));
    };
    const report = await scene.migrate([], { signal: stop.signal, progress });
    expect(report).toMatchObject({ exitCode: 1, controller: 'controller-1', summary: 'Stopped early: run it again.' });
    expect(scene.writes()).toEqual([]);
    expect(stringAt(scene.api.get(LEASES, LEASE), 'spec', 'holderIdentity')).toBe('');
  });

  it('at the question: nothing was written, not even the Lease', async () => {
    const stop = new AbortController();
    const answer = (): boolean => {
      stop.abort(new Error('stopped by SIGINT'));
      stop.signal.throwIfAborted();
      return true;
    };
    await expect(scene.migrate([], { signal: stop.signal, answer })).rejects.toThrow('stopped by SIGINT');
    expect(scene.writes()).toEqual([]);
    expect(scene.api.get(LEASES, LEASE)).toBeUndefined();
  });
});

describe('a Gateway of another shape', () => {
  const LISTENERS = [
    { name: 'http', protocol: 'HTTP', port: 80 },
    { name: 'more', protocol: 'HTTP', port: 8080 },
    { name: 'tls', protocol: 'HTTPS', port: 443, tls: { certificateRefs: [{ name: 'certificate' }] } },
  ];
  const MANAGED = 'gateway: { managed: { enabled: true, allowedNamespaces: [default] } }\n';
  const THREE = { namespace: 'default', name: 'three' };
  const THREE_SERVICE = { namespace: 'default', name: 'cilium-gateway-three' };

  function portsOfThree(): readonly unknown[] {
    const ports = objectsAt(scene.api.get(SERVICES, THREE_SERVICE), 'spec', 'ports');
    return ports.map((port) => [numberAt(port, 'port'), numberAt(port, 'nodePort')]);
  }

  it.each([
    ['a managed entrypoint', { 'cilium-cloud-bridge.io/entrypoint': 'managed' }],
    ['an adopted entrypoint', {}],
  ])('with three listeners and %s keeps every NodePort, there and back', async (_, annotations) => {
    scene.configure(MANAGED);
    scene.api.apply(gatewayOf(annotations));
    if (!('cilium-cloud-bridge.io/entrypoint' in annotations)) scene.api.apply(entrypointOf(THREE));
    await scene.cluster.operator.settled();
    await scene.once(['--wait=0s', '--allow-static-redirect']);
    const entrypoint = scene.api
      .list(SERVICES)
      .find((one) => objectsAt(one, 'spec', 'ports').length === 3 && isOurs(one));
    const ref = { namespace: 'kube-system', name: entrypoint?.metadata.name ?? '' };
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.77' }] } };
    scene.api.update(SERVICES, ref, (service) => Object.assign(service, { status }), {
      manager: 'ccm',
      subresource: 'status',
    });
    await scene.once(['--wait=0s', '--allow-static-redirect']);
    await scene.cluster.operator.settled();
    const ports = portsOfThree();
    const version = scene.api.get(SERVICES, ref)?.metadata.resourceVersion;
    for (const to of ['cilium-cloud', 'cilium']) {
      expect(await scene.migrate(['default/three', '--to-class', to])).toMatchObject({ exitCode: 0, toClass: to });
      expect(portsOfThree()).toEqual(ports);
      expect(scene.api.get(SERVICES, ref)?.metadata.resourceVersion).toBe(version);
      expect(JSON.stringify(scene.api.get(GATEWAYS, THREE)?.status)).toContain('203.0.113.77');
    }
    expect(ports).toHaveLength(3);
  });

  function isOurs({ metadata }: RawObject & { metadata: object }): boolean {
    return !JSON.stringify(metadata).includes('io.cilium.gateway/owning-gateway');
  }

  function gatewayOf(annotations: Record<string, string>): RawObject {
    return {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { ...THREE, annotations },
      spec: { gatewayClassName: 'cilium', listeners: LISTENERS },
    };
  }

  function entrypointOf({ namespace, name }: typeof THREE): RawObject {
    const annotations = {
      'cilium-cloud-bridge.io/gateway': `${namespace}/${name}`,
      'kubernetes.io/elb.id': 'elb-three',
    };
    const ports = LISTENERS.map((one) => ({ name: one.name, port: one.port, protocol: 'TCP' }));
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'kube-system', name: 'entry-three', annotations },
      spec: { type: 'LoadBalancer', selector: { 'k8s-app': 'cilium' }, ports },
    };
  }
});

describe('says what is wrong, and how to mend it,', () => {
  it('of a Gateway that is not there, with the one that was meant', async () => {
    await expect(scene.migrate(['default/gw-00'])).rejects.toThrow(
      /there is no Gateway default\/gw-00\. Did you mean default\/gw-0\?$/,
    );
    await expect(scene.migrate(['shop/checkout'])).rejects.toThrow(/See which there are: kubectl get gateways -A$/);
  });

  it('of an Ingress', async () => {
    const metadata = { namespace: 'default', name: 'web' };
    scene.api.apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata,
      spec: { ingressClassName: 'cilium' },
    });
    expect(scene.api.get(INGRESSES, metadata)).toBeDefined();
    await expect(scene.migrate(['default/web'])).rejects.toThrow(
      /but an Ingress of that name\. Only Gateways are moved/,
    );
  });

  it('of a class that is mistyped, with those that there are', async () => {
    const report = await scene.migrate(['--to-class', 'clium']);
    expect(report).toMatchObject({ exitCode: 2, manifest: null, summary: 'Gateway default/gw-0 was not moved.' });
    expect(report.findings).toMatchObject([
      {
        reason: 'GatewayClassMissing',
        message: 'GatewayClass clium is not there. There are: cilium, cilium-cloud.',
        fix: 'Did you mean --to-class cilium?',
      },
    ]);
  });

  it('of a cluster without the Gateway API', async () => {
    for (const resource of [GATEWAYS, GATEWAY_CLASSES]) scene.api.removeCrd(resource);
    await expect(scene.migrate()).rejects.toThrow(
      /neither the Gateway API .* nor Cilium's Ingress\. Install the Gateway API/,
    );
  });

  it("of a cluster without the Gateway API that has Cilium's Ingress", async () => {
    scene.api.update(CONFIG_MAPS, { namespace: 'kube-system', name: 'cilium-config' }, (map) => {
      Object.assign(asRecord(map.data), { 'enable-ingress-controller': 'true' });
    });
    for (const resource of [GATEWAYS, GATEWAY_CLASSES]) scene.api.removeCrd(resource);
    await expect(scene.migrate()).rejects.toMatchObject({ name: 'KubeError', category: 'not-served' });
  });

  it('of a Cilium whose CiliumGatewayClassConfigs are not served', async () => {
    scene.api.removeCrd(CLASS_CONFIGS);
    expect(reasonsOf(await scene.migrate())).toEqual(['CiliumTooOld']);
  });

  it('of rights that are missing, all at once, before anything is written', async () => {
    scene.api.access.deny(
      ({ verb, resource }) =>
        ['patch', 'delete'].includes(verb) && ['gateways', 'services', 'leases'].includes(resource),
    );
    await expect(scene.migrate()).rejects.toThrow(
      /this user may not: patch gateways\S* gw-0 in default; delete services .*; patch leases\S* .*\. Nothing was written\. Ask/,
    );
    expect(scene.writes()).toEqual([]);
    expect(scene.api.get(LEASES, LEASE)).toBeUndefined();
  });

  it('of Gateways that may not be read', async () => {
    scene.api.access.deny(({ resource }) => resource === 'gateways');
    await expect(scene.migrate()).rejects.toMatchObject({ name: 'KubeError', category: 'forbidden' });
  });
});

it('answered with no writes nothing, not even the Lease', async () => {
  const report = await scene.migrate([], { answer: () => false });
  expect(report).toMatchObject({ exitCode: 2, summary: 'Nothing was written.' });
  expect(report.actions.map(({ outcome }) => outcome.reason)).toEqual(['NotConfirmed', 'NotConfirmed']);
  expect(scene.writes()).toEqual([]);
  expect(scene.api.get(LEASES, LEASE)).toBeUndefined();
});

it('an entrypoint that does not say so is named with the command that lets it', async () => {
  scene.api.update(SERVICES, ENTRYPOINT, ({ metadata }) => {
    metadata.annotations = { 'kubernetes.io/elb.id': 'elb-gw-0' };
  });
  const report = await scene.migrate();
  expect(reasonsOf(report)).toEqual(['EntrypointNotAnnotated']);
  expect(report.findings[0]?.fix).toContain(
    'kubectl -n kube-system annotate service entry-gw-0 cilium-cloud-bridge.io/gateway=default/gw-0',
  );
});
