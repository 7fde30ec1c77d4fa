import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPaint } from '../../src/cli/color.ts';
import { renderJson } from '../../src/cli/json.ts';
import { createLogger } from '../../src/cli/log.ts';
import { buildReport } from '../../src/cli/report.ts';
import { renderPlan, renderTable } from '../../src/cli/table.ts';
import type { GatewayPlan } from '../../src/gateway/plan.ts';
import { isServed } from '../../src/gateway/programmed.ts';
import type { RawObject } from '../../src/kube/types.ts';
import { limit } from '../../src/plan/limit.ts';
import { situation } from '../gateway/arbitrary.ts';
import { entrypoint, gateway, gatewayClass, gatewayService, ours } from '../gateway/build.ts';
import { envoyConfig } from '../gateway/envoy.ts';
import { type Given, gatewayConfig, plan, writes } from '../gateway/planning.ts';
import { expectAllowed } from './allowed.ts';
import { jsonOf, runs, spoil, spoiling, UNPRINTABLE, wrong } from './values.ts';

/** observe → plan → limit → report → every output, as a command goes; returns the plan. */
function goThrough(objects: readonly RawObject[], given: Given): GatewayPlan {
  const planned = plan(objects, given);
  const policy = { readOnly: false, dryRun: false, history: new Map(), now: 0 };
  const limited = limit(planned.actions, policy);
  expect(limited.actions.length + limited.declined.length).toBe(planned.actions.length);
  const report = buildReport({
    version: '0',
    server: 'https://10.0.0.1',
    context: 'c',
    mode: 'once',
    startedAt: 0,
    subjects: planned.subjects.filter(isServed).map(({ subject }) => subject.key),
    actions: planned.actions,
    declined: limited.declined,
    outcomes: limited.actions.map((action) => ({ action, status: 'failed', reason: 'X', message: action.message })),
    findings: planned.findings,
  });
  const style = { width: 80, paint: createPaint(false) };
  for (const text of [renderTable(report, style), renderPlan(report, style), renderJson(report), ...logged(planned)]) {
    expect(UNPRINTABLE.exec(text.replaceAll('\n', ''))).toBeNull();
  }
  expect(JSON.parse(renderJson(report))).toEqual(report);
  return planned;
}

/** Each action and finding as a line of the log, for machines and for a terminal. */
function logged({ actions, findings }: GatewayPlan): string[] {
  const lines: string[] = [];
  for (const isTTY of [false, true]) {
    const stream = { isTTY, write: (line: string): unknown => lines.push(line) };
    const logger = createLogger({ level: 'debug', stream, env: { NO_COLOR: '1' } });
    for (const { changes, message } of actions) logger.info({ changes }, message);
    for (const { message, evidence } of findings) logger.warn({ evidence }, message);
  }
  return lines;
}

/** @returns how many writes were looked at */
function expectSensible(objects: readonly RawObject[], given: Given): number {
  const planned = goThrough(objects, given);
  const configured = Object.values(gatewayConfig(given.config).addresses).flat();
  for (const action of planned.actions) expectAllowed(action, objects, given, configured);
  return planned.actions.length;
}

const REDIRECTED: readonly RawObject[] = [
  envoyConfig(),
  envoyConfig('ccb-entry-x', { labels: ours({ managed: 'true' }), namespace: 'kube-system' }),
];

describe('objects of which anything may be wrong', () => {
  it('are planned without an exception, written only where and what the rules allow, and printed without controls', () => {
    let written = 0;
    fc.assert(
      fc.property(situation, fc.array(spoiling, { minLength: 1, maxLength: 8 }), ({ objects, given }, changes) => {
        written += expectSensible(spoil([...objects, gatewayClass(), ...REDIRECTED], changes), given);
      }),
      runs(500),
    );
    // Else the rules would have been held against nothing.
    expect(written).toBeGreaterThan(runs(500).numRuns / 2);
  });

  it('and that are nothing but wrong make no plan', () => {
    const kinds = [
      'Service',
      'Gateway',
      'GatewayClass',
      'Ingress',
      'CiliumLoadBalancerIPPool',
      'Pod',
      'ConfigMap',
      'CiliumEnvoyConfig',
    ];
    const object = fc.record(
      { kind: fc.constantFrom(...kinds), metadata: wrong, spec: wrong, status: wrong, data: wrong },
      { requiredKeys: ['kind'] },
    );
    fc.assert(
      fc.property(fc.array(object, { maxLength: 8 }), (objects) => {
        const given = { config: { adopt: 'auto', pinNodePorts: true } };
        expect(writes(goThrough(objects, given))).toEqual([]);
      }),
      runs(100),
    );
  });

  it('beside a healthy Gateway do not keep it from being served', () => {
    const healthy = [gateway(), gatewayService(), entrypoint('entry', { ingress: [{ ip: '1.1.1.1' }] })];
    const kinds = fc.constantFrom('Gateway', 'Service', 'Ingress', 'GatewayClass', 'CiliumEnvoyConfig', 'Pod');
    fc.assert(
      fc.property(kinds, wrong, wrong, wrong, wrong, (kind, labels, annotations, spec, status) => {
        const metadata = { name: 'odd', namespace: 'default', uid: 'odd', resourceVersion: '1', labels, annotations };
        const others = kind === 'GatewayClass' ? [gatewayClass()] : [];
        const planned = goThrough([{ kind, metadata, spec, status }, ...others, ...healthy], {});
        expect(writes(planned)).toContain('publish-address Service default/cilium-gateway-web');
      }),
      runs(60),
    );
  });
});

describe('annotations of any text', () => {
  const anyText = fc.oneof(
    wrong.map((value) => (typeof value === 'string' ? value : jsonOf(value))),
    fc.json(),
    fc.constantFrom('80=30080', '80=30080,80=30081', '99999=1', 'default/web', 'managed', 'true', ' true ', 'pod-ip'),
  );
  const CONFIG = {
    managed: { enabled: true, allowedNamespaces: ['*'], allowedAnnotations: ['*'], allowNodePorts: true },
  };

  it.each(['gateway', 'ingress', 'ports', 'exposure', 'publish', 'paused', 'retain', 'managed', 'source', 'subject'])(
    '%s on an entrypoint',
    (key) => {
      fc.assert(
        fc.property(anyText, (text) => {
          const entry = entrypoint('entry', { annotations: ours({ [key]: text }), ingress: [{ ip: '1.1.1.1' }] });
          expectSensible([gateway(), gatewayService(), entry, ...REDIRECTED], {});
        }),
        runs(25),
      );
    },
  );

  it.each(['entrypoint', 'entrypoint-annotations', 'entrypoint-node-ports', 'exposure', 'paused', 'retain', 'gateway'])(
    '%s on a Gateway',
    (key) => {
      fc.assert(
        fc.property(anyText, (text) => {
          const asking = gateway('web', { annotations: ours({ entrypoint: 'managed', [key]: text }) });
          expectSensible([asking, gatewayService()], { config: CONFIG });
        }),
        runs(25),
      );
    },
  );
});
