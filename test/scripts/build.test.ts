import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { versionGuard } from '../../scripts/build-parts.ts';
import { programVersion } from '../../src/cli/version.ts';

const run = promisify(execFile);

describe('the bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cilium-cloud-bridge-build-'));
  const file = join(folder, 'cilium-cloud-bridge.js');

  beforeAll(async () => {
    await run(process.execPath, ['scripts/build.ts', '--outfile', file]);
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  it('is one ASCII file that begins with the version check and ends with licenses', () => {
    const text = readFileSync(file, 'utf8');
    const lines = text.split('\n');
    expect(lines[0]).toBe('#!/usr/bin/env node');
    expect(lines[2]).toBe('(function () {');
    expect(text).toMatch(/\nzod@[\d.]+ \(MIT\)\n[\s\S]*\*\/\n$/);
    expect([...text].find((character) => character > '~')).toBeUndefined();
  });

  it.each([
    ['alone', undefined],
    ['in an ES module package', '{"type":"module"}'],
    ['in a CommonJS package', '{"type":"commonjs"}'],
  ])('runs %s, with the version of the build', async (_, manifest) => {
    const path = join(folder, 'package.json');
    if (manifest === undefined) {
      rmSync(path, { force: true });
    } else {
      writeFileSync(path, manifest);
    }
    const { stdout, stderr } = await run(process.execPath, [file, '--version'], { cwd: folder });
    expect({ stdout, stderr }).toEqual({ stdout: `${programVersion()}\n`, stderr: '' });
  });

  it('answers a wrong flag in one line with exit code 1', async () => {
    await expect(run(process.execPath, [file, '--onec'])).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'command line: --onec: no such flag. Did you mean --once?\n',
    });
  });

  it.each([
    ['a token', { token: 'hunter2' }],
    ['an exec plugin', { exec: execPlugin('hunter2') }],
  ])('gets as far as the connection with %s, without the parts that were left out', async (_, user) => {
    const kubeconfig = join(folder, 'kubeconfig.json');
    writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(user)));
    const failure = await run(process.execPath, [file, '--once', '--dry-run', '--kubeconfig', kubeconfig]).then(
      () => undefined,
      (error: unknown) => z.object({ code: z.number(), stdout: z.string(), stderr: z.string() }).parse(error),
    );
    expect(failure).toMatchObject({ code: 1, stdout: '' });
    expect(failure?.stderr).toContain('127.0.0.1:1');
    expect(failure?.stderr).not.toMatch(/hunter2|bundle/);
  });
});

/** A cluster at a port where nobody listens. */
function kubeconfigOf(user: object): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'a',
    contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1', 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user }],
  };
}

function execPlugin(token: string): object {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const credential = JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token } });
  const program = `process.stdout.write(${JSON.stringify(credential)})`;
  return { apiVersion, command: process.execPath, args: ['-e', program], interactiveMode: 'Never' };
}

describe('versionGuard', () => {
  /** What a Node of that version prints and ends with; undefined when it goes on. */
  function guard(version: string): { readonly line: string; readonly code: number } | undefined {
    const said: { line?: string; code?: number } = {};
    runInNewContext(versionGuard('>=22.19'), {
      console: { error: (line: string) => Object.assign(said, { line }) },
      process: {
        versions: { node: version },
        execPath: '/usr/bin/node',
        exit: (code: number) => Object.assign(said, { code }),
      },
    });
    return said.line === undefined ? undefined : { line: said.line, code: said.code ?? -1 };
  }

  it.each(['22.19.0', '22.20.1', '24.0.0', '26.10.0'])('lets Node %s go on', (version) => {
    expect(guard(version)).toBeUndefined();
  });

  it.each(['18.0.0', '20.20.2', '22.18.9'])('stops Node %s with one line', (version) => {
    expect(guard(version)).toEqual({
      line: `cilium-cloud-bridge needs Node.js 22.19 or newer, and this is ${version} (/usr/bin/node). Install a newer one from https://nodejs.org.`,
      code: 1,
    });
  });

  it('refuses a range that it can not check', () => {
    expect(() => versionGuard('^22')).toThrow('engines.node in package.json must look like >=22.19, not ^22');
  });
});
