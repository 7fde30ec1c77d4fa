import { EXIT } from './exit-codes.ts';

/** How Ctrl-C and SIGTERM end the program. */
export interface Stop {
  /** Aborted by the first. */
  readonly signal: AbortSignal;
  /**
   * Says what must be done before the end: while it is held, a second signal tells it, and the third ends the program;
   * else the second does. Returns the function that says that it is done.
   */
  readonly hold: (why: string) => () => void;
}

export function createStop(stderr: NodeJS.WriteStream): Stop {
  const controller = new AbortController();
  const held = new Set<string>();
  function again(name: NodeJS.Signals): void {
    if (held.size === 0) process.exit(EXIT.error);
    stderr.write(`${stderr.isTTY ? '\n' : ''}${[...held].join('\n')}\n`);
    process.once(name, () => process.exit(EXIT.error));
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      process.once(name, () => again(name));
      controller.abort(new Error(`stopped by ${name}`));
    });
  }
  return {
    signal: controller.signal,
    hold: (why) => {
      held.add(why);
      return () => void held.delete(why);
    },
  };
}
