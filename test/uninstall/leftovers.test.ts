import { beforeEach, describe, expect, it } from 'vitest';
import { createPaint } from '../../src/cli/color.ts';
import { renderUninstallReport } from '../../src/cli/uninstall-report.ts';
import { SERVICES } from '../../src/kube/resources.ts';
import { annotate, ENTRYPOINT, type MoveScene, startMoveScene } from '../migrate/scene.ts';

let scene: MoveScene;

beforeEach(async (context) => {
  scene = await startMoveScene(context);
});

describe('--uninstall-report', () => {
  it('names everything that stays, each with the command that takes it back, and changes nothing', async () => {
    await scene.migrate();
    await scene.cluster.operator.settled();
    annotate(scene.api, SERVICES, ENTRYPOINT, 'service.cilium.io/type', 'NodePort', 'cilium-cloud-bridge');
    scene.api.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        namespace: 'kube-system',
        name: 'ccb-made',
        labels: { 'cilium-cloud-bridge.io/managed': 'true' },
        annotations: { 'cilium-cloud-bridge.io/gateway': 'default/made' },
      },
      spec: { type: 'LoadBalancer', selector: { 'k8s-app': 'cilium' }, ports: [{ port: 80, protocol: 'TCP' }] },
    });
    scene.api.apply({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: 'default', name: 'told' },
      involvedObject: { kind: 'Gateway', namespace: 'default', name: 'gw-0' },
      source: { component: 'cilium-cloud-bridge' },
    });
    const before = scene.writes();
    const report = await scene.leftovers();
    expect(report.exitCode).toBe(0);
    expect(report.leftovers.map(({ kind, target }) => `${kind} ${target?.name ?? ''}`).toSorted()).toEqual([
      'events ',
      'gateway-class cilium-cloud',
      'gateway-class-config cloud',
      'lease cilium-cloud-bridge',
      'managed-entrypoint ccb-made',
      'node-port cilium-gateway-gw-0',
      'node-port cilium-gateway-gw-1',
      'published-address cilium-gateway-gw-0',
      'published-address cilium-gateway-gw-1',
      expect.stringMatching(/^redirect-copy ccb-entry-gw-0-/),
      expect.stringMatching(/^redirect-copy ccb-entry-gw-1-/),
      'target-port entry-gw-0',
      'target-port entry-gw-1',
      'type-annotation entry-gw-0',
    ]);
    expect(report.leftovers.filter(({ command }) => !command.startsWith('kubectl '))).toEqual([]);
    expect(report.unread).toEqual([]);
    expect(scene.writes()).toEqual(before);
    const table = renderUninstallReport(report, { width: 80, paint: createPaint(false) });
    for (const { command } of report.leftovers) expect(table).toContain(command);
  });

  it('says what it could not read', async () => {
    scene.api.access.deny(({ verb, resource }) => verb === 'list' && resource === 'services');
    const report = await scene.leftovers();
    expect(report.unread.map(({ kind }) => kind)).toEqual(['Service']);
    expect(report.summary).toContain('Service could not be read.');
  });
});
