import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { freePort } from '../../control-plane/port.ts';
import { startProgram } from '../../control-plane/process.ts';
import { waitFor } from '../../control-plane/wait.ts';

/** One series of an answer. */
export interface Line {
  readonly labels: Readonly<Record<string, string>>;
  /** Unix seconds and value; where Prometheus has none, there is none. */
  readonly points: readonly (readonly [at: number, value: number])[];
}

export interface Range {
  /** Unix seconds. */
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** A real Prometheus that scrapes these targets from now on. */
export interface PrometheusServer {
  queryRange(query: string, range: Range): Promise<readonly Line[]>;
  stop(): Promise<void>;
}

export interface PrometheusWishes {
  /** Where it keeps what it has. */
  readonly dir: string;
  /** `127.0.0.1:9976` */
  readonly targets: readonly string[];
  readonly scrapeSeconds: number;
  readonly rulesFile: string;
}

const Answer = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), z.string()])) }),
    ),
  }),
});

export async function startPrometheus(wishes: PrometheusWishes): Promise<PrometheusServer> {
  const { dir, targets, scrapeSeconds, rulesFile } = wishes;
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(dir, 'prometheus.yaml');
  const every = `${scrapeSeconds}s`;
  // As the Prometheus Operator names the targets of a PodMonitor. JSON is YAML.
  const job = {
    job_name: 'cilium-cloud-bridge/cilium-cloud-bridge',
    static_configs: [{ targets, labels: { namespace: 'cilium-cloud-bridge' } }],
  };
  const content = {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: [rulesFile],
    scrape_configs: [job],
  };
  writeFileSync(config, JSON.stringify(content));
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(dir, 'tsdb')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ];
  const program = await startProgram('prometheus', { program: 'prometheus', args }, join(dir, 'prometheus.log'), []);
  await waitFor('Prometheus to be ready', async () => {
    if (!program.running()) throw new Error(program.logTail());
    return (await fetch(`http://${address}/-/ready`)).ok;
  });
  return {
    async queryRange(query, { from, to, step }) {
      const body = new URLSearchParams({ query, start: String(from), end: String(to), step: String(step) });
      const answer = await fetch(`http://${address}/api/v1/query_range`, { method: 'POST', body });
      if (!answer.ok) throw new Error(`${query}: ${await answer.text()}`);
      const { data } = Answer.parse(await answer.json());
      return data.result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([at, value]) => [at, numberOf(value)] as const),
      }));
    },
    stop: () => program.kill(),
  };
}

/** As Prometheus writes them: `NaN`, `+Inf`. */
function numberOf(value: string): number {
  return Number(value.replace('Inf', 'Infinity'));
}
