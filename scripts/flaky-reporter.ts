import type { Reporter, TestCase } from 'vitest/node';

/** A line for each test that passed at another try only: it is counted as passed, but nobody has to guess that it may fail. */
export default class FlakyReporter implements Reporter {
  readonly #lines: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky !== true) return;
    const why = test.result().errors?.[0]?.message.split('\n', 1)[0] ?? '';
    this.#lines.push(`flaky: ${test.module.relativeModuleId} > ${test.fullName}: ${why.slice(0, 300)}`);
  }

  onTestRunEnd(): void {
    for (const line of this.#lines) process.stdout.write(`${line}\n`);
  }
}
