import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createObjectStore, type ObjectStore } from '../../src/kube/object-store.ts';
import { asString, at } from '../../src/kube/read.ts';
import type { RawObject } from '../../src/kube/types.ts';

interface Recorded {
  readonly store: ObjectStore<string>;
  readonly changes: string[];
  readonly failures: string[];
}

/** A store of `name@version`, whose trimming refuses objects that say so. */
function recorded(): Recorded {
  const changes: string[] = [];
  const failures: string[] = [];
  const store = createObjectStore<string>({
    trim(raw) {
      if (at(raw, 'spec', 'broken') === true) {
        throw new Error('broken');
      }
      return at(raw, 'spec', 'hidden') === true
        ? undefined
        : `${asString(at(raw, 'metadata', 'name'))}@${asString(at(raw, 'metadata', 'resourceVersion'))}`;
    },
    onChange({ before, after }) {
      changes.push(`${before ?? '-'} → ${after ?? '-'}`);
      if (after === 'a@13') {
        throw new Error('handler');
      }
    },
    onFailure: (ref, what) => failures.push(`${what} ${ref.name}`),
  });
  return { store, changes, failures };
}

function object(name: string, version: number | string, uid = 'u1', spec: RawObject = {}): RawObject {
  return { metadata: { name, namespace: 'ns', uid, resourceVersion: String(version) }, spec };
}

function list(store: ObjectStore<string>, version: number, items: readonly RawObject[], force = false): void {
  store.replace(items.map(store.prepare), String(version), force);
}

describe('events', () => {
  test('older and equal versions change nothing', () => {
    const { store, changes } = recorded();
    store.put(object('a', 9));
    store.put(object('a', 10));
    store.put(object('a', 10));
    store.put(object('a', 9));
    expect(changes).toEqual(['- → a@9', 'a@9 → a@10']);
  });

  test('versions are compared as numbers', () => {
    const { store } = recorded();
    store.put(object('a', 99));
    store.put(object('a', 100));
    expect(store.models()).toEqual(['a@100']);
  });

  test('versions that are no numbers count as news unless they are equal', () => {
    const { store, changes } = recorded();
    store.put(object('a', 'z'));
    store.put(object('a', 'b'));
    store.put(object('a', 'b'));
    expect(changes).toEqual(['- → a@z', 'a@z → a@b']);
  });

  test('a deleted object is not brought back by what is older than its deletion', () => {
    const { store } = recorded();
    store.put(object('a', 10));
    store.remove(object('a', 12));
    store.put(object('a', 11));
    expect(store.models()).toEqual([]);
    store.put(object('a', 13, 'u2'));
    expect(store.models()).toEqual(['a@13']);
  });

  test('a deletion that comes before the change it followed keeps the object away', () => {
    const { store } = recorded();
    store.remove(object('a', 12));
    store.put(object('a', 11));
    expect(store.models()).toEqual([]);
  });

  test('a late deletion of a former object of that name changes nothing', () => {
    const { store } = recorded();
    store.put(object('a', 20, 'u2'));
    store.remove(object('a', 15, 'u1'));
    expect(store.models()).toEqual(['a@20']);
  });

  test('a recreated object whose deletion was missed replaces the former one', () => {
    const { store, changes } = recorded();
    store.put(object('a', 10, 'u1'));
    store.put(object('a', 14, 'u2'));
    expect(changes).toEqual(['- → a@10', 'a@10 → a@14']);
  });
});

describe('lists', () => {
  test('report real differences only', () => {
    const { store, changes } = recorded();
    list(store, 10, [object('a', 3), object('b', 4), object('c', 5)]);
    changes.length = 0;
    list(store, 20, [object('a', 3), object('b', 15), object('d', 16)]);
    expect(changes).toEqual(['b@4 → b@15', '- → d@16', 'c@5 → -']);
  });

  test('do not undo what is newer than they are', () => {
    const { store, changes } = recorded();
    list(store, 10, [object('a', 3), object('b', 4)]);
    store.put(object('a', 21));
    store.put(object('new', 22));
    store.remove(object('b', 23));
    changes.length = 0;
    list(store, 20, [object('a', 19), object('b', 4)]);
    expect(changes).toEqual([]);
    expect(store.models()).toEqual(['a@21', 'new@22']);
  });

  test('mend what no event should have said: a version that the object never had, a deletion that was none', () => {
    const { store } = recorded();
    list(store, 10, [object('a', 3), object('b', 4), object('c', 5)]);
    store.put(object('a', 15, 'u1', { broken: true }));
    store.remove(object('b', 16));
    store.put(object('c', 25));
    store.remove(object('d', 26));
    list(store, 20, [object('a', 3), object('b', 4), object('c', 5), object('d', 12)]);
    expect(store.models().toSorted()).toEqual(['a@3', 'b@4', 'c@25']);
    expect(store.unreadable()).toBe(0);
  });

  test('are not undone by what comes late and is older, deletions included', () => {
    const { store } = recorded();
    list(store, 20, []);
    store.remove(object('a', 5, 'u1'));
    store.put(object('a', 9, 'u2'));
    expect(store.models()).toEqual([]);
    store.put(object('a', 21, 'u3'));
    expect(store.models()).toEqual(['a@21']);
  });

  test('count whatever their version when they must (etcd restored from a backup)', () => {
    const { store } = recorded();
    list(store, 100, [object('a', 90), object('b', 95)]);
    store.remove(object('c', 99));
    list(store, 50, [object('a', 40), object('c', 45)], true);
    expect(store.models().toSorted()).toEqual(['a@40', 'c@45']);
  });

  test('a version that is held already is not trimmed again', () => {
    let trimmed = 0;
    const store = createObjectStore<string>({
      trim: () => {
        trimmed += 1;
        return 'x';
      },
      onChange: () => undefined,
      onFailure: () => undefined,
    });
    list(store, 10, [object('a', 3)]);
    list(store, 20, [object('a', 3)]);
    expect(trimmed).toBe(1);
  });
});

