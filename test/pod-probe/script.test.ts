import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Measure } from '../../src/pod-probe/pod-probe.types.ts';
import { readMessage } from '../../src/pod-probe/read-message.ts';
import { SCRIPT } from '../../src/pod-probe/script.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ccb-script-'));
  mkdirSync(join(dir, 'bin'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const EXPECTED: readonly Pick<Measure, 'what' | 'subject'>[] = [
  { what: 'cluster-dns', subject: 'kubernetes.default.svc.cluster.local' },
  { what: 'public-dns', subject: 'one.example.com' },
  { what: 'https', subject: '203.0.113.1' },
  { what: 'node', subject: '10.0.0.1' },
];

/** Runs the script in a real shell with these tools only: each a shell script that ends so. */
function run(tools: Readonly<Record<string, string>>): readonly Measure[] | undefined {
  for (const [name, body] of Object.entries(tools)) {
    writeFileSync(join(dir, 'bin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }
  symlinkSync('/bin/sh', join(dir, 'bin', 'sh'));
  const out = join(dir, 'message');
  const list = (what: Measure['what']): string =>
    EXPECTED.filter((one) => one.what === what)
      .map(({ subject }) => subject)
      .join(' ');
  execFileSync('/bin/sh', ['-c', SCRIPT], {
    env: {
      PATH: join(dir, 'bin'),
      OUT: out,
      CLUSTER_NAME: list('cluster-dns'),
      PUBLIC_NAMES: list('public-dns'),
      TARGETS: list('https'),
      NODES: list('node'),
    },
  });
  return readMessage(readFileSync(out, 'utf8'), EXPECTED);
}

function told(measures: readonly Measure[] | undefined): unknown {
  return measures?.map(({ what, result, by }) => `${what} ${result} ${by}`);
}

describe('the script in the Pod', () => {
  it('measures with getent, curl and ping', () => {
    expect(told(run({ getent: 'exit 0', curl: 'exit 0', ping: 'exit 0' }))).toEqual([
      'cluster-dns ok getent',
      'public-dns ok getent',
      'https ok curl',
      'node ok ping',
    ]);
  });

  it('takes what fails for failed', () => {
    expect(told(run({ nslookup: 'exit 1', curl: 'exit 28', ping: 'exit 1' }))).toEqual([
      'cluster-dns failed nslookup',
      'public-dns failed nslookup',
      'https failed curl',
      'node failed tcp',
    ]);
  });

  it('takes a TLS answer without a page for the way out, and a refused connection for the way to a node', () => {
    const curl = 'case "$*" in *:10250/*) echo "curl: (7) Connection refused" >&2; exit 7;; *) exit 35;; esac';
    expect(told(run({ getent: 'exit 2', curl, ping: 'exit 2' }))).toEqual([
      'cluster-dns failed getent',
      'public-dns failed getent',
      'https ok curl',
      'node ok tcp',
    ]);
  });

  it('connects by bash where there is no curl', () => {
    const bash = 'case "$*" in *10250) echo "bash: Connection refused" >&2; exit 1;; *) exit 0;; esac';
    expect(told(run({ getent: 'exit 0', bash }))).toEqual([
      'cluster-dns ok getent',
      'public-dns ok getent',
      'https ok tcp',
      'node ok tcp',
    ]);
  });

  it('says that nothing could be measured where the image has no tool', () => {
    expect(told(run({}))).toEqual(EXPECTED.map(({ what }) => `${what} unmeasured none`));
  });
});

describe('readMessage', () => {
  const line = (what: string, rest = 'ok curl'): string => `ccb1 ${what} ${rest}`;
  const whole = [
    'ccb1 begin - ok none',
    ...EXPECTED.map(({ what, subject }) => line(`${what} ${subject}`)),
    'ccb1 end - ok none',
  ];

  it.each([
    ['an empty one', []],
    ['one without its end', whole.slice(0, -1)],
    ['one without a measurement', whole.toSpliced(2, 1)],
    ['one with a measurement twice', whole.toSpliced(2, 0, whole[2] ?? '')],
    ['one with a line of its own', whole.toSpliced(2, 0, 'sh: timeout: not found')],
    ['one with another result', whole.with(2, line('public-dns one.example.com', 'perhaps curl'))],
    ['one with control characters', whole.with(2, line('public-dns one.example.com\u001B[2J'))],
  ])('does not believe %s', (_, lines) => {
    expect(readMessage(`${whole.join('\n')}\n`, EXPECTED)).toHaveLength(4);
    expect(readMessage(`${lines.join('\n')}\n`, EXPECTED)).toBeUndefined();
  });
});
