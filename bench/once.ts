import { describe, type Result, summarise } from './stats.ts';
import { makeEntrypoint, makeGateway, runOnce, type World } from './world.ts';

const GATEWAYS = 10;
const ROUNDS = 7;

/** `--once --wait 0` on ten Gateways: the first run writes, the others look. */
export async function oncePass({ cluster }: World): Promise<Result[]> {
  for (let index = 0; index < GATEWAYS; index += 1) {
    await makeGateway(cluster, `once-${index}`);
    await makeEntrypoint(cluster, `once-${index}`, `203.0.113.${index + 100}`);
  }
  const args = ['--once', '--yes', '--wait', '0s', '-o', 'json'];
  const first = await runOnce(cluster, args);
  const runs = [first];
  for (let round = 1; round < ROUNDS; round += 1) runs.push(await runOnce(cluster, args));
  const seconds = summarise(runs.map((run) => run.seconds));
  const peak = summarise(runs.map((run) => run.peakMiB));
  return [
    {
      what: '--once on 10 Gateways, without its wait',
      figures: [
        `the run that writes: ${first.seconds.toFixed(2)} s, exit ${first.code}`,
        `all: ${describe(seconds, 's')}`,
      ],
      target: '≤ 1 s',
      reached: seconds.median <= 1 && first.seconds <= 1.5,
    },
    {
      what: 'its peak memory',
      figures: [describe(peak, 'MiB')],
      target: '≤ 110 MiB',
      reached: peak.max <= 110,
    },
  ];
}
