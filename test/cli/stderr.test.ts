import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

it('what a file says reaches the terminal without control characters', { timeout: 60_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-stderr-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'kubeconfig');
  writeFileSync(path, JSON.stringify({ 'current-context': '\u001b[2J\u009b2J\u202e', contexts: [] }));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', '--once', '--kubeconfig', path], {
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toBe(`${path}: there is no context "\\u001b[2J\\u009b2J\\u202e". The file has no contexts.\n`);
});
