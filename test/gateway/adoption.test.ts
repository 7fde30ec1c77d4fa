import { describe, expect, it } from 'vitest';
import { entrypoint, gateway, gatewayService, OURS, ours } from './build.ts';
import { actionOf, findingOf, findings, type Given, plan, publishedBy, writes } from './planning.ts';

const AUTO: Given = { config: { adopt: 'auto' } };
const ingress = [{ ip: '122.9.70.186' }];
const PUBLISHED = ['publish-address Service default/cilium-gateway-web'];

describe('adopt: annotated, the default', () => {
  it('takes nothing without an annotation, and gives the command', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { serves: null, ingress })]);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail EntrypointNotAnnotated']]);
    const told = findingOf(planned, 'EntrypointNotAnnotated');
    expect(told.message).toBe(
      'Gateway default/web is not served: Service kube-system/entry could be its entrypoint but does not say so.',
    );
    expect(told.fix).toBe(
      'Say so: kubectl -n kube-system annotate service entry cilium-cloud-bridge.io/gateway=default/web   (or run with --adopt auto)',
    );
  });

  it('takes no address back while there is a candidate', () => {
    const status = { ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }], writtenBy: [OURS] };
    const planned = plan([gateway(), gatewayService('web', status), entrypoint('entry', { serves: null })]);
    expect(writes(planned)).toEqual([]);
  });
});

describe('adopt: auto', () => {
  it('takes the one Service that selects the agents and has a port of the Gateway', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { serves: null, ingress })], AUTO);
    expect([writes(planned), findings(planned)]).toEqual([PUBLISHED, []]);
  });

  it('takes it where its annotation says which port leads to which listener', () => {
    const mapped = { serves: null, ingress, ports: [[8080, 31080]] as const };
    const objects = [gateway(), gatewayService()];
    const entry = entrypoint('entry', { ...mapped, annotations: ours({ ports: '8080=80' }) });
    expect([writes(plan([...objects, entry], AUTO)), findings(plan([...objects, entry], AUTO))]).toEqual([
      PUBLISHED,
      [],
    ]);
    const unread = entrypoint('entry', { ...mapped, annotations: ours({ ports: '8080:80' }) });
    expect(findings(plan([...objects, unread], AUTO))).toContain('fail AnnotationMalformed');
  });

  it('an entrypoint that is named for a Gateway that is not there: the fix names the flag', () => {
    const entry = entrypoint('entry', { serves: null, ingress });
    const planned = plan([gateway(), gatewayService(), entry], {
      config: { adopt: ['kube-system/entry=default/nope'] },
    });
    expect(findingOf(planned, 'SubjectNotFound').fix).toContain('correct --adopt');
  });

  it('writes the annotation of rule 2 onto a Service that had none, for the version that was seen', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { serves: null, ingress })], {
      ...AUTO,
      memory: { ipModeStored: 'no' },
    });
    expect(actionOf(planned, 'patch-entrypoint').request).toMatchObject({
      patch: {
        body: [
          { op: 'test', path: '/metadata/uid', value: 'uid-Service-kube-system-entry' },
          { op: 'test', path: '/metadata/resourceVersion', value: '7' },
          { op: 'add', path: '/metadata/annotations', value: { 'service.cilium.io/type': 'NodePort' } },
        ],
      },
    });
  });

  it.each([
    ['has no port of the Gateway', { ports: [[8080, 1]] as const }],
    ['has the port with another protocol', { ports: [{ port: 80, protocol: 'UDP' }] }],
    ['does not select the agents', { selector: { app: 'shop' } }],
    ['has no selector', { selector: {} }],
    ["is not in Cilium's namespace, where alone its selector reaches the agents", { namespace: 'default' }],
    ['is no LoadBalancer', { type: 'NodePort' }],
    ['is being deleted', { deleting: true }],
    ['says that it serves another', { serves: 'default/other' }],
  ])('leaves a Service alone that %s', (_, parts) => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { serves: null, ingress, ...parts })], AUTO);
    expect(writes(planned)).toEqual([]);
    expect(findings(planned)).toContain('fail NoEntrypoint');
  });

  it('takes nothing when two Services could serve, and gives the command for each', () => {
    const two = [entrypoint('a', { serves: null, ingress }), entrypoint('b', { serves: null, ingress })];
    const planned = plan([gateway(), gatewayService(), ...two], AUTO);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail AdoptionAmbiguous']]);
    expect(findingOf(planned, 'AdoptionAmbiguous').fix).toBe(
      'Choose one: kubectl -n kube-system annotate service a cilium-cloud-bridge.io/gateway=default/web   or   ' +
        'kubectl -n kube-system annotate service b cilium-cloud-bridge.io/gateway=default/web',
    );
  });

  it('takes nothing when one Service could serve two Gateways', () => {
    const planned = plan(
      [
        gateway(),
        gatewayService(),
        gateway('api'),
        gatewayService('api', { ports: [[80, 31081]] }),
        entrypoint('entry', { serves: null, ingress }),
      ],
      AUTO,
    );
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail AdoptionAmbiguous', 'fail AdoptionAmbiguous']]);
  });

  it('tells two entrypoints of two Gateways apart by their ports', () => {
    const planned = plan(
      [
        gateway(),
        gatewayService(),
        gateway('api', { ports: [443] }),
        gatewayService('api', { ports: [[443, 31443]] }),
        entrypoint('a', { serves: null, ingress, ports: [[80, 31080]] }),
        entrypoint('b', { serves: null, ingress, ports: [[443, 31443]] }),
      ],
      AUTO,
    );
    expect(writes(planned).toSorted()).toEqual(['publish-address Service default/cilium-gateway-api', ...PUBLISHED]);
  });

  it('an annotated entrypoint goes before a candidate', () => {
    const planned = plan(
      [
        gateway(),
        gatewayService(),
        entrypoint('a', { serves: null, ingress: [{ ip: '1.1.1.1' }] }),
        entrypoint('b', { ingress }),
      ],
      AUTO,
    );
    expect(publishedBy(actionOf(planned, 'publish-address'))).toEqual([{ ip: '122.9.70.186', ipMode: 'Proxy' }]);
    expect(findings(planned)).toEqual([]);
  });

  describe('once it serves an entrypoint', () => {
    const served = gatewayService('web', { ingress: [{ ip: '122.9.70.186', ipMode: 'Proxy' }], writtenBy: [OURS] });
    const established = entrypoint('old', { serves: null, ingress, created: '2026-01-02T00:00:00Z', ports: [[80, 1]] });

    it('is not given up for a second candidate', () => {
      const rival = entrypoint('new', { serves: null, ingress: [{ ip: '1.1.1.1' }] });
      const planned = plan([gateway(), served, established, rival], AUTO);
      expect([writes(planned), findings(planned)]).toEqual([['patch-entrypoint Service kube-system/old'], []]);
    });

    it('is told from another one of the same load balancer by where its ports lead', () => {
      const current = entrypoint('old', { serves: null, ingress, ports: [[80, 31080]] });
      const rival = entrypoint('new', { serves: null, ingress, ports: [[80, 30000]] });
      const planned = plan([gateway(), served, rival, current], AUTO);
      expect([writes(planned), findings(planned)]).toEqual([[], []]);
    });

    it('is ambiguous where the ports cannot tell them apart either', () => {
      const planned = plan(
        [gateway(), served, established, entrypoint('new', { serves: null, ingress, ports: [[80, 2]] })],
        AUTO,
      );
      expect([writes(planned), findings(planned)]).toEqual([[], ['fail AdoptionAmbiguous']]);
    });

    it('leaves the rest to another Gateway', () => {
      const second = [gateway('api'), gatewayService('api', { ports: [[80, 31081]] })];
      const free = entrypoint('free', { serves: null, ingress: [{ ip: '1.1.1.1' }], ports: [[80, 31081]] });
      const planned = plan([gateway(), served, established, ...second, free], AUTO);
      expect(writes(planned)).toEqual([
        'publish-address Service default/cilium-gateway-api',
        'patch-entrypoint Service kube-system/old',
      ]);
    });
  });
});

