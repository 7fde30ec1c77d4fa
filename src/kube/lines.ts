import type { Readable } from 'node:stream';

/** etcd takes 1.5 MB an object; its JSON with managedFields may be a few times that. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/** A line longer than the limit: an endless one would fill the memory. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
}

/**
 * Cuts a byte stream into lines. Bytes are joined before they are decoded, so that a character may be cut by a chunk's
 * end; a line that is cut by the stream's end is yielded like the others (parsing it then fails).
 * @param onBytes called for each chunk, as a sign of life
 * @throws LineTooLong, and what the stream throws
 */
export async function* readLines(
  stream: Readable,
  onBytes: () => void = () => undefined,
  maxLineBytes = MAX_LINE_BYTES,
): AsyncGenerator<string, void, void> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    onBytes();
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = join(pending, chunk.subarray(start, end));
      pending = [];
      size = 0;
      start = end + 1;
      if (line.trim() !== '') {
        yield line;
      }
    }
    if (start < chunk.length) {
      const rest = chunk.subarray(start);
      pending.push(rest);
      size += rest.length;
      if (size > maxLineBytes) {
        throw new LineTooLong(`a line of more than ${maxLineBytes} bytes`);
      }
    }
  }
  const last = join(pending, Buffer.alloc(0));
  if (last.trim() !== '') {
    yield last;
  }
}

function join(pending: readonly Buffer[], rest: Buffer): string {
  return pending.length === 0 ? rest.toString('utf8') : Buffer.concat([...pending, rest]).toString('utf8');
}
