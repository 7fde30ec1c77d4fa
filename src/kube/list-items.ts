import { StringDecoder } from 'node:string_decoder';
import type { BodySink } from './http.ts';

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const ITEMS = 'items';
/** How deep the names of the list itself are, and how deep its items. */
const IN_LIST = 1;
const IN_ITEMS = 2;

/** What stands for an object of `items` in what is left of a list. */
export const PLACEHOLDER = 0;

/** @see createItemReader */
export interface ItemReader extends BodySink {
  /** That came in so far. */
  bytes(): number;
}

/**
 * Takes the JSON of a list apart as it comes in: hands over the text of each object of `items`, in order. So it needs
 * memory for one object, and what is parsed is garbage at once. (A page that is held and parsed whole outlives V8's young
 * generation: it costs a larger heap, or full collections.) What is left is the list with a PLACEHOLDER for each of them.
 * Proves nothing: what is no JSON comes out as texts that are none.
 */
export function createItemReader(take: (item: string) => void): ItemReader {
  /** A chunk may end within a character. */
  const decoder = new StringDecoder('utf8');
  let rest = '';
  /** Of the object that is coming in; undefined: none is. */
  let item: string | undefined;
  let size = 0;
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  /** The last string of the list itself, the name of what follows. */
  let name = '';
  let isInItems = false;

  /** Where the next item begins, or the chunk ends. */
  function seekItem(chunk: Buffer, start: number): number {
    let at = start;
    for (; at < chunk.length; at += 1) {
      const code = chunk[at] ?? 0;
      if (isInString) {
        takeStringByte(code);
        if (depth === IN_LIST && isInString && name.length <= ITEMS.length) name += String.fromCharCode(code);
      } else if (code === QUOTE) {
        isInString = true;
        if (depth === IN_LIST) name = '';
      } else if (isInItems && depth === IN_ITEMS && code === OPEN_BRACE) {
        return at;
      } else {
        if (depth === IN_LIST && code !== COLON) isInItems = code === OPEN_BRACKET && name === ITEMS;
        depth += nesting(code);
      }
    }
    return at;
  }

  /** Behind the item, or where the chunk ends. */
  function seekEnd(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length) {
      const code = chunk[at] ?? 0;
      at += 1;
      if (isInString) {
        takeStringByte(code);
      } else if (code === QUOTE) {
        isInString = true;
      } else {
        const step = nesting(code);
        depth += step;
        if (step < 0 && depth === IN_ITEMS) return at;
      }
    }
    return at;
  }

  function takeStringByte(code: number): void {
    if (isEscaped) isEscaped = false;
    else if (code === BACKSLASH) isEscaped = true;
    else if (code === QUOTE) isInString = false;
  }

  return {
    write: (chunk) => {
      size += chunk.length;
      let at = 0;
      while (at < chunk.length) {
        const from = at;
        if (item === undefined) {
          at = seekItem(chunk, from);
          rest += decoder.write(chunk.subarray(from, at));
          if (at < chunk.length) item = '';
        } else {
          at = seekEnd(chunk, from);
          item += decoder.write(chunk.subarray(from, at));
          if (depth === IN_ITEMS) {
            const text = item;
            item = undefined;
            rest += PLACEHOLDER;
            take(text);
          }
        }
      }
    },
    end: () => {
      const left = rest + (item ?? '') + decoder.end();
      rest = '';
      item = undefined;
      return left;
    },
    bytes: () => size,
  };
}

function nesting(code: number): -1 | 0 | 1 {
  if (code === OPEN_BRACE || code === OPEN_BRACKET) return 1;
  return code === CLOSE_BRACE || code === CLOSE_BRACKET ? -1 : 0;
}
