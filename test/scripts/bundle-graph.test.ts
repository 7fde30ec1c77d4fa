import { beforeAll, expect, test } from 'vitest';
import { type BundleGraph, bundleGraph } from '../../scripts/bundle-graph.ts';

const HUAWEI = 'src/providers/huawei/index.ts';
const METRICS = 'src/metrics/metrics.ts';
const TENCENT = 'src/providers/tencent/index.ts';

let graph: BundleGraph;
beforeAll(async () => {
  graph = await bundleGraph('src/main.ts');
}, 60_000);

function among(paths: ReadonlySet<string>, what: RegExp): string[] {
  return [...paths].filter((path) => what.test(path));
}

test('the program starts without the code of any cloud', () => {
  const ofClouds = /src\/providers\/(?:huawei|tencent)\/|@huaweicloud|tencentcloud-sdk|\/axios\/|\/moment\/|\/lodash\//;
  expect(among(graph.loadedBy('src/main.ts'), ofClouds)).toEqual([]);
  expect(among(graph.loadedBy('src/main.ts'), /^src\/providers\//)).toContain('src/providers/table.ts');
});

test('the program starts without the library of its metrics, which only the controller loads', () => {
  expect(among(graph.loadedBy('src/main.ts'), /prom-client|@opentelemetry|^src\/metrics\/(?!metrics\.types)/)).toEqual(
    [],
  );
  expect(among(graph.neededBy(METRICS), /node_modules\/prom-client\//).length).toBeGreaterThan(3);
});

test('both clouds are in the bundle, each loaded when it is needed', () => {
  expect(graph.lazy.toSorted()).toEqual([METRICS, HUAWEI, TENCENT]);
  expect(among(graph.neededBy(HUAWEI), /@huaweicloud\/huaweicloud-sdk-core\//).length).toBeGreaterThan(3);
  expect(among(graph.neededBy(TENCENT), /tencentcloud-sdk-nodejs\//).length).toBeGreaterThan(3);
});

test('neither loads anything of the other', () => {
  expect(among(graph.neededBy(HUAWEI), /src\/providers\/tencent\/|tencentcloud/)).toEqual([]);
  expect(
    among(graph.neededBy(TENCENT), /src\/providers\/huawei\/|@huaweicloud|\/axios\/|\/moment\/|\/lodash\//),
  ).toEqual([]);
});
