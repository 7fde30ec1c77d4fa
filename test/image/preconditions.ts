import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAMS = ['crun', 'strace', 'unshare', 'setpriv', 'ldd'];

/** Throws with everything that is missing and how to get it: a test that cannot run has failed, it is never skipped. */
export function checkPreconditions(): void {
  const missing: string[] = [];
  if (process.platform !== 'linux') missing.push('Linux');
  if (process.getuid?.() !== 0) missing.push('root (to start a container)');
  const absent = PROGRAMS.filter((program) => spawnSync(program, ['--version']).error !== undefined);
  if (absent.length > 0) {
    const script = fileURLToPath(new URL('install.sh', import.meta.url));
    missing.push(`${absent.join(', ')} (Debian and Ubuntu: sudo ${script})`);
  }
  if (missing.length > 0) throw new Error(`the tests of the image need:\n- ${missing.join('\n- ')}`);
}
