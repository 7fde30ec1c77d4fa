import { afterEach, inject } from 'vitest';

/** Each failure names the seed of its run: where only its first line is kept (`.ci/run`), that is what repeats it. */
afterEach(({ task }) => {
  for (const error of task.result?.errors ?? []) {
    const told = `FAULT_SEED=${inject('faultSeed')}: ${error.message}`;
    error.stack = error.stack?.replace(error.message, told) ?? told;
    error.message = told;
  }
});
