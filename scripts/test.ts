// `npm test`: the checks and the tests that need nothing but npm, and one closing line `N passed, N failed`.
// `npm test -- test/config` runs those test files alone; `node scripts/test.ts --project control-plane` that project.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import * as z from 'zod';

interface Totals {
  readonly passed: number;
  readonly failed: number;
}

const CHECKS: readonly (readonly [name: string, command: string, ...args: readonly string[]])[] = [
  ['format and lint', 'biome', 'ci'],
  ['type-aware lint', 'oxlint', '--type-aware'],
  ['types', 'tsc'],
  ['unused code', 'knip'],
];

const VitestReport = z.object({
  success: z.boolean(),
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

const args = process.argv.slice(2);
const checks = args.length === 0 ? CHECKS.map(runCheck) : [];
for (const [index, [name]] of (args.length === 0 ? CHECKS : []).entries()) {
  if (checks[index] === false) process.stdout.write(`failed: ${name}\n`);
}
const tests = runVitest(args.includes('--project') ? args : ['--project', 'unit', ...args]);
const failed = checks.filter((passed) => !passed).length + tests.failed;
const passed = checks.filter((passed) => passed).length + tests.passed;
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

function runCheck([name, command, ...rest]: (typeof CHECKS)[number]): boolean {
  process.stdout.write(`\n--- ${name}: ${[command, ...rest].join(' ')}\n`);
  return run(command, rest);
}

/** The totals of a run; a file that can't be loaded, a crash and a run without tests count as one failure each. */
function runVitest(rest: readonly string[]): Totals {
  process.stdout.write(`\n--- tests: vitest run ${rest.join(' ')}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-test-'));
  const file = join(folder, 'report.json');
  const reporters = ['default', 'json', join(import.meta.dirname, 'flaky-reporter.ts')];
  const options = [...reporters.map((name) => `--reporter=${name}`), `--outputFile.json=${file}`];
  const success = run('vitest', ['run', ...options, ...rest]);
  const report = readReport(file);
  rmSync(folder, { recursive: true });
  if (report === undefined) {
    return { passed: 0, failed: 1 };
  }
  const broken = report.testResults.filter((suite) => suite.status === 'failed' && suite.assertionResults.length === 0);
  for (const line of [...broken.map(({ name, message }) => lineOf(name, '', message)), ...failedTests(report)]) {
    process.stdout.write(`${line}\n`);
  }
  const failures = report.numFailedTests + broken.length;
  const isCrash = failures === 0 && (!success || !report.success);
  const isEmpty = failures === 0 && report.numPassedTests === 0;
  return { passed: report.numPassedTests, failed: failures + (isCrash || isEmpty ? 1 : 0) };
}

/** A line for each failed test, for a reader (`.ci/run`) who keeps no more than the end of what was printed. */
function failedTests({ testResults }: z.infer<typeof VitestReport>): readonly string[] {
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => lineOf(name, ` > ${fullName}`, failureMessages?.at(-1))),
  );
}

/** `failed: file > test: first line of the message`, the file's path relative to the working directory. */
function lineOf(file: string, test: string, message = ''): string {
  return `failed: ${relative(process.cwd(), file)}${test}: ${message.split('\n', 1)[0]?.slice(0, 300)}`;
}

function readReport(file: string): z.infer<typeof VitestReport> | undefined {
  try {
    return VitestReport.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    process.stderr.write(`vitest left no report: ${String(error)}\n`);
    return undefined;
  }
}

function run(command: string, rest: readonly string[]): boolean {
  const { status, error } = spawnSync(join('node_modules', '.bin', command), rest, { stdio: 'inherit' });
  if (error !== undefined) {
    process.stderr.write(`${command} could not be started: ${error.message}\n`);
  }
  return status === 0;
}
