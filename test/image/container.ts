import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type RunningProgram, startProgram } from '../control-plane/process.ts';
import type { ImageConfig } from './tool.ts';
import { TRACED } from './trace.ts';

/** A folder or file of this machine that a container sees, read-only. */
export interface Mount {
  readonly from: string;
  readonly at: string;
}

export interface ContainerWishes {
  /** Its root file system. */
  readonly root: string;
  readonly image: ImageConfig;
  /** After the image's entrypoint. */
  readonly args: readonly string[];
  /** Beside the image's. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly user: { readonly uid: number; readonly gid: number };
  readonly seccomp: unknown;
  /** Folder for its state; the log and the trace lie there afterwards. */
  readonly work: string;
}

export interface Container {
  /** The container runtime, which ends with the program. */
  readonly running: RunningProgram;
  /** Process id of the program on this machine; undefined while it does not run. */
  program(): number | undefined;
  /** Calls of the kernel that name a file, one a line, of everything from the container runtime on. */
  readonly tracePath: string;
}

const NO_CAPABILITIES = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
/**
 * Runs the image with crun, an OCI runtime, as a kubelet has it run for the chart's Pod: its user, no capabilities, no
 * new privileges, containerd's seccomp profile, a read-only root, the node's network. It dies with this process.
 */
export async function startContainer(wishes: ContainerWishes): Promise<Container> {
  const { root, work, mounts, image } = wishes;
  for (const { from, at } of mounts) makeMountPoint(join(root, at), statSync(from).isDirectory());
  for (const name of ['proc', 'dev']) makeMountPoint(join(root, name), true);
  writeFileSync(join(work, 'config.json'), JSON.stringify(specification(wishes)));
  const tracePath = join(work, 'trace');
  // A cgroup file system of its own: this release of crun takes none that mixes both versions.
  const script = 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"';
  const strace = [
    '--follow-forks',
    '--seccomp-bpf',
    '--quiet=all',
    '--string-limit=200',
    `--trace=${TRACED.join(',')}`,
  ];
  const crun = ['--root', join(work, 'crun'), '--cgroup-manager=disabled', 'run', '--bundle', work, 'image'];
  const command = {
    program: 'unshare',
    args: [
      ...['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script, 'sh'],
      ...['strace', ...strace, '--output', tracePath, 'crun', ...crun],
    ],
  };
  const running = await startProgram('container', command, join(work, 'log'), []);
  return {
    running,
    tracePath,
    program: () => descendants(running.pid).find((pid) => programOf(pid) === image.Entrypoint[0]),
  };
}

function descendants(pid: number): number[] {
  const children = readText(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((word) => word !== '');
  return children.flatMap((child) => [Number(child), ...descendants(Number(child))]);
}

/** Its first word, as it was started with. */
function programOf(pid: number): string | undefined {
  return readText(`/proc/${pid}/cmdline`).split('\0')[0];
}

/** Empty for a process that has ended. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** As the engine above a runtime does it. */
function makeMountPoint(path: string, isFolder: boolean): void {
  mkdirSync(isFolder ? path : dirname(path), { recursive: true });
  if (!isFolder && !existsSync(path)) writeFileSync(path, '');
}

/** https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config.md */
function specification({ root, image, args, env, mounts, user, seccomp }: ContainerWishes): object {
  return {
    ociVersion: '1.0.2',
    process: {
      user: { ...user, additionalGids: [user.gid] },
      args: [...image.Entrypoint, ...args],
      env: [...image.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      cwd: image.WorkingDir,
      capabilities: NO_CAPABILITIES,
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      ...mounts.map(({ from, at }) => ({ destination: at, type: 'bind', source: from, options: ['rbind', 'ro'] })),
    ],
    linux: { namespaces: [{ type: 'pid' }, { type: 'ipc' }, { type: 'uts' }, { type: 'mount' }], seccomp },
  };
}
