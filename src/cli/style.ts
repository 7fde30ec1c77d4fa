import { createPaint, wantsColor } from './color.ts';
import type { Style } from './diff.ts';
import { columnsOf } from './text.ts';

/** How a text looks on that stream: as wide as its terminal, in colour where that is wanted. */
export function styleOf(stream: NodeJS.WriteStream): Style {
  return { width: columnsOf(stream), paint: createPaint(wantsColor(stream.isTTY, process.env)) };
}
