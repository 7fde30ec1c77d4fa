// What one `doctor` of the program that is shipped costs, against fake clouds that take 50 ms an answer: `npm run bench:doctor`.
import { type AuditScene, huaweiAudit, LATENCY_MS, tencentAudit } from '../test/cli/audit-scene.ts';
import { BUNDLE, requireBundle } from './setting.ts';
import { describe, summarise } from './stats.ts';

const ROUNDS = 5;
/** Of the reference: 100 nodes, one load balancer, two security groups. Larger ones are only told. */
const TARGET = { calls: 15, seconds: 3, peakMiB: 150 };

interface Case {
  readonly what: string;
  readonly isTarget: boolean;
  readonly open: () => Promise<AuditScene>;
}

const CASES: readonly Case[] = [
  { what: 'Huawei Cloud, dedicated ELB, 100 nodes', isTarget: true, open: () => huaweiAudit(BUNDLE, { nodes: 100 }) },
  {
    what: 'Huawei Cloud, shared ELB, 100 nodes',
    isTarget: true,
    open: () => huaweiAudit(BUNDLE, { nodes: 100, kind: 'shared' }),
  },
  { what: 'Tencent Cloud, 100 nodes', isTarget: true, open: () => tencentAudit(BUNDLE, { nodes: 100 }) },
  { what: 'Huawei Cloud, 2,000 nodes', isTarget: false, open: () => huaweiAudit(BUNDLE, { nodes: 2_000 }) },
  { what: 'Tencent Cloud, 2,000 nodes', isTarget: false, open: () => tencentAudit(BUNDLE, { nodes: 2_000 }) },
];

requireBundle();
process.stdout.write(`doctor -o json, clouds answer after ${LATENCY_MS} ms; min / median / p90 / p99 / max\n`);
let missed = 0;
for (const { what, isTarget, open } of CASES) {
  const scene = await open();
  try {
    const audits = [];
    for (let round = 0; round < (isTarget ? ROUNDS : 1); round += 1) audits.push(await scene.audit());
    const calls = summarise(audits.map((audit) => Object.values(audit.calls).reduce((sum, n) => sum + n, 0)));
    const seconds = summarise(audits.map((audit) => audit.seconds));
    const peak = summarise(audits.map(({ peakMiB }) => peakMiB));
    const kube = summarise(audits.map(({ kubeCalls }) => kubeCalls));
    process.stdout.write(
      `\n${what}\n  cloud calls ${calls.max}, API server calls ${kube.max}\n` +
        `  time ${describe(seconds, 's')}\n  peak memory ${describe(peak, 'MiB')}\n`,
    );
    if (!isTarget) continue;
    const reached = calls.max <= TARGET.calls && seconds.median <= TARGET.seconds && peak.max <= TARGET.peakMiB;
    if (!reached) missed += 1;
    process.stdout.write(
      `  target ≤ ${TARGET.calls} calls, ≤ ${TARGET.seconds} s, ≤ ${TARGET.peakMiB} MiB: ${reached ? 'reached' : 'MISSED'}\n`,
    );
  } finally {
    await scene.stop();
  }
}
process.exitCode = missed === 0 ? 0 : 1;
