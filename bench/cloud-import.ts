// Loads the code of one cloud as its first request does, and prints what that cost: `node <bundle> huawei|tencent|none`.

import { systemClock } from '../src/lib/clock.ts';
import { createCloudAgents } from '../src/providers/agents.ts';
import { CloudError } from '../src/providers/errors.ts';
import { CLOUDS } from '../src/providers/table.ts';

/** Nobody listens there: the request is made, and fails. */
const NOWHERE = 'http://127.0.0.1:1';
const KEYS = {
  HUAWEICLOUD_SDK_AK: 'of-a-bench',
  HUAWEICLOUD_SDK_SK: 'of-a-bench',
  TENCENTCLOUD_SECRET_ID: 'of-a-bench',
  TENCENTCLOUD_SECRET_KEY: 'of-a-bench',
};
const BYTES_A_MB = 1024 * 1024;

async function load(name: string | undefined): Promise<void> {
  if (name !== 'huawei' && name !== 'tencent') return;
  const agents = createCloudAgents({});
  const common = {
    region: 'cn-north-4',
    endpoints: { suffix: '', overrides: { elb: NOWHERE, clb: NOWHERE } },
    agents,
    clock: systemClock,
  };
  const { reader } = await CLOUDS[name].open({
    credentials: { ...common, env: KEYS, secretDirectory: '', instanceRole: false },
    reader: { ...common, projectId: 'p' },
    createCaller: () => ({
      call: async (request, signal) => {
        const { value } = await request.send(signal);
        return { value, from: [] };
      },
    }),
  });
  await reader.loadBalancer('of-a-bench', new AbortController().signal).catch((error: unknown) => {
    if (!(error instanceof CloudError) || error.details.category !== 'unavailable') throw error;
  });
}

const rss = process.memoryUsage().rss;
const startedAt = performance.now();
await load(process.argv[2]);
const ms = performance.now() - startedAt;
process.stdout.write(`${JSON.stringify({ ms, rssMb: (process.memoryUsage().rss - rss) / BYTES_A_MB })}\n`);
