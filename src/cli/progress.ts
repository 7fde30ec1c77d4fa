interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A line on a terminal that says what is being done; nothing where there is no terminal. */
export interface Progress {
  show(text: string): void;
  /** Takes the line away. */
  clear(): void;
}

const ERASE_LINE = '\r\u001B[2K';

export function createProgress(stream: ProgressStream): Progress {
  let shown = false;
  const isTerminal = stream.isTTY === true;
  return {
    show: (text) => {
      if (!isTerminal) return;
      stream.write(`${ERASE_LINE}${text} …`);
      shown = true;
    },
    clear: () => {
      if (shown) stream.write(ERASE_LINE);
      shown = false;
    },
  };
}
