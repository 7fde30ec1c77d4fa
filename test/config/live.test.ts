import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openConfig, type ReloadNews } from '../../src/config/live.ts';
import type { ConfigOverrides } from '../../src/config/load.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Environment } from '../../src/lib/environment.ts';
import { recordLog } from '../kube/recorded-log.ts';

const TIMING = { pollMs: 20, settleMs: 60, goneMs: 300 };
/** Long enough for several looks at a file that has settled. */
const LONG_MS = 200;
const SLOW_POLL_MS = 60_000;
const GONE = 'there is no such file. Check the path given with --config and the rights of the file.';

interface Given {
  readonly text: string;
  readonly env?: Environment;
  readonly overrides?: ConfigOverrides;
  readonly pollMs?: number;
  /** Makes the file, and says where it is. */
  readonly place?: (dir: string, text: string) => string;
}

function plainFile(dir: string, text: string): string {
  const path = join(dir, 'config.yaml');
  writeFileSync(path, text);
  return path;
}

/** As the kubelet mounts a ConfigMap: config.yaml → ..data/config.yaml, ..data → a folder with the time. */
function swap(dir: string, generation: number, text: string): void {
  mkdirSync(join(dir, `..${generation}`));
  writeFileSync(join(dir, `..${generation}`, 'config.yaml'), text);
  symlinkSync(`..${generation}`, join(dir, '..data_tmp'));
  renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
  rmSync(join(dir, `..${generation - 1}`), { recursive: true, force: true });
}

function mounted(dir: string, text: string): string {
  swap(dir, 1, text);
  symlinkSync('..data/config.yaml', join(dir, 'config.yaml'));
  return join(dir, 'config.yaml');
}

function start({ text, env = {}, overrides = {}, pollMs = TIMING.pollMs, place = plainFile }: Given) {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-live-'));
  const path = place(dir, text);
  const live = openConfig({ overrides, env, path }, { ...TIMING, pollMs });
  const log = recordLog();
  const news: ReloadNews[] = [];
  const stop = new AbortController();
  let changes = 0;
  live.onChange(() => {
    changes += 1;
  });
  const tell = (one: ReloadNews): void => void news.push(one);
  const ended = live.follow({ clock: systemClock, logger: log, tell }, stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });
  return { dir, path, live, log, news, changes: () => changes, write: (next: string) => writeFileSync(path, next) };
}

const until = (what: () => void): Promise<void> => vi.waitFor(what, { timeout: 5_000, interval: 5 });

test('an edited file is in force, as a new and frozen object', async () => {
  const { live, write, log, news, changes } = start({ text: 'gateway: { exposure: auto }\n' });
  const before = live.current();
  write('gateway: { exposure: pod-ip }\nreadOnly: true\n');
  await until(() => expect(live.current().readOnly).toBe(true));
  expect(live.current().gateway.exposure).toBe('pod-ip');
  expect(before.gateway.exposure).toBe('auto');
  expect(Object.isFrozen(live.current().gateway.managed.allowedNamespaces)).toBe(true);
  expect(log.messages('info')).toEqual(['the configuration has changed, and is in force']);
  expect(news).toEqual([{ kind: 'applied', keys: ['readOnly', 'gateway.exposure'] }]);
  expect(changes()).toBe(1);
  expect(live.state()).toMatchObject({ ok: true, waiting: [] });
  expect(live.state().changedAt).toBeGreaterThan(Date.now() - 60_000);
});

test.each([TIMING.pollMs, SLOW_POLL_MS])(
  'the link of a mounted ConfigMap is followed, looking each %i ms',
  async (pollMs) => {
    const { dir, live } = start({ text: 'readOnly: false\n', place: mounted, pollMs });
    await pause(50); // the watch of the folder is there
    swap(dir, 2, 'readOnly: true\n');
    await until(() => expect(live.current().readOnly).toBe(true));
    swap(dir, 3, 'readOnly: false\n');
    await until(() => expect(live.current().readOnly).toBe(false));
  },
);

test('a file that is put in the place of the other is followed', async () => {
  const { dir, path, live } = start({ text: 'readOnly: false\n' });
  writeFileSync(join(dir, 'next'), 'readOnly: true\n');
  renameSync(join(dir, 'next'), path);
  await until(() => expect(live.current().readOnly).toBe(true));
});

test('a file behind a link to another folder is followed by looking', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'ccb-elsewhere-'));
  onTestFinished(() => rmSync(elsewhere, { recursive: true, force: true }));
  const place = (dir: string, text: string): string => {
    symlinkSync(plainFile(elsewhere, text), join(dir, 'config.yaml'));
    return join(dir, 'config.yaml');
  };
  const { live } = start({ text: 'readOnly: false\n', place });
  plainFile(elsewhere, 'readOnly: true\n');
  await until(() => expect(live.current().readOnly).toBe(true));
});

test('a file that is being written counts only once it stays as it is', async () => {
  const { live, write, changes } = start({ text: 'readOnly: true\nholdOff: { reverts: 5 }\n' });
  const whole = `readOnly: true\nholdOff: { reverts: 6 }\n${'# a long comment\n'.repeat(30)}`;
  for (let end = 0; end <= whole.length; end += 20) {
    write(whole.slice(0, end));
    await pause(5);
    expect(live.current().readOnly).toBe(true);
  }
  write(whole);
  await until(() => expect(live.current().holdOff.reverts).toBe(6));
  expect(changes()).toBe(1);
});

