import { expect, it } from 'vitest';
import { ENVOY_CONFIGS, GATEWAYS, NODES, PODS, SERVICES } from '../../src/kube/resources.ts';
import type { Fault, WatchMessage } from '../fake-api/faults.ts';
import type { RecordedRequest } from '../fake-api/requests.ts';
import type { Random } from '../random.ts';
import { isList, isListOf, isPlannedWrite, isWatch } from './requests.ts';
import { type Scene, startScene } from './scene.ts';
import { isOurs } from './write-log.ts';

/** Troubles come together: several of these at the same time, by chance, again and again. */

/** Begins; `undefined`, or what it does to a request from then on. */
type Trouble = (scene: Scene) => ((request: RecordedRequest, random: Random) => Fault | undefined) | undefined;

const STATUSES = [401, 408, 410, 429, 500, 502, 503, 504];

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'lists fail': () => (request, random) =>
    isList(request) && random.percent(60) ? { kind: 'answer', status: random.pick(STATUSES) } : undefined,
  'lists are slow': () => (request, random) =>
    isList(request) ? { kind: 'delay', ms: random.pick([200, 2_000, 20_000, 40_000]) } : undefined,
  'lists are cut off': () => (request, random) =>
    isList(request) && random.percent(60)
      ? { kind: 'cut', afterBytes: random.below(2_000), how: random.pick(['truncate', 'close', 'reset', 'hang']) }
      : undefined,
  'lists are empty': ({ random }) => {
    const isThese = isListOf(random.pick([GATEWAYS, SERVICES, ENVOY_CONFIGS, NODES, PODS]));
    // Half of them at most: what is empty for ten seconds, and never anything else, is empty.
    let odd = false;
    return (request) => {
      if (!isThese(request)) return undefined;
      odd = !odd;
      return odd ? { kind: 'list', transform: () => [] } : undefined;
    };
  },
  'watches are refused': () => (request, random) =>
    isWatch(request) && random.percent(60)
      ? {
          kind: 'answer',
          status: random.pick(STATUSES),
          ...(random.percent(50) ? { cut: { afterBytes: 9, how: random.pick(['truncate', 'reset', 'hang']) } } : {}),
        }
      : undefined,
  'watches are cut off': () => (request, random) =>
    isWatch(request) && random.percent(70)
      ? { kind: 'cut', afterBytes: random.below(900), how: random.pick(['truncate', 'close', 'reset', 'hang']) }
      : undefined,
  'watches are half open': ({ api }) => {
    for (const watch of api.openWatches()) watch.freeze();
    return undefined;
  },
  'versions are forgotten': ({ api }) => {
    api.advance(1);
    api.compact();
    api.closeWatches();
    return undefined;
  },
  'writes are refused': () => (request, random) =>
    isPlannedWrite(request) && random.percent(70)
      ? {
          kind: 'answer',
          status: random.pick([409, ...STATUSES]),
          headers: { 'retry-after': random.pick(['0', '3']) },
        }
      : undefined,
  'answers to writes are lost': () => (request, random) =>
    isPlannedWrite(request) && random.percent(70)
      ? { kind: 'cut', afterBytes: random.below(40), how: random.pick(['reset', 'truncate', 'close', 'hang']) }
      : undefined,
  'others write in between':
    ({ cluster }) =>
    (request, random) => {
      if (isPlannedWrite(request) && random.percent(50)) cluster.touch(request);
      return undefined;
    },
  'nothing is answered': () => (request, random) =>
    isOurs(request) && random.percent(20) ? { kind: 'drop', how: random.pick(['reset', 'hang']) } : undefined,
  'answers are garbage': () => (request, random) =>
    isOurs(request) && random.percent(30)
      ? { kind: 'answer', status: 200, body: random.pick(['', 'null', '{}', '<html>', '{"kind":"Status"}']) }
      : undefined,
  'events come twice and late': ({ interceptEvents }) => {
    const late = new Map<RecordedRequest, WatchMessage>();
    interceptEvents((event, watch, random) => {
      const before = late.get(watch);
      late.delete(watch);
      if (random.percent(30)) late.set(watch, event);
      return [event, ...(random.percent(30) ? [event] : []), ...(before === undefined ? [] : [before])];
    });
    return undefined;
  },
  'the clock jumps': ({ clock, random }) => {
    clock.jump(random.pick([3_600_000, -3_600_000, 86_400_000, -86_400_000, 20_000, -20_000]));
    return undefined;
  },
  'the token changes': ({ api, random, kubeconfig }) => {
    const token = `token-${random.below(1_000_000)}`;
    api.access.addToken(token);
    api.writeKubeconfig(kubeconfig, { token });
    return undefined;
  },
};

it.each([1, 2, 3, 4])('several at the same time, round %i', async () => {
  const scene = await startScene({ token: 'first', config: 'resync: 30s' });
  const { api, random } = scene;
  const told: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    const names = Array.from({ length: 3 }, () => random.pick(Object.keys(TROUBLES)));
    told.push(names.join(', '));
    for (const name of names) {
      const trouble = TROUBLES[name]?.(scene);
      if (trouble !== undefined) scene.intercept(trouble);
    }
    if (random.percent(50)) api.closeWatches();
    await scene.change(4);
    await scene.pass(random.below(15_000));
    if (random.percent(50)) api.faults.clear();
  }
  api.faults.clear();
  await expect(scene.endsWell({ base: 900, aMinute: 600 }), told.join('; ')).resolves.toBeUndefined();
});
