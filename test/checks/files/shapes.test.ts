import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DumpOptions, dump } from 'js-yaml';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/checks/all.ts';
import { diagnose } from '../../../src/checks/diagnose.ts';
import { openFileSource } from '../../../src/checks/files/file-source.ts';
import { configSchema, toConfig } from '../../../src/config/schema.ts';
import { asRecord } from '../../../src/kube/read.ts';
import * as kinds from '../../../src/kube/resources.ts';
import { type Resource, SERVICES } from '../../../src/kube/resources.ts';
import type { RawObject } from '../../../src/kube/types.ts';
import { REFERENCES } from '../reference/all.ts';
import { NOW } from '../reference/parts.ts';

/* One cluster, printed and passed on in the many ways that people do it: doctor says the same of each. */

interface KindList {
  readonly resource: Resource;
  readonly items: readonly RawObject[];
}
type Files = readonly (readonly [name: string, content: string | Buffer])[];

const OBJECTS = REFERENCES['cce-overlay'].objects;
const LISTS: readonly KindList[] = [...new Map(Object.values(kinds).map((one) => [one.kind, one])).values()].map(
  (resource) => ({ resource, items: OBJECTS.filter(({ kind }) => kind === resource.kind) }),
);
const PLAIN: Files = LISTS.map((list) => [nameOf(list), yaml(listOf(list.items))]);

function yaml(value: unknown, options: DumpOptions = {}): string {
  return dump(value, { noRefs: true, seqNoIndent: true, lineWidth: -1, quoteStyle: 'double', ...options });
}

function listOf(items: readonly unknown[]): RawObject {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } };
}

function nameOf({ resource: { group, plural } }: KindList): string {
  return `${plural}${group === '' ? '' : `.${group}`}.yaml`;
}

/** The file of each kind, from another content. */
function each(content: (list: KindList) => string): Files {
  return LISTS.map((list) => [nameOf(list), content(list)]);
}

function texts(change: (text: string) => string | Buffer): Files {
  return PLAIN.map(([name, text]) => [name, change(String(text))]);
}

const EVERYTHING = yaml(listOf(OBJECTS));
/** The Services as they were an hour before: without their status. */
const EARLIER = yaml(
  listOf(
    OBJECTS.filter(({ kind }) => kind === SERVICES.kind).map(({ status: _, metadata, ...rest }) => ({
      ...rest,
      metadata: { ...asRecord(metadata), resourceVersion: '999' },
    })),
  ),
);

const SHAPES: Readonly<Record<string, Files>> = {
  'lines that end as on Windows': texts((text) => text.replaceAll('\n', '\r\n')),
  'UTF-16, as PowerShell writes it': texts((text) =>
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]),
  ),
  'a byte order mark': texts((text) => `\uFEFF${text}`),
  'comments, empty documents and an end mark': texts((text) => `# made by me\n---\n${text}---\n# the end\n...\n`),
  'times without quotes': texts((text) => text.replaceAll(/"(\d{4}-\d\d-\d\dT[\d:.]+Z)"/g, '$1')),
  'indented lists': each(({ items }) => yaml(listOf(items), { seqNoIndent: false })),
  'JSON in files called .yaml': each(({ items }) => JSON.stringify(listOf(items), null, 4)),
  'lists with a kind of their own, whose items have none': each(({ resource, items }) => {
    const { group, version, kind } = resource;
    return yaml({
      apiVersion: group === '' ? version : `${group}/${version}`,
      kind: `${kind}List`,
      metadata: { resourceVersion: '77' },
      items: items.map(({ kind: _kind, apiVersion: _version, ...item }) => item),
    });
  }),
  'null for what is empty': each(({ items }) =>
    yaml(
      listOf(
        items.map((item) => {
          const empty = { annotations: null, labels: null, managedFields: null, ownerReferences: null };
          return { ...item, metadata: { ...empty, ...asRecord(item.metadata) } };
        }),
      ),
    ),
  ),
  'folders in folders, .yml and .YAML': PLAIN.map(([name, text], n) => [
    `dump/2026/${name.replace('.yaml', n % 2 === 0 ? '.yml' : '.YAML')}`,
    text,
  ]),
  'everything twice': [...PLAIN, ['all.yaml', EVERYTHING]],
  'older copies before and after': [['0.yaml', EARLIER], ...PLAIN, ['zzz.yaml', EARLIER]],
  'files beside them that are no objects': [
    ...PLAIN,
    ['empty.yaml', ''],
    ['comment.yaml', '# nothing\n'],
    ['folder.yaml/documents.yaml', '---\n---\n'],
    ['items.yaml', 'kind: List\napiVersion: v1\nitems: null\n'],
    ['nulls.yaml', 'kind: List\napiVersion: v1\nitems:\n- null\n- \n- {}\n'],
    ['values.yaml', 'ipam:\n  mode: cluster-pool\n'],
    ['scalar.yaml', 'hello\n'],
    ['sequence.yaml', '- a\n- b\n'],
    ['notes.txt', 'kind: Node'],
  ],
};

let dir: string;
let wanted: unknown;

async function told(files: Files): Promise<unknown> {
  for (const [name, content] of files) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  const signal = AbortSignal.timeout(60_000);
  const source = await openFileSource(dir, signal);
  const openCloud = async () => ({ why: 'no credentials are given' });
  const { outcomes } = await diagnose(
    CHECKS,
    toConfig(configSchema.parse({})),
    { source, openCloud, now: () => NOW },
    signal,
  );
  return outcomes.map(({ check, findings, followsFrom }) => ({ id: check.id, findings, followsFrom }));
}

function newFolder(): void {
  dir = mkdtempSync(join(tmpdir(), 'ccb-shapes-'));
}
function removeFolder(): void {
  rmSync(dir, { recursive: true, force: true });
}

beforeAll(async () => {
  newFolder();
  wanted = await told(PLAIN);
  removeFolder();
});
beforeEach(newFolder);
afterEach(removeFolder);

describe('what kubectl printed', () => {
  it('is complete, and well but for the cloud', () => {
    expect(JSON.stringify(wanted)).not.toMatch(/NotReadable|"fail"|"warn"/);
  });

  it.each(Object.entries(SHAPES))('says the same: %s', async (_, files) => {
    expect(await told(files)).toEqual(wanted);
  });
});
