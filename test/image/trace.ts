/* What strace saw of a container. */

/** Calls that make, change or remove files, and those that start processes and threads. */
export const TRACED = [
  ...['execve', 'clone', 'clone3', 'fork', 'vfork'],
  ...['open', 'openat', 'openat2', 'creat', 'truncate', 'mkdir', 'mkdirat', 'rmdir', 'unlink', 'unlinkat'],
  ...['rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat', 'mknod', 'mknodat', 'chmod'],
  ...['fchmodat', 'chown', 'lchown', 'fchownat', 'utimensat', 'setxattr', 'lsetxattr', 'mount', 'memfd_create'],
];

/** One call of the traced program. */
export interface Call {
  readonly pid: number;
  readonly text: string;
}

/**
 * The calls of the program itself: from its start on those of its process, and of every process and thread that was not
 * there before, as the container runtime was.
 */
export function callsOf(trace: string, program: string): Call[] {
  const calls = trace.split('\n').flatMap((line): Call[] => {
    const [, pid = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    return pid === '' ? [] : [{ pid: Number(pid), text }];
  });
  const start = calls.findIndex(({ text }) => text.startsWith(`execve("${program}"`));
  if (start < 0) return [];
  const before = new Set(calls.slice(0, start).map(({ pid }) => pid));
  before.delete(calls[start]?.pid ?? 0);
  return calls.slice(start).filter(({ pid }) => !before.has(pid));
}

/** Whether it could change a file, had it the right to: also what was refused. */
export function writes(call: string): boolean {
  const [, name = ''] = /^(\w+)\(/.exec(call) ?? [];
  if (/^open/.test(name)) return /O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)/.test(call) && !call.includes('"/dev/null"');
  return name !== '' && !['execve', 'clone', 'clone3', 'fork', 'vfork', 'memfd_create'].includes(name);
}
