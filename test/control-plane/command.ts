import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Said when the program isn't there: what it is needed for, and how to get it. */
  readonly ifMissing?: string;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and hands back what it said, whatever its exit code. Rejects when it can't be started. */
export function tryCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      stdio: 'pipe',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      const hint = missing && options.ifMissing !== undefined ? `. ${options.ifMissing}` : '';
      reject(new Error(`${program}: ${missing ? 'not found on the PATH' : error.message}${hint}`, { cause: error }));
    });
    child.once('close', (code) => {
      resolve({
        code: code ?? 1,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      });
    });
    child.stdin.on('error', () => undefined); // a program that ends without reading its input is no failure
    child.stdin.end(options.input ?? '');
  });
}

/** Like `tryCommand`, but an exit code other than 0 rejects with the program's own words. Returns stdout. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await tryCommand(program, args, options);
  if (code !== 0) {
    throw new Error(`${program} ${args.join(' ')}: exit code ${code}\n${(stderr || stdout).trim()}`);
  }
  return stdout;
}