test('a file that vanishes for a moment changes nothing and says nothing', async () => {
  const { path, live, write, log } = start({ text: 'readOnly: true\n' });
  unlinkSync(path);
  await pause(TIMING.goneMs / 2);
  write('readOnly: true\n');
  await pause(2 * TIMING.goneMs);
  expect(live.current().readOnly).toBe(true);
  expect(log.lines).toEqual([]);
});

test('a file that stays away is told once, and what was good stays in force', async () => {
  const { path, live, write, log, news } = start({ text: 'readOnly: true\n' });
  unlinkSync(path);
  await until(() => expect(live.state().ok).toBe(false));
  await pause(LONG_MS);
  expect(live.current().readOnly).toBe(true);
  expect(log.messages('error')).toEqual(['the configuration file cannot be used: what was good before stays in force']);
  expect(log.lines[0]?.fields.problems).toEqual([GONE]);
  expect(news).toEqual([{ kind: 'refused', message: `${path}: ${GONE}` }]);
  write('readOnly: true\n');
  await until(() => expect(live.state().ok).toBe(true));
  expect(log.messages('info')).toEqual(['the configuration file can be used again']);
});

test('a wrong file is told once with all its mistakes, again when they change, and nothing of it is in force', async () => {
  const { live, write, log } = start({ text: 'holdOff: { reverts: 5 }\n' });
  write('readOnly: true\ngateway: { exposre: auto }\nresync: 5\n');
  await until(() => expect(log.messages('error')).toHaveLength(1));
  await pause(LONG_MS);
  expect(log.messages('error')).toHaveLength(1);
  expect(log.lines[0]?.fields.problems).toEqual([
    'line 2, gateway.exposre: no such key. Did you mean exposure?',
    'line 3, resync: 5 has no unit. Write 5s for seconds or 5m for minutes.',
  ]);
  expect(live.current()).toMatchObject({ readOnly: false, holdOff: { reverts: 5 } });
  write('readOnly: true\nresync: 5\n');
  await until(() => expect(log.messages('error')).toHaveLength(2));
  write('readOnly: true\n');
  await until(() => expect(live.current()).toMatchObject({ readOnly: true, holdOff: { reverts: 3 } }));
});

test.each(['', '\n\n', '# readOnly: true\n---\n'])(
  '%j in the place of something is no wish for all the defaults',
  async (nothing) => {
    const { live, write, log } = start({ text: 'readOnly: true\n' });
    write(nothing);
    await until(() =>
      expect(log.lines[0]?.fields.problems).toEqual(['is empty now. Write {} where all the defaults are meant.']),
    );
    expect(live.current().readOnly).toBe(true);
    write('{}');
    await until(() => expect(live.current().readOnly).toBe(false));
  },
);

test('what needs a restart waits for it, told once, while the rest is in force', async () => {
  const { live, write, log, news } = start({ text: 'lease: { name: one }\n' });
  write('lease: { name: two }\ncloud: { region: cn-north-4, nonMasqueradeCidrs: [10.0.0.0/8] }\nlogLevel: debug\n');
  await until(() => expect(live.current().logLevel).toBe('debug'));
  expect(live.current()).toMatchObject({
    lease: { name: 'one' },
    cloud: { region: undefined, nonMasqueradeCidrs: ['10.0.0.0/8'] },
  });
  expect(news).toEqual([
    { kind: 'applied', keys: ['cloud.nonMasqueradeCidrs', 'logLevel'] },
    { kind: 'restart', keys: ['cloud.region', 'lease.name'] },
  ]);
  expect(log.messages('warn')).toEqual(['the configuration has changed: these keys need a restart']);
  expect(live.state().waiting).toEqual(['cloud.region', 'lease.name']);
  write('lease: { name: two }\ncloud: { region: cn-north-4 }\nlogLevel: debug\n');
  await until(() => expect(live.current().cloud.nonMasqueradeCidrs).toEqual([]));
  expect(log.messages('warn')).toHaveLength(1);
  write('lease: { name: one }\nlogLevel: debug\n');
  await until(() => expect(live.state().waiting).toEqual([]));
  expect(news.at(-1)).toEqual({ kind: 'restart', keys: [] });
});

test('flags and environment go on winning', async () => {
  const overrides: ConfigOverrides = { adopt: { mode: 'auto' }, logLevel: 'warn' };
  const { live, write } = start({ text: 'readOnly: true\n', env: { CCB_TAINTS_MAX_PERCENT: '7' }, overrides });
  write('gateway: { adopt: annotated }\nlogLevel: trace\ntaints: { maxPercent: 50 }\n');
  await until(() => expect(live.current().readOnly).toBe(false));
  expect(live.current()).toMatchObject({
    gateway: { adopt: { mode: 'auto' } },
    logLevel: 'warn',
    taints: { maxPercent: 7 },
  });
});

test('a comment is no change', async () => {
  const { live, write, log, changes } = start({ text: 'readOnly: true\n' });
  const before = live.current();
  write('readOnly: true # for now\n');
  await pause(LONG_MS);
  expect(live.current()).toBe(before);
  expect([log.lines, changes()]).toEqual([[], 0]);
});

test('a pipe gives what it holds once, and is not followed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-pipe-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
  const writer = spawn('sh', ['-c', 'echo "readOnly: true" > "$0"', path]);
  const live = openConfig({ overrides: {}, env: {}, path }, TIMING);
  await once(writer, 'close');
  const log = recordLog();
  await live.follow({ clock: systemClock, logger: log, tell: () => undefined }, new AbortController().signal);
  expect(live.current().readOnly).toBe(true);
  expect(log.messages('info')).toEqual(['the configuration cannot be read twice, and is not followed']);
  expect(live.state().ok).toBe(true);
});