describe('adopt: a list', () => {
  const LIST: Given = { config: { adopt: ['kube-system/entry=default/web'] } };

  it('takes the named Service', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('entry', { serves: null, ingress })], LIST);
    expect([writes(planned), findings(planned)]).toEqual([PUBLISHED, []]);
  });

  it('names a Service that does not exist: a finding, and nothing is taken back', () => {
    const status = { ingress: [{ ip: '1.1.1.1', ipMode: 'Proxy' }], writtenBy: [OURS] };
    const planned = plan([gateway(), gatewayService('web', status)], LIST);
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail AdoptedEntrypointNotFound']]);
  });

  it('is bound to the rule on namespaces as annotations are', () => {
    const planned = plan(
      [gateway(), gatewayService(), entrypoint('entry', { serves: null, namespace: 'evil', ingress })],
      {
        config: { adopt: ['evil/entry=default/web'] },
      },
    );
    expect(findings(planned)).toEqual(['fail EntrypointNamespaceNotAllowed', 'fail NoEntrypoint']);
  });

  it('yields to what the Service says itself', () => {
    const planned = plan(
      [
        gateway(),
        gatewayService(),
        gateway('api'),
        gatewayService('api', { ports: [[80, 31081]] }),
        entrypoint('entry', { serves: 'default/api', ingress }),
      ],
      LIST,
    );
    expect(writes(planned)).toEqual([
      'patch-entrypoint Service kube-system/entry',
      'publish-address Service default/cilium-gateway-api',
    ]);
  });

  it('leaves others unserved, with a finding', () => {
    const planned = plan([gateway(), gatewayService(), entrypoint('other', { serves: null, ingress })], {
      config: { adopt: ['kube-system/entry=default/elsewhere'] },
    });
    expect(findings(planned)).toEqual(['fail AdoptedEntrypointNotFound', 'fail EntrypointNotAnnotated']);
  });
});

describe('a Gateway that asks for a managed entrypoint', () => {
  it('does not adopt one', () => {
    const planned = plan(
      [
        gateway('web', { annotations: ours({ entrypoint: 'managed' }) }),
        gatewayService(),
        entrypoint('entry', { serves: null, ingress }),
      ],
      AUTO,
    );
    expect([writes(planned), findings(planned)]).toEqual([[], ['fail ManagedNotEnabled']]);
  });
});
