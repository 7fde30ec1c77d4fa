import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { renderJson } from '../../src/cli/json.ts';
import { reportSchema } from '../../src/cli/report.schema.ts';
import { buildReport } from '../../src/cli/report.ts';
import { action, HOLE, input, NO_ENTRYPOINT, PUBLISH, SYNC_PORT, service } from './report-fixture.ts';

const PUBLISHED: unknown = JSON.parse(readFileSync(new URL('../../docs/report.schema.json', import.meta.url), 'utf8'));

const CREATE = action(
  service('kube-system', 'ccb-web-1a2b'),
  [{ field: 'spec.ports', before: undefined, after: [{ name: 'http', port: 80, targetPort: null }] }],
  { kind: 'create-entrypoint' },
);

const OUTPUT: unknown = JSON.parse(
  renderJson(
    buildReport(
      input({
        mode: 'once',
        subjects: ['Gateway default/a'],
        actions: [SYNC_PORT, PUBLISH, CREATE],
        outcomes: [{ action: SYNC_PORT, status: 'applied', reason: '', message: '' }],
        declined: [{ action: PUBLISH, reason: 'Paused', message: 'It is paused.' }],
        findings: [NO_ENTRYPOINT, HOLE, { ...HOLE, target: undefined, verdict: 'pass' }],
      }),
    ),
  ),
);

describe('the JSON report', () => {
  it('is described by the schema in full: nothing is missing, nothing is unknown', () => {
    expect(reportSchema.parse(OUTPUT)).toEqual(OUTPUT);
  });

  it('validates against the published file', () => {
    const published = z.fromJSONSchema(z.record(z.string(), z.json()).parse(PUBLISHED));
    expect(published.safeParse(OUTPUT).error).toBeUndefined();
    expect(published.safeParse({ ...z.record(z.string(), z.json()).parse(OUTPUT), mode: 'x' }).success).toBe(false);
  });

  it('has no control character of any kind, and parses to the same', () => {
    const text = '\u001b[2J\u009b2J\u007f\u2028\u202e\ufeff\r\n\t"\\';
    expect(renderJson({ text })).toBe(
      '{\n  "text": "\\u001b[2J\\u009b2J\\u007f\\u2028\\u202e\\ufeff\\r\\n\\t\\"\\\\"\n}\n',
    );
    expect(JSON.parse(renderJson({ text }))).toEqual({ text });
  });

  it('is one document that ends with a line break', () => {
    expect(renderJson(buildReport(input()))).toMatch(/^\{\n {2}"schemaVersion": 1,[\s\S]*\n\}\n$/);
  });
});
