import type { DoctorReport } from '../../src/cli/doctor-report.types.ts';

const SCRIPT = '<script>window.ran=1</script>';

/** A report whose every text from the cluster tries to break out of its place, and is as long as one line may be. */
export function hostileReport(report: DoctorReport): DoctorReport {
  const attack = `"'><img src=x onerror="window.ran=1">${SCRIPT}</style></title><!-- ${'x'.repeat(600)} \u202E\u0000`;
  return {
    ...report,
    server: attack,
    context: attack,
    connectivityTest: { command: attack, parts: [{ text: attack, reason: attack }] },
    checks: report.checks.map((check) => ({
      ...check,
      docs: 'javascript:window.ran=1',
      findings: check.findings.map((finding) => ({
        ...finding,
        reason: attack,
        message: attack,
        fix: `${attack} kubectl get ${attack}`,
        target: { apiVersion: attack, kind: attack, namespace: attack, name: attack },
        evidence: { [attack]: attack, list: [attack, { [attack]: attack }] },
      })),
    })),
  };
}
