import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The agents compile their BPF programs with the `clang` that they find here. */
export const LLVM_DIR = '/usr/lib/llvm-19/bin';

const PROGRAMS = ['ip', 'iptables', 'nsenter', 'unshare', 'setpriv', 'openssl'];

/**
 * Rejects with everything that is missing and how to get it. A datapath test that can't run has failed: it never
 * passes by being skipped.
 */
export function checkPreconditions(): void {
  const missing: string[] = [];
  if (process.platform !== 'linux') missing.push('Linux');
  if (process.getuid?.() !== 0) missing.push('root (network namespaces and BPF)');
  if (!onPath('go')) missing.push('Go 1.26 or newer, from https://go.dev/dl/');
  const packages = [
    ...PROGRAMS.filter((program) => !onPath(program)),
    ...['clang', 'llvm-objcopy']
      .filter((program) => !existsSync(join(LLVM_DIR, program)))
      .map((p) => `${LLVM_DIR}/${p}`),
  ];
  if (packages.length > 0) {
    const script = fileURLToPath(new URL('install.sh', import.meta.url));
    missing.push(`${packages.join(', ')} (Debian and Ubuntu: sudo ${script})`);
  }
  if (process.platform === 'linux' && cgroupRoot() === undefined) missing.push('a mounted cgroup2 file system');
  if (missing.length > 0) throw new Error(`the datapath tests need:\n- ${missing.join('\n- ')}`);
}

/** Where cgroup2 is mounted. */
export function cgroupRoot(): string | undefined {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  return mounts.find(([, , type]) => type === 'cgroup2')?.[1];
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
