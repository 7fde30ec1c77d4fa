import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of what is random in test/faults. */
    faultSeed: number;
  }
}

/** One seed for all files of a run: a new one each time, or FAULT_SEED, as a run before has printed it. */
export function setup(project: TestProject): void {
  const asked = process.env.FAULT_SEED ?? '';
  const seed = asked === '' ? Date.now() & 0x7fffffff : Number(asked);
  process.stderr.write(`faults: FAULT_SEED=${seed} repeats this run\n`);
  project.provide('faultSeed', seed);
}
