/** The part of a process's environment that says whether colours are wanted. */
export type ColorEnvironment = Readonly<Record<string, string | undefined>>;

/** Puts colour around a text, or leaves it alone. */
export type Paint = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const satisfies Record<string, readonly [on: number, off: number]>;

/** Whether to colour: FORCE_COLOR wins, then NO_COLOR, then whether the stream is a terminal. */
export function wantsColor(isTerminal: boolean, env: ColorEnvironment): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined && forced !== '') {
    return forced !== '0' && forced !== 'false';
  }
  return isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

/** The painters; plain ones when `enabled` is false. */
export function createPaint(enabled: boolean): Paint {
  function painter([on, off]: readonly [on: number, off: number]): (text: string) => string {
    return (text) => (enabled && text !== '' ? `\u001B[${on}m${text}\u001B[${off}m` : text);
  }
  return {
    bold: painter(CODES.bold),
    dim: painter(CODES.dim),
    red: painter(CODES.red),
    green: painter(CODES.green),
    yellow: painter(CODES.yellow),
    cyan: painter(CODES.cyan),
  };
}
