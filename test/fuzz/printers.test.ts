import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPaint } from '../../src/cli/color.ts';
import { renderJson } from '../../src/cli/json.ts';
import { createLogger } from '../../src/cli/log.ts';
import { buildReport } from '../../src/cli/report.ts';
import type { Report } from '../../src/cli/report.types.ts';
import { renderPlan, renderTable } from '../../src/cli/table.ts';
import type { Action, Json } from '../../src/plan/plan.types.ts';
import { trimNode } from '../../src/taints/models.ts';
import { action, service } from '../cli/report-fixture.ts';
import { cceNode } from '../taints/fixture.ts';
import { runs, UNPRINTABLE } from './values.ts';

/** Text as it may stand in an annotation, a condition's message, or a name in a file. */
const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      '\u001b[2J',
      '\u009b',
      '\u0007',
      '\r',
      '\n',
      '\u2028',
      '\u202e',
      '\ufeff',
      '\u007f',
      'a',
      '"',
    ),
  }),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;

const report: fc.Arbitrary<Report> = fc
  .record({
    name: text,
    field: text,
    message: text,
    fix: text,
    server: text,
    key: text,
    before: json,
    after: fc.oneof(json, text),
  })
  .map(({ name, field, message, fix, server, key, before, after }) => {
    const target = { ...service('kube-system', name), namespace: name };
    const node = trimNode({ ...cceNode(name), spec: { taints: [{ key, effect: message }] } });
    const blockedBy = { condition: 'agent', verdict: 'fail', reason: 'AgentNotReady', message } as const;
    const planned: Action = { ...action(target, [{ field, before, after }], { message }), key: `Gateway ${name}` };
    return buildReport({
      version: '0',
      server,
      context: key,
      mode: 'once',
      startedAt: 0,
      subjects: [`Gateway ${key}`],
      actions: [planned],
      declined: [],
      nodes: [
        {
          node,
          cloud: 'cce',
          network: 'unknown',
          listed: node.taints,
          removable: [],
          judged: [blockedBy],
          blockedBy,
          agents: [],
        },
      ],
      outcomes: [{ action: planned, status: 'refused', reason: 'X', message }],
      findings: [
        { check: 'c', verdict: 'fail', reason: 'R', target, message, fix, evidence: { [key]: before } },
        { check: 'programmed', verdict: 'pass', reason: 'R', target, message, fix, evidence: {} },
      ],
    });
  });

describe('whatever stands in a report', () => {
  it('the table says without a control character, whatever the width', () => {
    fc.assert(
      fc.property(report, fc.integer({ min: 1, max: 200 }), (shown, width) => {
        const style = { width, paint: createPaint(false) };
        expectPlain(renderTable(shown, style) + renderPlan(shown, style));
      }),
      runs(300),
    );
  });

  it('JSON says without a control character, and parses to the same', () => {
    fc.assert(
      fc.property(report, (shown) => {
        expectPlain(renderJson(shown));
        expect(JSON.parse(renderJson(shown))).toEqual(JSON.parse(JSON.stringify(shown)));
      }),
      runs(300),
    );
  });
});

describe('whatever is logged', () => {
  it.each([
    ['as JSON', false],
    ['on a terminal', true],
  ])('%s has no control character, and stays on its line', (_, isTTY) => {
    const value = fc.oneof(text, json);
    fc.assert(
      fc.property(text, fc.dictionary(text, value), text, (message, fields, key) => {
        const lines: string[] = [];
        const stream = { isTTY, write: (line: string): unknown => lines.push(line) };
        const logger = createLogger({ level: 'debug', stream, env: { NO_COLOR: '1' } });
        const changes = [{ field: key, before: message, after: { [key]: message } }];
        logger.info({ ...fields, changes }, message);
        logger.error({ ...fields, err: new Error(message, { cause: new Error(key) }) }, message);
        expect(lines).toHaveLength(2);
        for (const line of lines) expectPlain(line);
        expect(lines[0]?.trimEnd()).not.toContain('\n');
      }),
      runs(200),
    );
  });
});

function expectPlain(told: string): void {
  expect(UNPRINTABLE.exec(told.replaceAll('\n', ''))).toBeNull();
}
