import { expect, it } from 'vitest';
import { startScene } from './scene.ts';
import { writesOf } from './write-log.ts';

/** The configuration file, changed under the running program. */

const IN_FORCE = 'the configuration has changed, and is in force';
const REFUSED = 'the configuration file cannot be used: what was good before stays in force';

it('consent to write that is taken back holds at once, and what waited is written when it is given again', async () => {
  const scene = await startScene();
  await scene.inSync();
  scene.configure('readOnly: true');
  await expect.poll(() => scene.log.messages('info'), { timeout: 20_000 }).toContain(IN_FORCE);
  const before = writesOf(scene.api.requests).length;
  await scene.change(20);
  await scene.pass(60_000);
  expect(writesOf(scene.api.requests)).toHaveLength(before);
  scene.configure('readOnly: false');
  await scene.inSync();
  await scene.endsWell({ base: 200, aMinute: 150 });
});

it('a file full of mistakes stops nothing, and is told once', async () => {
  const scene = await startScene();
  await scene.inSync();
  scene.configure('readOnly: true\ngateway: { exposre: auto }\nlease: nothing');
  await expect.poll(() => scene.log.messages('error'), { timeout: 20_000 }).toEqual([REFUSED]);
  await scene.change(10);
  await scene.inSync();
  await scene.pass(60_000);
  expect(scene.log.messages('error')).toEqual([REFUSED]);
  await scene.endsWell({ base: 150, aMinute: 100 });
});
