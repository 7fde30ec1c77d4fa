import { EVENT_ID, type Event, getScalarValue } from 'js-yaml';

/** A place inside parsed YAML: keys of mappings and indexes of sequences. */
export type Path = readonly PropertyKey[];

interface Container {
  readonly path: Path;
  /** A sequence's next index; undefined for a mapping. */
  index: number | undefined;
  /** A mapping's key whose value comes next; undefined when a key comes next. */
  key: string | undefined;
}

/**
 * Finds the line of a path in YAML text, from the parser's own events. A path that isn't in the text gives the line of
 * its nearest parent; the root gives undefined.
 */
export function lineFinder(text: string, events: readonly Event[]): (path: Path) => number | undefined {
  const { offsets } = keyOffsets(text, events);
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const offset = offsets.get(JSON.stringify(path.slice(0, length).map(String)));
      if (offset !== undefined) {
        return lineAt(text, offset);
      }
    }
    return undefined;
  };
}

/** A key in a text. */
export interface PlacedKey {
  readonly path: Path;
  readonly line: number;
}

/** The keys that stand in their mapping a second time. What stands under them is not looked at. */
export function repeatedKeys(text: string, events: readonly Event[]): readonly PlacedKey[] {
  const { repeated } = keyOffsets(text, events);
  return repeated
    .filter(({ path }) => !repeated.some((other) => isUnder(path, other.path)))
    .map(({ path, offset }) => ({ path, line: lineAt(text, offset) }));
}

function isUnder(path: Path, other: Path): boolean {
  return path.length > other.length && other.every((key, index) => key === path[index]);
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

interface KeyOffsets {
  readonly offsets: ReadonlyMap<string, number>;
  readonly repeated: readonly { readonly path: Path; readonly offset: number }[];
}

function keyOffsets(text: string, events: readonly Event[]): KeyOffsets {
  const repeated: { path: Path; offset: number }[] = [];
  const offsets = new Map<string, number>();
  const containers: (Container | undefined)[] = [];

  /** Where the next value goes; notes its offset. */
  function place(offset: number): Path {
    const container = containers.at(-1);
    if (container === undefined) {
      return [];
    }
    const path = [...container.path, String(container.index ?? container.key ?? '')];
    if (container.index !== undefined) {
      container.index++;
      offsets.set(JSON.stringify(path), offset);
    }
    container.key = undefined;
    return path;
  }

  for (const event of events) {
    const container = containers.at(-1);
    const isKey = container !== undefined && container.index === undefined && container.key === undefined;
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        containers.push(undefined);
        break;
      case EVENT_ID.POP:
        containers.pop();
        break;
      case EVENT_ID.MAPPING:
        containers.push({ path: place(event.start), index: undefined, key: undefined });
        break;
      case EVENT_ID.SEQUENCE:
        containers.push({ path: place(event.start), index: 0, key: undefined });
        break;
      case EVENT_ID.SCALAR:
      case EVENT_ID.ALIAS: {
        const offset = event.type === EVENT_ID.SCALAR ? event.valueStart : event.anchorStart;
        if (isKey) {
          container.key =
            event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : `*${text.slice(offset, event.anchorEnd)}`;
          const path = [...container.path, container.key];
          if (offsets.has(JSON.stringify(path))) repeated.push({ path, offset });
          offsets.set(JSON.stringify(path), offset);
        } else {
          place(offset);
        }
        break;
      }
    }
  }
  return { offsets, repeated };
}
