import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CHECKS } from '../../src/checks/all.ts';
import { runChecks } from '../../src/checks/run.ts';
import { createPaint } from '../../src/cli/color.ts';
import { doctorReportSchema } from '../../src/cli/doctor-report.schema.ts';
import { buildDoctorReport } from '../../src/cli/doctor-report.ts';
import type { DoctorReport } from '../../src/cli/doctor-report.types.ts';
import { renderDoctor } from '../../src/cli/doctor-table.ts';
import { renderJson } from '../../src/cli/json.ts';
import { type ClusterData, ciliumConfig, type Edit, edited } from '../checks/cluster-data.ts';
import { REFERENCES } from '../checks/reference/all.ts';
import { NOW } from '../checks/reference/parts.ts';
import { type WorldOptions, worldOf } from '../checks/world-of.ts';

const HEALTHY = REFERENCES['cce-overlay'];

async function reportOn(cluster: ClusterData, options: WorldOptions = {}): Promise<DoctorReport> {
  return buildDoctorReport({
    version: '1.2.3',
    server: 'https://10.0.0.1:6443',
    context: 'cce-prod',
    startedAt: NOW,
    diagnosis: runChecks(CHECKS, await worldOf(cluster, options)),
  });
}

function broken(...edits: readonly Edit[]): ClusterData {
  return edited(HEALTHY, edits);
}

function table(report: DoctorReport, { verbose = false, width = 80 } = {}): string {
  return renderDoctor(report, { width, paint: createPaint(false) }, verbose);
}

describe("doctor's JSON report", async () => {
  const published: unknown = JSON.parse(readFileSync('docs/doctor.schema.json', 'utf8'));
  const report = await reportOn(broken(ciliumConfig({ 'kube-proxy-replacement': 'false' })));
  const output: unknown = JSON.parse(renderJson(report));

  it('is described by the schema in full: nothing is missing, nothing is unknown', () => {
    expect(doctorReportSchema.parse(output)).toEqual(output);
  });

  it('is valid by the published schema, which refuses another verdict', () => {
    const schema = z.fromJSONSchema(z.record(z.string(), z.json()).parse(published));
    const document = z.record(z.string(), z.json()).parse(output);
    expect(schema.safeParse(document).error).toBeUndefined();
    expect(schema.safeParse({ ...document, checks: [{ id: 'a', verdict: 'bad' }] }).success).toBe(false);
  });

  it('names the first broken link, and ends with 2', () => {
    expect(report).toMatchObject({ brokenLink: 'kpr-off', exitCode: 2, summary: { fail: 1 } });
    expect(report.checks.find(({ id }) => id === 'kpr-off')).toMatchObject({ verdict: 'fail', followsFrom: null });
  });
});

describe("doctor's table", () => {
  it('is quiet when all is well: one line a section, and the way with nothing marked', async () => {
    const report = await reportOn(HEALTHY);
    const text = table(report);
    expect(report.exitCode).toBe(0);
    expect(text).toMatch(/^https:\/\/10\.0\.0\.1:6443 \(context cce-prod\)\n\nclient → /);
    expect(text).not.toMatch(/[✗!?]/);
    const sections = text.split('\n\n').slice(2, -1);
    expect(sections.map((section) => section.split('\n').length)).toEqual(sections.map(() => 2));
  });

  it('names every check with --verbose', async () => {
    const text = table(await reportOn(HEALTHY), { verbose: true });
    expect(CHECKS.filter(({ id }) => !text.includes(` ${id}`)).map(({ id }) => id)).toEqual([]);
  });

  it('marks the broken link on the way, and shows evidence, mend and page', async () => {
    const text = table(await reportOn(broken(ciliumConfig({ 'kube-proxy-replacement': 'false' }))));
    expect(text).toContain('→ ✗ Envoy');
    expect(text).toContain('✗ broken at Envoy: kpr-off\n');
    expect(text).toContain(
      '  ✗ kpr-off  KubeProxyReplacementOff  ConfigMap kube-system/cilium-config  ← first broken link\n',
    );
    expect(text).toContain('    kube-proxy-replacement: false\n');
    expect(text).toContain("fix: Set it in Cilium's Helm values: kubeProxyReplacement=true");
    expect(text).toContain('    https://docs.cilium.io/');
    expect(text).toMatch(/\n1 check fails, .*The first\s+broken link is kpr-off\.\n$/s);
  });

  it('tells what could not be read once a section, with the checks that needed it and the missing right', async () => {
    const report = await reportOn(HEALTHY, { unreadable: ['Node'] });
    const text = table(report);
    expect(report.exitCode).toBe(0);
    expect(text).toMatch(/\n {2}\? .*ipam-needs-podcidr/);
    const told = text.split('\n\n').map((section) => section.match(/this account may not list nodes/g)?.length ?? 0);
    expect(Math.max(...told)).toBe(1);
    expect(text).toContain('fix: Give this account the right to list nodes.');
  });

  it('fits the width', async () => {
    const text = table(await reportOn(broken(ciliumConfig({ ipam: 'kubernetes' }))), { width: 60 });
    const tooLong = text
      .split('\n')
      .filter((line) => line.length > 60 && !/https:\/\/|first broken link|kubectl /.test(line));
    expect(tooLong).toEqual([]);
  });
});
