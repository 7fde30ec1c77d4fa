import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { checkPreconditions } from './preconditions.ts';
import { removeLeftovers } from './traces.ts';

const Made = z.object({
  namespaces: z.array(z.string()),
  cgroups: z.array(z.string()),
  dirs: z.array(z.string()),
  pids: z.array(z.number()),
});

beforeAll(() => checkPreconditions());

test('what a killed run left behind is removed by the next one; what belongs to a living run stays', async () => {
  const owner = spawn(process.execPath, [fileURLToPath(new URL('traces-owner.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: readonly unknown[] = await once(createInterface(owner.stdout), 'line');
  const { namespaces, cgroups, dirs, pids } = Made.parse(JSON.parse(String(said[0])));
  const paths = [
    ...namespaces.map((name) => `/run/netns/${name}`),
    ...cgroups,
    ...dirs,
    ...pids.map((pid) => `/proc/${pid}/exe`), // a process that has ended, but not been waited for, has none
  ];

  removeLeftovers();
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);

  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(removeLeftovers()).toEqual([`removed what process ${owner.pid} left behind (ccb-${owner.pid}-1)`]);
  expect(paths.filter((path) => existsSync(path))).toEqual([]);
});
