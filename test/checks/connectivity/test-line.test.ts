import { describe, expect, it } from 'vitest';
import { connectivityTestOf, wantsTargets } from '../../../src/checks/connectivity/test-line.ts';
import { edited, patch } from '../cluster-data.ts';
import { REFERENCES } from '../reference/all.ts';
import { worldOf } from '../world-of.ts';
import { ABROAD, LINE_CASES, linesOf, TARGETS } from './lines.ts';

describe('the line for cilium connectivity test', () => {
  it.each(LINE_CASES)('is for $name', async (one) => {
    const { line, twin } = await linesOf(one);
    const texts = line.parts.map(({ text }) => text);
    const before = twin.parts.map(({ text }) => text);
    expect(texts.filter((text) => !before.includes(text))).toEqual(one.has);
    expect(before.filter((text) => !texts.includes(text))).toEqual(one.twinHas ?? []);
  });

  it.each(LINE_CASES)('is one line, of its parts in their order, each with a reason: $name', async (one) => {
    const { line } = await linesOf(one);
    expect(line.command).not.toMatch(/[\n\r]/);
    const places = line.parts.map(({ text }) => line.command.indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(line.parts.filter(({ reason }) => !/^[A-Z0-9].{20,}\.$/.test(reason))).toEqual([]);
    const bare = line.parts.reduce((rest, { text }) => rest.replace(text, ''), line.command);
    expect(bare.replaceAll('&&', '').replaceAll(/\s+/g, ' ').trim()).toBe('cilium connectivity test');
  });

  it('is the bare command where nothing is special', async () => {
    const world = await worldOf(edited(REFERENCES['tke-overlay'], ABROAD));
    expect(wantsTargets(world)).toBe(false);
    expect(connectivityTestOf(world, TARGETS)).toEqual({ command: 'cilium connectivity test', parts: [] });
  });

  it('names the namespace where Cilium is in another one', async () => {
    const world = await worldOf(edited(REFERENCES['tke-overlay'], ABROAD), {
      config: { cilium: { namespace: 'cilium' }, cloud: { region: 'ap-singapore' } },
    });
    expect(connectivityTestOf(world, TARGETS).command).toBe('cilium connectivity test --namespace cilium');
  });

  it.each([
    [{ TKE_REGION: 'ap-shanghai-fsi' }, true],
    [{ TKE_REGION: 'ap-chengdu' }, true],
    [{ TKE_REGION: 'ap-hongkong' }, false],
    [{ TKE_REGION: 'na-siliconvalley' }, false],
  ])('knows the region %j without asking the cloud', async (data, isMainland) => {
    const cluster = patch('ConfigMap kube-system/tke-config', { data })(REFERENCES['tke-overlay']);
    const world = await worldOf({ ...cluster, cloud: { ...cluster.cloud, region: '' } });
    expect(wantsTargets(world)).toBe(isMainland);
  });
});
