import { describe, expect, it } from 'vitest';
import type { TargetPorts } from '../../src/checks/connectivity/targets.ts';
import { listedSource } from '../../src/checks/object-source.ts';
import { parseCommandLine } from '../../src/cli/args.ts';
import { createPaint } from '../../src/cli/color.ts';
import { runDoctor } from '../../src/cli/doctor.ts';
import { doctorReportSchema } from '../../src/cli/doctor-report.schema.ts';
import type { DoctorReport } from '../../src/cli/doctor-report.types.ts';
import { renderDoctor } from '../../src/cli/doctor-table.ts';
import { renderJson } from '../../src/cli/json.ts';
import { configSchema, toConfig } from '../../src/config/schema.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type ClusterData, edited } from '../checks/cluster-data.ts';
import { ABROAD } from '../checks/connectivity/lines.ts';
import { fakeCloud } from '../checks/fake-cloud.ts';
import { REFERENCES } from '../checks/reference/all.ts';

const MAINLAND = REFERENCES['cce-overlay'];

async function doctor(cluster: ClusterData, targets?: TargetPorts): Promise<DoctorReport> {
  const options = parseCommandLine(['doctor']);
  if (options.command !== 'doctor') throw new Error('no doctor');
  return await runDoctor(
    options,
    toConfig(configSchema.parse({ cloud: { clusterId: cluster.cloud.cluster.id } })),
    {
      source: listedSource(cluster.objects, { description: 'test' }),
      context: undefined,
      openCloud: async () => fakeCloud(cluster.cloud),
      clock: systemClock,
      progress: () => undefined,
      targets,
    },
    AbortSignal.timeout(20_000),
  );
}

/** Two addresses of the first host, and what was asked. */
function network(): TargetPorts & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    resolve: async (host) => {
      asked.push(host);
      return host === 'npmmirror.com' ? ['47.96.1.1', '47.96.9.9'] : [];
    },
    answers: async () => true,
  };
}

describe('the line for cilium connectivity test, in what doctor says', () => {
  it('has the addresses that answer just now, in JSON as its schema says', async () => {
    const report = await doctor(MAINLAND, network());
    expect(report.connectivityTest?.command).toBe(
      'cilium connectivity test --external-ip 47.96.1.1 --external-other-ip 47.96.9.9 --external-cidr 47.96.0.0/16 --external-target npmmirror.com. --external-other-target mirrors.aliyun.com. --curl-insecure',
    );
    const output: unknown = JSON.parse(renderJson(report));
    expect(doctorReportSchema.parse(output)).toEqual(output);
  });

  it('stands at the end of the table, in one line whatever the width, with each reason', async () => {
    const report = await doctor(MAINLAND, network());
    const text = renderDoctor(report, { width: 60, paint: createPaint(false) }, false);
    const [title, line, ...reasons] = text.trimEnd().split('\n\n').at(-1)?.split('\n') ?? [];
    expect(title).toBe("Cilium's own test of this cluster:");
    expect(line).toBe(report.connectivityTest?.command);
    for (const { text: part, reason } of report.connectivityTest?.parts ?? []) {
      expect(reasons).toContain(`  ${part}`);
      expect(reasons.join(' ').replaceAll(/\s+/g, ' ')).toContain(reason);
    }
  });

  it('leaves tests by address out where nothing can be looked up, as for files', async () => {
    const report = await doctor(MAINLAND);
    expect(report.connectivityTest?.command).toContain("--test '!/pod-to-cidr'");
    expect(report.connectivityTest?.command).not.toContain('--external-ip');
  });

  it('asks no host outside of the Chinese mainland', async () => {
    const targets = network();
    const report = await doctor(edited(REFERENCES['tke-overlay'], ABROAD), targets);
    expect(report.connectivityTest).toEqual({ command: 'cilium connectivity test', parts: [] });
    expect(targets.asked).toEqual([]);
  });
});
