import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileSource, openFileSource } from '../../../src/checks/files/file-source.ts';
import { FILE_LIMITS, type FileLimits } from '../../../src/checks/files/limits.ts';
import { readMeta } from '../../../src/kube/read.ts';
import { NODES, PODS, SERVICES } from '../../../src/kube/resources.ts';
import { UsageError } from '../../../src/lib/errors.ts';
import { type ZipEntry, zipOf } from './zip.ts';

const NODE = 'apiVersion: v1\nkind: NodeList\nitems:\n- metadata:\n    name: n1\n';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ccb-hostile-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function zipped(...entries: readonly ZipEntry[]): string {
  const path = join(dir, 'dump.zip');
  writeFileSync(path, zipOf(entries));
  return path;
}

function folder(files: Readonly<Record<string, string | Buffer>>): string {
  const path = join(dir, 'dump');
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

async function opened(path: string, limits: Partial<FileLimits> = {}): Promise<FileSource> {
  return await openFileSource(path, AbortSignal.timeout(20_000), { ...FILE_LIMITS, ...limits });
}

/** The one message that the command ends with. */
async function refusal(path: string, limits: Partial<FileLimits> = {}): Promise<string> {
  try {
    await opened(path, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error instanceof UsageError ? error.message.replace(path, 'PATH') : '';
  }
  throw new Error('nothing was refused');
}

async function namesOf(source: FileSource, resource = NODES): Promise<unknown> {
  const { items, complete, why } = await source.list(resource, readMeta, {}, AbortSignal.timeout(9_000));
  return { names: items.map(({ name }) => name), complete, ...(why === '' ? {} : { why: why.replace(dir, 'DIR') }) };
}

describe('a hostile archive is refused with one message', () => {
  it.each<[string, readonly ZipEntry[], RegExp]>([
    ['a name that climbs out', [{ name: '../../etc/cron.d/x.yaml', data: NODE }], /invalid relative path/],
    ['an absolute name', [{ name: '/etc/x.yaml', data: NODE }], /absolute path/],
    ['a drive', [{ name: 'C:/x.yaml', data: NODE }], /absolute path/],
    ['backslashes that climb out', [{ name: 'a\\..\\..\\x.yaml', data: NODE }], /invalid relative path/],
    ['a drive with a backslash', [{ name: 'C:\\x.yaml', data: NODE }], /absolute path/],
    [
      'one name twice, once with a backslash',
      [
        { name: 'a/b.yaml', data: NODE },
        { name: 'a\\b.yaml', data: NODE },
      ],
      /holds "a\/b\.yaml" twice/,
    ],
    ['a name with an end in it', [{ name: 'nodes.yaml\0.txt', data: NODE }], /leads elsewhere/],
    [
      'a symbolic link',
      [{ name: 'nodes.yaml', data: '/etc/passwd', mode: 0o120777 }],
      /"nodes\.yaml" is a symbolic link/,
    ],
    ['a device', [{ name: 'nodes.yaml', data: '', mode: 0o020666 }], /"nodes\.yaml" is no file/],
    ['an encrypted file', [{ name: 'nodes.yaml', data: NODE, flags: 1 }], /"nodes\.yaml" is encrypted/],
    ['an unknown method', [{ name: 'nodes.yaml', data: NODE, method: 14 }], /packed in a way that is not known/],
    ['a wrong checksum', [{ name: 'nodes.yaml', data: NODE, crc: 1 }], /"nodes\.yaml" is damaged/],
    ['a size that is too small', [{ name: 'nodes.yaml', data: NODE, size: 5 }], /no zip archive that can be read/],
    ['a size that is too large', [{ name: 'nodes.yaml', data: NODE, size: 5000 }], /no zip archive that can be read/],
    [
      'one name twice',
      [
        { name: 'a.yaml', data: NODE },
        { name: 'a.yaml', data: NODE },
      ],
      /holds "a\.yaml" twice/,
    ],
    ['a bomb', [{ name: 'nodes.yaml', data: Buffer.alloc(8_000_000, 32) }], /packed more than 250 to 1/],
  ])('%s', async (_, entries, problem) => {
    const message = await refusal(
      zipped({ name: 'pods.yaml', data: 'kind: PodList\napiVersion: v1\nitems: []\n' }, ...entries),
    );
    expect(message).toMatch(problem);
    expect(message).toMatch(/^PATH: [^\n]*\. Nothing of it is used\./);
    expect(readdirSync(dir)).toEqual(['dump.zip']);
  });

  it('a size beyond every limit is not even unpacked', async () => {
    const path = zipped({ name: 'nodes.yaml', data: NODE, size: 4_000_000_000 });
    const before = process.memoryUsage().rss;
    expect(await refusal(path)).toContain('"nodes.yaml" is too large (4000 MB; at most 128 MB)');
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });

  it('many files, and many that share their bytes', async () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ name: `${index}.log`, data: '' }));
    expect(await refusal(zipped(...many), { entries: 20 })).toContain('holds more than 20 files');
    const text = `# ${'x'.repeat(1000)}`;
    const shared = Array.from({ length: 30 }, (_, index) => ({
      name: `${index}.yaml`,
      data: text,
      ...(index === 0 ? {} : { dataOf: 0 }),
    }));
    expect(await refusal(zipped(...shared), { totalBytes: 20_000 })).toContain(
      'holds more than 0.1 MB of what is to be read',
    );
  });

  it('bytes that are no archive, a cut one, and one with bytes changed', async () => {
    const whole = zipOf([{ name: 'nodes.yaml', data: NODE }]);
    const path = join(dir, 'x.zip');
    writeFileSync(path, 'hello');
    expect(await refusal(path)).toContain('is no zip archive');
    for (const cut of [3, 40, whole.length - 30, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, cut));
      expect(await refusal(path)).toContain('is no zip archive that can be read');
    }
  });

  it('never ends with anything but a report or one message, whatever the bytes are', async () => {
    const whole = zipOf([
      { name: 'a/nodes.yaml', data: NODE.repeat(3) },
      { name: 'b.json', data: '{"kind":"Node"}' },
    ]);
    const path = join(dir, 'x.zip');
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const bytes = Buffer.from(whole);
        for (const { at, to } of changes) bytes[at] = to;
        writeFileSync(path, bytes);
        try {
          await opened(path);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a hostile file is refused with one message', () => {
  const deep = (open: string, close: string): string => `${open.repeat(2_000_000)}${close.repeat(2_000_000)}`;
  const laughs = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...Array.from(
      'bcdefghi',
      (name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]`,
    ),
  ].join('\n');

  it.each<[string, string, string | Buffer, RegExp]>([
    ['aliases', 'a.yaml', laughs, /uses YAML aliases/],
    ['an alias in an item', 'a.yaml', `${NODE}- &x {}\n- *x\n`, /uses YAML aliases|unidentified alias/],
    ['merge keys', 'a.yaml', 'a: &a {x: 1}\nb: {<<: *a}\n', /uses YAML aliases/],
    ['deep lists', 'a.yaml', '['.repeat(900_000), /nested too deep/],
    ['deep maps', 'a.yaml', '{a: '.repeat(500_000), /nested too deep/],
    ['deep blocks', 'a.yaml', '- '.repeat(500_000), /nested too deep/],
    ['a deep item', 'a.yaml', `${NODE}- ${'['.repeat(500_000)}\n`, /nested too deep/],
    ['deep JSON', 'a.json', deep('[', ']'), /nested too deep|is no JSON/],
    ['broken YAML', 'a.yaml', 'a: [1, 2\nb: }', /"a\.yaml" is no YAML \(/],
    ['broken JSON', 'a.json', '{"kind": ', /"a\.json" is no JSON \(/],
    ['a tag', 'a.yaml', 'a: !!js/function "function(){}"', /is no YAML/],
    ['a key twice', 'a.yaml', 'kind: Node\nkind: Node\n', /is no YAML \(duplicated mapping key/],
    ['bytes that are no text', 'a.yaml', Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe, 0xfd]), /is no text/],
    ['nothing of Kubernetes', 'values.yaml', 'image: {tag: v1}\n', /holds no Kubernetes objects/],
  ])('%s', async (_, name, text, problem) => {
    const message = await refusal(folder({ [name]: text }));
    expect(message).toMatch(problem);
    expect(message).toMatch(/^PATH: [^\n]{5,600}$/);
  });

  it('too much: one file, all of them, one document that is no list', async () => {
    const files = { 'a.yaml': NODE, 'b.yaml': NODE };
    expect(await refusal(folder(files), { fileBytes: 20 })).toContain('"a.yaml" is too large');
    expect(await refusal(folder(files), { totalBytes: 80 })).toContain('holds more than 0.1 MB');
  });

  it.each<[string, string, string]>([
    ['a list in a line', 'a.yaml', `[${'1,'.repeat(1_100_000)}1]`],
    ['a list in a line of an item', 'a.yaml', `${NODE}- [${'1,'.repeat(1_100_000)}1]\n`],
    ['keys behind the items', 'a.yaml', `${NODE}${Array.from({ length: 1_100_000 }, (_, n) => `k${n}:\n`).join('')}`],
    ['JSON', 'a.json', `[${'{"a":1},'.repeat(2_700_000)}1]`],
  ])('more values than any object has, before memory goes for them: %s', async (_, name, text) => {
    const path = folder({ [name]: text });
    const before = process.memoryUsage().rss;
    expect(await refusal(path)).toMatch(/"a\.yaml" has a document or item of|"a\.json" holds more than 8000000 values/);
    // Parsed, the smallest of them takes 300 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });

  it('a name that is no UTF-8', async () => {
    const path = folder({ 'nodes.yaml': NODE });
    writeFileSync(Buffer.concat([Buffer.from(`${path}/n`), Buffer.from([0xe9]), Buffer.from('.yaml')]), NODE);
    expect(await refusal(path)).toContain('has a name that is no UTF-8');
  });

  it('links, deep folders, many files', async () => {
    const path = folder({ 'nodes.yaml': NODE });
    expect(await refusal(path, { entries: 0 })).toContain('holds more than 0 files');
    symlinkSync('/etc/passwd', join(path, 'pods.yaml'));
    expect(await refusal(path)).toContain('"pods.yaml" is a symbolic link');
    rmSync(join(path, 'pods.yaml'));
    symlinkSync('.', join(path, 'loop'));
    expect(await refusal(path)).toContain('"loop" is a symbolic link');
    rmSync(join(path, 'loop'));
    mkdirSync(join(path, 'a/b/c/d'), { recursive: true });
    expect(await refusal(path, { folders: 3 })).toContain('has folders too deep ("a/b/c/d")');
  });

  it('says what is wrong with the path', async () => {
    expect(await refusal(join(dir, 'none'))).toContain('PATH: there is no such file or folder. Check the path');
    writeFileSync(join(dir, 'x.tar.gz'), 'x');
    expect(await refusal(join(dir, 'x.tar.gz'))).toContain('is no zip archive. Give a zip of cilium sysdump');
    mkdirSync(join(dir, 'empty'));
    expect(await refusal(join(dir, 'empty'))).toContain('holds no Kubernetes objects that doctor looks at');
  });

  it('gives up when it is stopped', async () => {
    const stopped = AbortSignal.abort(new Error('stopped by SIGINT'));
    await expect(openFileSource(folder({ 'nodes.yaml': NODE }), stopped)).rejects.toThrow('stopped by SIGINT');
    await expect(openFileSource(zipped({ name: 'a.yaml', data: NODE }), stopped)).rejects.toThrow('stopped by SIGINT');
  });
});

describe('what is not in the files', () => {
  it('was not read, not absent: a list is all of its kind, single objects are some', async () => {
    const source = await opened(
      folder({ 'a.yaml': NODE, 'b.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: d}\n' }),
    );
    expect(await namesOf(source)).toEqual({ names: ['n1'], complete: true });
    expect(await namesOf(source, SERVICES)).toEqual({
      names: ['s'],
      complete: false,
      why: 'only some services are in DIR/dump',
    });
    expect(await namesOf(source, PODS)).toEqual({
      names: [],
      complete: false,
      why: 'a list of all pods is not in DIR/dump',
    });
    const one = await source.list(SERVICES, readMeta, { name: 's', namespace: 'd' }, AbortSignal.timeout(9_000));
    expect(one).toMatchObject({ complete: true, items: [{ name: 's' }] });
  });

  it('an empty list says its kind by its own kind or by the name of its file', async () => {
    const empty = 'apiVersion: v1\nitems: []\nkind: List\n';
    const source = await opened(folder({ 'nodes.yaml': NODE, 'services.yaml': empty, 'more.yaml': empty }));
    expect(await namesOf(source, SERVICES)).toEqual({ names: [], complete: true });
    expect(await namesOf(source, PODS)).toMatchObject({ complete: false });
  });

  it('a page of a list is not the list', async () => {
    const page = `${NODE}metadata: {continue: abc}\n`;
    expect(await namesOf(await opened(folder({ 'nodes.yaml': page })))).toMatchObject({
      names: ['n1'],
      complete: false,
    });
  });

  it('reads lists of any length', async () => {
    const items = Array.from({ length: 150_000 }, (_, n) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `n${n}` },
    }));
    const source = await opened(folder({ 'nodes.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) }));
    const { items: read } = await source.list(NODES, readMeta, {}, AbortSignal.timeout(9_000));
    expect(read).toHaveLength(150_000);
  });

  it('passes over what macOS puts beside each file, and other hidden ones', async () => {
    const attributes = Buffer.from([0, 5, 0x16, 7, 0, 2]);
    const nodes = { names: ['n1'], complete: true };
    expect(await namesOf(await opened(folder({ 'nodes.yaml': NODE, '._nodes.yaml': attributes })))).toEqual(nodes);
    const archive = zipped({ name: 'nodes.yaml', data: NODE }, { name: '__MACOSX/._nodes.yaml', data: attributes });
    expect(await namesOf(await opened(archive))).toEqual(nodes);
  });

  it('reads an archive that Windows packed, with backslashes between folders', async () => {
    const path = zipped({ name: 'cilium-sysdump-20261125-120000\\k8s-nodes-20261125-120000.yaml', data: NODE });
    expect(await namesOf(await opened(path))).toEqual({ names: ['n1'], complete: true });
  });

  it('reads what PowerShell wrote, and Windows line ends', async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(NODE.replaceAll('\n', '\r\n'), 'utf16le')]);
    expect(await namesOf(await opened(folder({ 'nodes.yaml': utf16 })))).toEqual({ names: ['n1'], complete: true });
  });
});
