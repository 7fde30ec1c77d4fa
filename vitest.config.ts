import { defineConfig } from 'vitest/config';

const MINUTE_MS = 60_000;

/** What is waited for has a time limit, and every core may be busy. scripts/flaky-reporter.ts names what needed it. */
const SECOND_TRY = { retry: 1 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...SECOND_TRY,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/control-plane/**',
            'test/chart/**',
            'test/datapath/**',
            'test/faults/**',
            'test/html/**',
            'test/image/**',
            'test/prometheus/**',
          ],
          setupFiles: ['test/property-seed.ts'],
          maxWorkers: 3, // some mostly wait; Vitest's own choice for two cores is one
          testTimeout: MINUTE_MS / 2, // none takes that long, but every core may be busy
        },
      },
      {
        test: {
          ...SECOND_TRY,
          name: 'html',
          include: ['test/html/**/*.test.ts'],
          testTimeout: MINUTE_MS, // none takes that long, but every core may be busy
          hookTimeout: MINUTE_MS,
        },
      },
      {
        test: {
          ...SECOND_TRY,
          name: 'image',
          include: ['test/image/**/*.test.ts'],
          testTimeout: MINUTE_MS, // none takes that long, but every core may be busy
          hookTimeout: 30 * MINUTE_MS, // the first run builds a program from BuildKit
        },
      },
      {
        test: {
          ...SECOND_TRY,
          name: 'prometheus',
          include: ['test/prometheus/**/*.test.ts'],
          globalSetup: ['test/faults/seed-setup.ts'],
          testTimeout: MINUTE_MS, // none takes that long, but every core may be busy
        },
      },
      {
        test: {
          ...SECOND_TRY,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          globalSetup: ['test/control-plane/global-setup.ts', 'test/faults/seed-setup.ts'],
          setupFiles: ['test/faults/name-seed.ts'],
          maxWorkers: 3, // its tests mostly wait, those of one file at the same time
          maxConcurrency: 12,
          testTimeout: 2 * MINUTE_MS, // none takes that long, but every core may be busy
          hookTimeout: MINUTE_MS,
        },
      },
      {
        test: {
          name: 'control-plane',
          include: ['test/control-plane/**/*.test.ts', 'test/chart/**/*.test.ts'],
          globalSetup: ['test/control-plane/global-setup.ts'],
          testTimeout: MINUTE_MS,
          hookTimeout: 30 * MINUTE_MS, // the first run builds Kubernetes and Cilium
          maxWorkers: 4, // a control plane takes about 1 GB; its tests mostly wait
          retry: 2, // what they wait for has a time limit, and every core may be busy
        },
      },
      {
        test: {
          name: 'datapath',
          include: ['test/datapath/**/*.test.ts'],
          globalSetup: ['test/control-plane/global-setup.ts'],
          testTimeout: 5 * MINUTE_MS,
          retry: 2, // what is measured depends on how busy the machine is; the limits stay
          hookTimeout: 30 * MINUTE_MS,
          fileParallelism: false,
        },
      },
    ],
  },
});
