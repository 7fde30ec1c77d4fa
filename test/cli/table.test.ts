import { describe, expect, it } from 'vitest';
import { createPaint } from '../../src/cli/color.ts';
import { buildReport, type ReportInput } from '../../src/cli/report.ts';
import { renderPlan, renderTable } from '../../src/cli/table.ts';
import { columnsOf, shorten, wrap } from '../../src/cli/text.ts';
import { action, ENTRYPOINT, HOLE, input, NO_ENTRYPOINT, PUBLISH, SYNC_PORT, service } from './report-fixture.ts';

function table(parts: Partial<ReportInput>, width = 80): string {
  return renderTable(buildReport(input(parts)), { width, paint: createPaint(false) });
}

describe('renderTable', () => {
  it('shows a plan like a diff, then findings, then a line that sums up', () => {
    const text = table({
      subjects: ['Gateway default/ip-gateway', 'Gateway default/b', 'Gateway default/other'],
      actions: [SYNC_PORT, PUBLISH],
      findings: [HOLE, NO_ENTRYPOINT],
    });
    expect(text).toBe(`\
Dry run on https://10.0.0.1:6443 (context cce-prod)

Gateway default/ip-gateway
  Service kube-system/gateway-entrypoint
    spec.ports[80].targetPort: 30080 → 31544
    Lead the entrypoint of Gateway default/ip-gateway to where Envoy is reached.
    (TargetPortSynced)
  Service default/cilium-gateway-ip-gateway
    status.loadBalancer.ingress:
      - {ip: 10.0.0.10}
      + {ip: 203.0.113.20, ipMode: Proxy}
      + {ip: 192.168.0.20, ipMode: Proxy}
    Publish 203.0.113.20 and 192.168.0.20 for Gateway default/ip-gateway,
    replacing 10.0.0.10. (AddressPublished)

✗ EntrypointAmbiguous  Gateway default/other
  Gateway default/other is not served: two Services look like its entrypoint.
  fix: Choose one:
    kubectl -n kube-system annotate service entry-a cilium-cloud-bridge.io/gateway=default/other
    or
    kubectl -n kube-system annotate service entry-b cilium-cloud-bridge.io/gateway=default/other

! NodePortShare  Service kube-system/gateway-entrypoint
  The exposure node-port refuses 1 in 3 connections to Gateway
  default/ip-gateway.
  fix: Let the load balancer send to Pod addresses.

In sync: Gateway default/b
2 writes planned, 1 in sync, 1 problem, 1 warning. Dry run: nothing was written.
`);
  });

  it('is one line when all is in sync', () => {
    expect(table({ subjects: ['Gateway default/a', 'Gateway default/b'] })).toBe(
      '2 in sync, nothing to write on https://10.0.0.1:6443 (context cce-prod).\n',
    );
    expect(table({ context: undefined })).toBe('Nothing to do on https://10.0.0.1:6443.\n');
  });

  it('says what became of each write', () => {
    const create = action(service('kube-system', 'ccb-web-1a2b'), [], {
      kind: 'create-entrypoint',
      key: 'Gateway default/web',
      message: 'Make the entrypoint that Gateway default/web asks for.',
      reason: 'EntrypointCreated',
    });
    const remove = {
      ...create,
      kind: 'delete-entrypoint',
      message: 'Delete it.',
      reason: 'EntrypointDeleted',
    } as const;
    const text = table({
      mode: 'once',
      actions: [SYNC_PORT, PUBLISH, create, remove],
      outcomes: [
        { action: SYNC_PORT, status: 'applied', reason: '', message: '' },
        { action: PUBLISH, status: 'refused', reason: 'forbidden', message: 'PATCH services/status: 403.' },
        { action: create, status: 'conflict', reason: 'exists', message: 'POST services: 409.' },
      ],
      declined: [{ action: remove, reason: 'Paused', message: 'Service kube-system/ccb-web-1a2b is paused.' }],
    });
    expect(text).toBe(`\
Cluster https://10.0.0.1:6443 (context cce-prod)

Gateway default/ip-gateway
  Service kube-system/gateway-entrypoint
    spec.ports[80].targetPort: 30080 → 31544
    Lead the entrypoint of Gateway default/ip-gateway to where Envoy is reached.
    (TargetPortSynced)
    ✓ written
  Service default/cilium-gateway-ip-gateway
    status.loadBalancer.ingress:
      - {ip: 10.0.0.10}
      + {ip: 203.0.113.20, ipMode: Proxy}
      + {ip: 192.168.0.20, ipMode: Proxy}
    Publish 203.0.113.20 and 192.168.0.20 for Gateway default/ip-gateway,
    replacing 10.0.0.10. (AddressPublished)
    ✗ refused: PATCH services/status: 403.

Gateway default/web
  create Service kube-system/ccb-web-1a2b
    Make the entrypoint that Gateway default/web asks for. (EntrypointCreated)
    ! not written, the object changed meanwhile: POST services: 409.
  delete Service kube-system/ccb-web-1a2b
    Delete it. (EntrypointDeleted)
    – not written: Service kube-system/ccb-web-1a2b is paused. (Paused)

1 write done, 1 write declined, 2 writes failed.
`);
  });

  it('names ten subjects in sync at most', () => {
    const subjects = Array.from({ length: 12 }, (_, index) => `Gateway default/${String(index).padStart(2, '0')}`);
    expect(table({ subjects, findings: [HOLE] })).toContain(`\
In sync: Gateway default/00, Gateway default/01, Gateway default/02, Gateway
default/03, Gateway default/04, Gateway default/05, Gateway default/06, Gateway
default/07, Gateway default/08, Gateway default/09, and 2 more
12 in sync, 1 warning.
`);
  });

  it('lets no escape sequence of the cluster reach the terminal', () => {
    const evil = '\u001B[2J\u202Ex';
    const text = table({
      actions: [
        action(ENTRYPOINT, [{ field: `metadata.annotations[${evil}]`, before: evil, after: [evil] }], {
          message: evil,
        }),
      ],
      findings: [{ ...HOLE, message: evil, fix: `kubectl ${evil}`, target: service(evil, evil) }],
    });
    expect(text).not.toContain('\u001B');
    expect(text).not.toContain('\u202E');
    expect(text).toContain('\\u001b[2J\\u202ex');
  });

  it('stays within the width, except for commands', () => {
    const long = action(ENTRYPOINT, [
      {
        field: 'metadata.annotations[x]',
        before: 'a'.repeat(300),
        after: { key: 'b'.repeat(300), other: ['c d'.repeat(99)] },
      },
      { field: 'y', before: undefined, after: 'd'.repeat(300) },
      { field: 'z', before: 'e'.repeat(300), after: 'f' },
    ]);
    for (const width of [60, 80, 120]) {
      const lines = table({ actions: [long, PUBLISH], findings: [HOLE] }, width).split('\n');
      expect(lines.filter((line) => line.length > width)).toEqual([]);
    }
  });

  it('colours what goes red and what comes green', () => {
    const text = renderTable(buildReport(input({ actions: [SYNC_PORT, PUBLISH] })), {
      width: 80,
      paint: createPaint(true),
    });
    expect(text).toContain('spec.ports[80].targetPort: \u001B[31m30080\u001B[39m → \u001B[32m31544\u001B[39m');
    expect(text).toContain('\u001B[31m- {ip: 10.0.0.10}\u001B[39m');
    expect(text).toContain('\u001B[32m+ {ip: 203.0.113.20, ipMode: Proxy}\u001B[39m');
  });
});

