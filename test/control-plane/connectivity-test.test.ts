import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { LINE_CASES, linesOf } from '../checks/connectivity/lines.ts';
import { moduleDir } from './go.ts';

/*
 * The line that doctor prints, held to cilium-cli's own source. Cilium's release branches leave that folder out; of the
 * versions with it this is the newest that the module proxy has.
 */
const RELEASE = '1.18.0-pre.3';
/** Flags that came later, as their reason says: cilium-cli 0.19.4 has an image of the echo server. */
const NEWER = ['echo-image'];

/** `<test>/<scenario>` of every scenario: what filters are matched against. */
let scenarios: readonly string[];
let flags: ReadonlySet<string>;
let lines: readonly string[];

beforeAll(async () => {
  const cli = join(await moduleDir('github.com/cilium/cilium', RELEASE), 'cilium-cli');
  flags = flagsIn(cli);
  scenarios = scenariosIn(cli);
  lines = (await Promise.all(LINE_CASES.map(linesOf))).flatMap(({ line, twin }) => [line.command, twin.command]);
});

describe('the line for cilium connectivity test', () => {
  it('has flags that cilium-cli knows, and no other', () => {
    expect(flags.size).toBeGreaterThan(50);
    const used = new Set(
      lines.flatMap((line) => Array.from(testOf(line).matchAll(/--([a-z][-a-z]*)/g), ([, flag = '']) => flag)),
    );
    expect([...used].filter((flag) => !flags.has(flag))).toEqual(NEWER);
    expect([...used].toSorted()).toEqual([
      'curl-image',
      'curl-insecure',
      'dns-test-server-image',
      'echo-image',
      'external-cidr',
      'external-ip',
      'external-other-ip',
      'external-other-target',
      'external-target',
      'json-mock-image',
      'test',
    ]);
  });

  it('has a value behind each flag that takes one', () => {
    const words = new Set(lines.map((line) => testOf(line).replaceAll(/'[^']*'/g, 'value')));
    for (const line of words) {
      expect(line).toMatch(/^cilium connectivity test(?: --curl-insecure| --[a-z-]+ [^-\s]\S*)*$/);
    }
  });

  it('leaves out scenarios that there are, and just those', () => {
    expect(scenarios.length).toBeGreaterThan(100);
    const used = new Set(
      lines.flatMap((line) => Array.from(line.matchAll(/--test '!([^']+)'/g), ([, filter = '']) => filter)),
    );
    const left = Object.fromEntries([...used].toSorted().map((filter) => [filter, leftOut(filter)]));
    expect(left).toEqual({
      '/from-cidr': ['from-cidr-to-pod'],
      '/pod-to-cidr': ['pod-to-cidr'],
      '/pod-to-host$': ['pod-to-host'],
      '/pod-to-world': ['pod-to-world', 'pod-to-world-2'],
      'local-redirect-policy/lrp-skip-redirect-from-backend': ['lrp-skip-redirect-from-backend'],
      'to-cidr-external': ['pod-to-cidr'],
    });
  });

  it('is not written as guides write it where that leaves out nothing: tests stand before the slash', () => {
    expect(leftOut('/to-cidr-external')).toEqual([]);
    expect(leftOut('/local-redirect-policy/lrp-skip-redirect-from-backend')).toEqual([]);
    expect(leftOut('/pod-to-host')).toContain('pod-to-hostport');
  });
});

/** Names of the scenarios that a filter leaves out. */
function leftOut(filter: string): string[] {
  const matched = scenarios.filter((name) => new RegExp(filter).test(name));
  return [...new Set(matched.map((name) => name.split('/')[1] ?? ''))].toSorted();
}

/** What belongs to cilium-cli. */
function testOf(line: string): string {
  return line.split(' && ').at(-1) ?? '';
}

/** The flags of `cilium connectivity test`, its common ones and the global ones. */
function flagsIn(cli: string): Set<string> {
  const source = readFileSync(join(cli, 'cli', 'connectivity.go'), 'utf8');
  const from = source.indexOf('func newCmdConnectivityTest(');
  const to = source.indexOf('func newCmdConnectivityPerf(');
  const common = source.slice(source.indexOf('func registerCommonFlags('));
  const global = readFileSync(join(cli, 'cli', 'cmd.go'), 'utf8');
  const text = [source.slice(from, to), common, global].join('\n');
  return new Set(
    Array.from(text.matchAll(/[Ff]lags(?:\(\))?\.\w*VarP?\([^"\n]*"([a-z][-a-z0-9]*)"/g), ([, flag = '']) => flag),
  );
}

/** Every scenario that a test is built with, by the names that their types give. */
function scenariosIn(cli: string): string[] {
  const sources = goFiles(join(cli, 'connectivity', 'tests')).join('\n');
  const typeOf = new Map(
    Array.from(
      sources.matchAll(/^func (\w+)\([^\n]*\) check\.Scenario \{[\s\S]*?return &?(\w+)\{/gm),
      ([, maker = '', type = '']) => [maker, type] as const,
    ),
  );
  const namesOf = new Map(
    Array.from(
      sources.matchAll(/^func \((?:\w+ )?\*?(\w+)\) Name\(\) string \{([\s\S]*?)^\}/gm),
      ([, type = '', body = '']) =>
        [type, Array.from(body.matchAll(/return "([^"]+)"/g), ([, name = '']) => name)] as const,
    ),
  );
  return goFiles(join(cli, 'connectivity', 'builder')).flatMap((file) =>
    file
      .split(/newTest\(/)
      .slice(1)
      .flatMap((part) => {
        const test = /^"([^"]+)"/.exec(part)?.[1];
        if (test === undefined) return [];
        const makers = new Set(Array.from(part.matchAll(/tests\.([A-Z]\w+)\(/g), ([, maker = '']) => maker));
        return [...makers].flatMap((maker) =>
          (namesOf.get(typeOf.get(maker) ?? '') ?? []).map((name) => `${test}/${name}`),
        );
      }),
  );
}

function goFiles(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'));
  return names.map((name) => readFileSync(join(folder, name), 'utf8'));
}
