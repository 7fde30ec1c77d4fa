import { expect, test } from 'vitest';
import { callsOf, writes } from './trace.ts';

const NODE = 'execve("/usr/local/bin/node", ["/usr/local/bin/node"], 0x7ffd /* 2 vars */) = 0';

test('calls are those of the program, its threads and its children, and not those of what started it', () => {
  const trace = [
    '10 mkdir("/run/crun", 0700) = 0',
    '11 openat(AT_FDCWD, "/proc/self/uid_map", O_WRONLY) = 3',
    `11 ${NODE}`,
    '10 unlinkat(4, "status", 0) = 0',
    '11 openat(AT_FDCWD, "/etc/hosts", O_RDONLY) = 3',
    '12 openat(AT_FDCWD, "/etc/resolv.conf", O_RDONLY) = 4',
    '10 rmdir("/run/crun") = 0',
    '',
  ].join('\n');
  expect(callsOf(trace, '/usr/local/bin/node').map(({ pid, text }) => `${pid} ${text.slice(0, 26)}`)).toEqual([
    '11 execve("/usr/local/bin/nod',
    '11 openat(AT_FDCWD, "/etc/hos',
    '12 openat(AT_FDCWD, "/etc/res',
  ]);
  expect(callsOf(trace, '/bin/other')).toEqual([]);
});

test.each([
  'openat(AT_FDCWD, "/app/x", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = -1 EROFS (Read-only file system)',
  'open("/app/x", O_RDWR) = 3',
  'mkdir("/tmp/x", 0777) = -1 EROFS (Read-only file system)',
  'rename("/a", "/b") = 0',
  'unlink("/a") = 0',
  'utimensat(AT_FDCWD, "/a", NULL, 0) = 0',
])('a write, even one that was refused: %s', (call) => {
  expect(writes(call)).toBe(true);
});

test.each([
  NODE,
  'openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 17',
  'openat(AT_FDCWD, "/dev/null", O_RDWR|O_CLOEXEC) = 3',
  'clone(child_stack=0x7f, flags=CLONE_VM|CLONE_FS|CLONE_FILES) = 7',
  '<... openat resumed>) = 17',
  '--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER} ---',
])('no write: %s', (call) => {
  expect(writes(call)).toBe(false);
});