describe('objects that cannot be read', () => {
  test('keep their last readable version, are counted, and leave the others alone', () => {
    const { store, changes, failures } = recorded();
    list(store, 10, [object('a', 3), object('b', 4)]);
    store.put(object('a', 11, 'u1', { broken: true }));
    expect(store.models()).toEqual(['a@3', 'b@4']);
    expect(store.unreadable()).toBe(1);
    expect(failures).toEqual(['trim a']);
    store.put(object('a', 12));
    expect(store.unreadable()).toBe(0);
    expect(changes.at(-1)).toBe('a@3 → a@12');
  });

  test('of a new object under an old name nothing is kept', () => {
    const { store } = recorded();
    store.put(object('a', 3, 'u1'));
    store.put(object('a', 11, 'u2', { broken: true }));
    expect(store.models()).toEqual([]);
    expect(store.unreadable()).toBe(1);
    store.remove(object('a', 12, 'u2'));
    expect(store.unreadable()).toBe(0);
  });

  test('are looked at again by the next list', () => {
    const { store, failures } = recorded();
    list(store, 10, [object('a', 3, 'u1', { broken: true })]);
    list(store, 20, [object('a', 3, 'u1', { broken: true })]);
    expect(failures).toEqual(['trim a', 'trim a']);
    expect(store.unreadable()).toBe(1);
  });

  test('without a name are reported and left out', () => {
    const { store, failures } = recorded();
    store.put({ spec: {} });
    list(store, 10, [{ metadata: 'x' }, object('a', 3)]);
    expect(store.models()).toEqual(['a@3']);
    expect(failures).toEqual(['trim ', 'trim ']);
  });

  test('a handler that throws does not hold up the others', () => {
    const { store, failures } = recorded();
    list(store, 20, [object('a', 13), object('b', 14)]);
    expect(store.models()).toEqual(['a@13', 'b@14']);
    expect(failures).toEqual(['handler a']);
  });
});

test('an object that is filtered out is gone for readers, and comes back', () => {
  const { store, changes } = recorded();
  store.put(object('a', 1));
  store.put(object('a', 2, 'u1', { hidden: true }));
  store.put(object('a', 3));
  expect(changes).toEqual(['- → a@1', 'a@1 → -', '- → a@3']);
});

test('clear reports every object as gone', () => {
  const { store, changes } = recorded();
  list(store, 10, [object('a', 3), object('b', 4, 'u1', { broken: true })]);
  store.clear();
  expect(store.models()).toEqual([]);
  expect(store.unreadable()).toBe(0);
  expect(changes).toEqual(['- → a@3', 'a@3 → -']);
});

describe('any history of one kind, told in any order', () => {
  type Step = { readonly name: string; readonly alive: boolean };
  const history = fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), alive: fc.boolean() }), { maxLength: 30 });

  interface Told {
    readonly name: string;
    readonly version: number;
    readonly tell: (store: ObjectStore<string>) => void;
  }

  /** Events of a history, as a server would send them, and what is there at the end. */
  function play(steps: readonly Step[]): {
    events: readonly Told[];
    end: ReadonlyMap<string, RawObject>;
    version: number;
  } {
    const end = new Map<string, RawObject>();
    const events: Told[] = [];
    let version = 0;
    for (const { name, alive } of steps) {
      version += 1;
      const held = end.get(name);
      const uid = asString(at(held, 'metadata', 'uid')) || `${name}-${version}`;
      const raw = object(name, version, uid);
      if (alive) {
        end.set(name, raw);
        events.push({ name, version, tell: (store) => store.put(raw) });
      } else if (held !== undefined) {
        end.delete(name);
        events.push({ name, version, tell: (store) => store.remove(raw) });
      }
    }
    return { events, end, version };
  }

  function expected(end: ReadonlyMap<string, RawObject>): readonly string[] {
    return [...end.entries()]
      .map(([name, raw]) => `${name}@${asString(at(raw, 'metadata', 'resourceVersion'))}`)
      .toSorted();
  }

  test('shuffled and doubled events lead to the same end', () => {
    const orders = history.chain((steps) => {
      const { events } = play(steps);
      const told = fc.array(fc.nat({ max: Math.max(0, events.length - 1) }), { maxLength: 20 });
      return fc.tuple(fc.constant(steps), fc.shuffledSubarray([...events.keys()], { minLength: events.length }), told);
    });
    fc.assert(
      fc.property(orders, ([steps, order, again]) => {
        const { store } = recorded();
        const { events, end } = play(steps);
        for (const index of [...order, ...again]) {
          events[index]?.tell(store);
        }
        expect(store.models().toSorted()).toEqual(expected(end));
      }),
    );
  });

  test('a list mends whatever was lost before, and is not undone by what comes late', () => {
    const cases = history.chain((steps) => {
      const { events } = play(steps);
      return fc.tuple(fc.constant(steps), fc.subarray([...events.keys()]), fc.nat({ max: events.length }));
    });
    fc.assert(
      fc.property(cases, ([steps, heard, listAt]) => {
        const { store, changes } = recorded();
        const { events, end, version } = play(steps);
        for (const index of heard.slice(0, listAt)) {
          events[index]?.tell(store);
        }
        list(store, version, [...end.values()]);
        for (const index of heard.slice(listAt)) {
          events[index]?.tell(store);
        }
        expect(store.models().toSorted()).toEqual(expected(end));
        changes.length = 0;
        list(store, version + 1, [...end.values()]);
        expect(changes).toEqual([]);
      }),
    );
  });
});
