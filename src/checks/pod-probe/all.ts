import type { Check } from '../check.types.ts';
import { podProbeDns } from './pod-probe-dns.ts';
import { podProbeExit } from './pod-probe-exit.ts';
import { podProbeNodes } from './pod-probe-nodes.ts';
import { podProbeRan } from './pod-probe-ran.ts';

/** What `--probe-pods` adds to the checks. */
export const POD_PROBE_CHECKS: readonly Check[] = [podProbeRan, podProbeDns, podProbeNodes, podProbeExit];