describe('renderPlan', () => {
  it('is the plan alone', () => {
    const report = buildReport(input({ actions: [SYNC_PORT], findings: [HOLE] }));
    expect(renderPlan(report, { width: 80, paint: createPaint(false) })).toBe(`\
Gateway default/ip-gateway
  Service kube-system/gateway-entrypoint
    spec.ports[80].targetPort: 30080 → 31544
    Lead the entrypoint of Gateway default/ip-gateway to where Envoy is reached.
    (TargetPortSynced)
`);
  });
});

describe('text', () => {
  it('wraps at words and keeps long words whole', () => {
    expect(wrap('aa bb cc', 7, '  ')).toEqual(['  aa bb', '  cc']);
    expect(wrap('aaaaaaaaaa b', 6, '')).toEqual(['aaaaaaaaaa', 'b']);
    expect(wrap('  ', 6, '')).toEqual([]);
  });

  it('shortens in the middle', () => {
    expect(shorten('abcdefghij', 5)).toBe('ab…ij');
    expect(shorten('abc', 3)).toBe('abc');
  });

  it('takes 80 columns where there is no terminal, and keeps within reason', () => {
    expect([undefined, 0, 20, 100, 500].map((columns) => columnsOf({ columns }))).toEqual([80, 80, 60, 100, 120]);
  });
});
