import { expect, test } from 'vitest';
import { startScene } from '../faults/scene.ts';
import { checkMetrics } from './promtool.ts';

test('promtool finds nothing to mend in what the controller serves', async () => {
  const scene = await startScene();
  await scene.change(5);
  await scene.inSync();
  const { status, text } = await scene.page('/metrics');
  expect(status).toBe(200);
  expect(text).toContain('cilium_cloud_bridge_actions_total{kind="publish-address",result="applied"} ');
  expect(await checkMetrics(text)).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('it would find a counter that is none', async () => {
  const { code, stdout, stderr } = await checkMetrics('# HELP a_total Something.\n# TYPE a_total gauge\na_total 1\n');
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain('_total');
});
