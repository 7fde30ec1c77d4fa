import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { leaseIdentity } from '../../src/cli/identity.ts';

/** What a process of its own says; it lives until it is killed. */
async function inAnotherProcess(
  env: Readonly<Record<string, string>>,
): Promise<{ said: string; kill: () => Promise<void> }> {
  const url = new URL('../../src/cli/identity.ts', import.meta.url).href;
  const script = `const { leaseIdentity } = await import(${JSON.stringify(url)});
    console.log(await leaseIdentity(process.env)); setInterval(() => undefined, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, ...env } });
  const said = await new Promise<string>((resolve) =>
    child.stdout.once('data', (line) => resolve(String(line).trim())),
  );
  const kill = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { said, kill };
}

it('is the Pod, the same after its container was started anew, and never that of two at a time', async () => {
  const pod = { POD_NAME: 'ccb-7d9f', POD_UID: randomUUID() };
  const first = await inAnotherProcess(pod);
  const second = await inAnotherProcess(pod);
  await first.kill();
  const anew = await inAnotherProcess(pod);
  await Promise.all([second.kill(), anew.kill()]);
  const name = `${pod.POD_NAME}_${pod.POD_UID}`;
  expect([first.said, anew.said]).toEqual([name, name]);
  expect(second.said).toMatch(new RegExp(`^${name}_[0-9a-f]{8}$`));
});

it.each([{}, { POD_NAME: 'ccb-7d9f' }, { POD_UID: '5f0c' }, { POD_NAME: '', POD_UID: '' }])(
  'is another one for each process where the Pod is not known for certain: %o',
  async (env) => {
    expect(await leaseIdentity(env)).toMatch(new RegExp(`^${hostname()}_[0-9a-f]{8}$`));
    expect(await leaseIdentity(env)).not.toBe(await leaseIdentity(env));
  },
);
