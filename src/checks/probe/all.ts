import type { Check } from '../check.types.ts';
import { probeNodes } from './probe-nodes.ts';
import { probePublished } from './probe-published.ts';
import { probeRan } from './probe-ran.ts';
import { probeShare } from './probe-share.ts';

/** What `--probe` adds to the checks. */
export const PROBE_CHECKS: readonly Check[] = [probeRan, probeNodes, probeShare, probePublished];
