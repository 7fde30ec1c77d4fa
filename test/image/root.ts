import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runCommand } from '../control-plane/command.ts';
import { type Copy, contextFiles, type DockerfileReport, ROOT } from './tool.ts';

/*
 * The image's root file system, made as BuildKit makes it: by the COPY lines of the Dockerfile, from a build stage in
 * which its RUN lines ran. Two things stand in: no registry is asked, so Node, its libatomic and the files of the base
 * are those of this machine; and `npm ci` is what made this repository's own node_modules.
 */

/** What the base image has, of what this program may meet: distroless/cc, whose loader and libraries are Debian's. */
const BASE_FILES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/nsswitch.conf'];
/** In the image of Node, and not in the base. */
const ATOMIC = 'libatomic.so.1';
const MULTIARCH = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

export interface ImageRoot {
  readonly folder: string;
  /** Files that the Dockerfile adds to the base: path in the image, bytes. */
  readonly added: ReadonlyMap<string, number>;
}

/** @param work a folder for it; the root lies in there */
export async function makeRoot({ stages }: DockerfileReport, work: string): Promise<ImageRoot> {
  const final = stages.at(-1);
  const build = stages.find(({ name }) => name === 'build');
  if (final === undefined || build === undefined) throw new Error('the Dockerfile has no stage "build"');
  const context = await makeContext(join(work, 'context'));
  const sources: Readonly<Record<string, string>> = {
    '': context,
    node: await makeNodeImage(join(work, 'node')),
    build: join(work, 'build'),
  };
  await runBuild(build.copies, build.runs, context, join(work, 'build', 'src'));
  const folder = join(work, 'root');
  await makeBase(folder);
  const added = new Map<string, number>();
  for (const copy of final.copies) {
    const source = sources[copy.from];
    if (source === undefined) throw new Error(`COPY --from=${copy.from}: there is no such stage`);
    for (const [path, bytes] of copyInto(copy, source, folder)) added.set(path, bytes);
  }
  return { folder, added };
}

/** What BuildKit's client would send. */
async function makeContext(folder: string): Promise<string> {
  for (const file of await contextFiles()) put(join(ROOT, file), join(folder, file));
  return folder;
}

async function makeNodeImage(folder: string): Promise<string> {
  const files = {
    'usr/local/bin/node': process.execPath,
    [join('usr/lib', MULTIARCH, ATOMIC)]: await libraryOf(process.execPath, ATOMIC),
  };
  for (const [path, file] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(file, join(folder, path));
  }
  writeFileSync(join(folder, 'usr/local/LICENSE'), 'The license of Node is in its image.\n'); // npm's copy has none
  return folder;
}

/** Runs the build stage. */
async function runBuild(copies: readonly Copy[], runs: readonly string[], from: string, folder: string): Promise<void> {
  for (const copy of copies) copyInto({ ...copy, target: join('/', copy.target) }, from, folder);
  for (const run of runs) {
    if (run.startsWith('npm ci ')) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    else await runCommand('sh', ['-c', run], { cwd: folder });
  }
}

/** The loader and the libraries of Node but for libatomic, and what else the base is known for. */
async function makeBase(folder: string): Promise<void> {
  const libraries = await librariesOf(process.execPath);
  for (const file of [...libraries.filter((path) => basename(path) !== ATOMIC), ...BASE_FILES]) {
    if (existsSync(file)) put(file, join(folder, file));
  }
  mkdirSync(join(folder, 'home/nonroot'), { recursive: true });
  mkdirSync(join(folder, 'tmp'), { mode: 0o1777 });
  writeFileSync(
    join(folder, 'etc/passwd'),
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  );
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
}

async function libraryOf(program: string, name: string): Promise<string> {
  const found = (await librariesOf(program)).find((path) => basename(path) === name);
  if (found === undefined) throw new Error(`${program} does not need ${name} any more: take it out of the Dockerfile`);
  return found;
}

/** Absolute paths, the loader among them. */
async function librariesOf(program: string): Promise<string[]> {
  const text = await runCommand('ldd', [program]);
  return [...text.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path]) => path ?? '');
}

/** One COPY. Returns the files that it made, with their sizes. */
function copyInto({ sources, target }: Copy, from: string, root: string): [path: string, bytes: number][] {
  const found = sources.flatMap((source) => {
    const paths = globSync(join('.', source), { cwd: from });
    if (paths.length === 0) throw new Error(`COPY ${source}: there is no such file`);
    return paths.map((path) => join(from, path));
  });
  return found.flatMap((origin) => {
    const isFolder = statSync(origin).isDirectory();
    const files = isFolder ? readdirSync(origin, { recursive: true, encoding: 'utf8' }) : [''];
    const place = !isFolder && target.endsWith('/') ? join(target, basename(origin)) : target;
    return files.flatMap((file): [string, number][] => {
      if (statSync(join(origin, file)).isDirectory()) return [];
      const path = join(place, file);
      put(join(origin, file), join(root, path));
      return [[path, statSync(join(root, path)).size]];
    });
  });
}

function put(file: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
}
